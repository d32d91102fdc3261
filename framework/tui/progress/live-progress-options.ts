import type { RunEvent } from "../../event/event.ts";

/** What `startLiveProgress` takes. */
export interface LiveProgressOptions {
  /** A terminal. */
  readonly stdout: NodeJS.WriteStream;
  /** @default process.stderr */
  readonly stderr?: NodeJS.WriteStream;
  readonly ascii: boolean;
  readonly color: boolean;
  readonly motion: boolean;
  /** Fresh assets get a line as well (`-v`). @default false */
  readonly listFresh?: boolean;
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

/** A run shown live; events may come before the run starts. */
export interface LiveProgress {
  onEvent(event: RunEvent): void;
  /** Takes the live part off the screen; what was printed stays. Idempotent. */
  close(): Promise<void>;
}
