/** How long something may still take when the process is to end. */
const graceMs = 5_000;

/** Work of which one piece at a time is under way, and which comes to its end before the process does. */
export class UnderWay {
  readonly #stopping = new AbortController();
  #current: Promise<unknown> = Promise.resolve();

  /** Aborted when what is under way has no time left. */
  get signal(): AbortSignal {
    return this.#stopping.signal;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = work();
    this.#current = result.catch(() => {});
    return result;
  }

  /** Waits for what is under way, for a while. */
  async end(): Promise<void> {
    const timer = setTimeout(() => this.#stopping.abort(), graceMs);
    await this.#current;
    clearTimeout(timer);
  }
}
