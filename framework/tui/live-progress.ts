import type { RunEvent } from "../event/event.ts";
import { createLook } from "./look.ts";

/** What {@link startLiveProgress} takes. */
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

/**
 * Shows a run on a terminal: finished assets are printed once and stay in the scrollback, below them a live part is
 * redrawn. Never uses the alternate screen, reads no key. Loads Ink, which takes about 0.2 s, so call it once it is
 * decided that the run is shown live.
 */
export async function startLiveProgress(options: LiveProgressOptions): Promise<LiveProgress> {
  const { loadWithoutCi } = await import("./ink/load-without-ci.ts");
  const { mountProgress } = await loadWithoutCi(() => import("./ink/progress-view.tsx"));
  return mountProgress({ ...options, look: createLook(options) });
}
