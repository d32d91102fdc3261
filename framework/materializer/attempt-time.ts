/** How long an attempt may take. What it waits for that is not its own work does not count. */
export class AttemptTime {
  readonly #over = new AbortController();
  readonly #now: () => number;
  #leftMs: number;
  #timer: NodeJS.Timeout | undefined;
  /** When the time last began to run, or to stand still. */
  #since = 0;
  #waits = 0;

  /**
   * Begins at once.
   *
   * @param timeoutMs undefined: it may take for ever
   * @param now milliseconds
   */
  constructor(timeoutMs: number | undefined, now: () => number = () => performance.now()) {
    this.#leftMs = timeoutMs ?? Number.POSITIVE_INFINITY;
    this.#now = now;
    this.#run();
  }

  /** Aborted when the time is over. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Runs what does not count, and says in `onWaited` how long the time stood still for it. */
  async standingStill<T>(work: () => Promise<T>, onWaited: (ms: number) => void): Promise<T> {
    if (this.#waits === 0) this.#stop();
    this.#waits += 1;
    try {
      return await work();
    } finally {
      this.#waits -= 1;
      if (this.#waits === 0) {
        onWaited(this.#now() - this.#since);
        this.#run();
      }
    }
  }

  /** Ends it: the signal stays as it is. */
  end(): void {
    clearTimeout(this.#timer);
  }

  #run(): void {
    this.#since = this.#now();
    if (this.#leftMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#over.abort(), this.#leftMs).unref();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    const now = this.#now();
    this.#leftMs = Math.max(0, this.#leftMs - (now - this.#since));
    this.#since = now;
  }
}
