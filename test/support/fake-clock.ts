import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../framework/util/clock.ts";

/** A clock that stands still until it is set; who sleeps moves it, and waits for no more than the others' turn. */
export class FakeClock implements Clock {
  #ms: number;

  constructor(start = "2026-03-01T06:00:00.000Z") {
    this.#ms = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#ms);
  }

  /** Sets it forward, or back by less than nothing. */
  jump(ms: number): void {
    this.#ms += ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await setImmediate();
    signal?.throwIfAborted();
    this.#ms += ms;
  }
}
