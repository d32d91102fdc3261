/** A clock that runs only while it is wanted. */
export interface Ticker {
  /** Starts or stops it; the same answer twice changes nothing. */
  want(wanted: boolean): void;
  readonly running: boolean;
}

/** Milliseconds between two ticks: 8 in a second. */
export const tickMs = 125;

/** Makes a {@link Ticker} at rest; it alone never keeps the process alive. */
export function createTicker(onTick: () => void, everyMs: number = tickMs): Ticker {
  let timer: NodeJS.Timeout | undefined;
  return {
    want(wanted) {
      if (wanted) timer ??= setInterval(onTick, everyMs).unref();
      else {
        clearInterval(timer);
        timer = undefined;
      }
    },
    get running() {
      return timer !== undefined;
    },
  };
}
