import { setTimeout as delay } from "node:timers/promises";

/** The time source handed to everything that waits or stamps, so that tests can pass a fake. */
export interface Clock {
  /** The present instant; UTC when printed. */
  now(): Date;
  /** Resolves after `ms`, or rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  },
};
