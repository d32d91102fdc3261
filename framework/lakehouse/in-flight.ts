/** Work that is under way, so that whoever closes what it uses can wait for it. */
export class InFlight {
  readonly #works = new Set<Promise<unknown>>();

  /** Gives what the work gives. */
  async track<T>(work: Promise<T>): Promise<T> {
    this.#works.add(work);
    try {
      return await work;
    } finally {
      this.#works.delete(work);
    }
  }

  /** Resolves when what is under way has ended, well or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#works);
  }
}
