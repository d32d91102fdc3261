import { createLook } from "./look.ts";
import type { LiveProgress, LiveProgressOptions } from "./progress/live-progress-options.ts";

export type { LiveProgress, LiveProgressOptions } from "./progress/live-progress-options.ts";

/**
 * Shows a run on a terminal: finished assets are printed once and stay in the scrollback, below them a live part is
 * redrawn. Never uses the alternate screen, reads no key. Loads Ink, which takes about 0.2 s, so call it once it is
 * decided that the run is shown live.
 */
export async function startLiveProgress(options: LiveProgressOptions): Promise<LiveProgress> {
  const { mountProgress } = await import("./ink/progress-view.tsx");
  return mountProgress({ ...options, look: createLook(options) });
}
