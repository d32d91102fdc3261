import { writeSync } from "node:fs";

/** The terminal's second screen, which leaves the first one as it was. */
export interface AlternateScreen {
  enter(): void;
  /** Back to the first screen with a visible cursor and no colour. Idempotent. */
  restore(): void;
}

/** What a terminal may be left in by a frame that was cut off is ended first: synchronized output, colours. */
const leaving = "\u001B[?2026l\u001B[0m\u001B[?25h\u001B[?1049l";
const entering = "\u001B[?1049h\u001B[2J\u001B[H";

/** Makes an {@link AlternateScreen}; writes synchronously, because the process may be about to end. */
export function createAlternateScreen(stdout: { readonly fd: number }): AlternateScreen {
  let isEntered = false;
  return {
    enter() {
      if (isEntered) return;
      isEntered = true;
      writeAll(stdout.fd, entering);
    },
    restore() {
      if (!isEntered) return;
      isEntered = false;
      writeAll(stdout.fd, leaving);
    },
  };
}

/** A terminal that is slow to read answers EAGAIN; one that is gone (hang-up) needs nothing any more. */
function writeAll(fd: number, text: string): void {
  for (let tries = 0; tries < 1000; tries++) {
    try {
      writeSync(fd, text);
      return;
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code !== "EAGAIN") return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}
