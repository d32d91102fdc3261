/** Evaluations that fail come less and less often, up to this long. */
const maxBackoffMs = 3_600_000;

/** When the conditions of the assets are evaluated next. By a clock that no one sets, `performance.now()`. */
export class AutomationTurns {
  #everyMs: number;
  #failures = 0;
  #dueMs = Number.NEGATIVE_INFINITY;

  /** @param everyMs infinite: never */
  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** Takes another interval over, with definitions that were read anew. */
  set(everyMs: number): void {
    if (everyMs === this.#everyMs) return;
    this.#everyMs = everyMs;
    this.#dueMs = Number.NEGATIVE_INFINITY;
  }

  isDue(nowMs: number): boolean {
    return Number.isFinite(this.#everyMs) && nowMs >= this.#dueMs;
  }

  begin(nowMs: number): void {
    this.#dueMs =
      nowMs +
      Math.min(this.#everyMs * 2 ** Math.min(this.#failures, 12), Math.max(maxBackoffMs, this.#everyMs));
  }

  /** Says how the last one ended. */
  end(nowMs: number, isGood: boolean): void {
    this.#failures = isGood ? 0 : this.#failures + 1;
    if (!isGood) this.begin(nowMs);
  }

  /** How long until the next one; infinite when there is none. */
  waitMs(nowMs: number): number {
    return Number.isFinite(this.#everyMs) ? Math.max(0, this.#dueMs - nowMs) : Number.POSITIVE_INFINITY;
  }
}
