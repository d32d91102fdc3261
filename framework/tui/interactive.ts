import type { InteractiveOptions } from "./ui/interactive-options.ts";

export type { InteractiveOptions, StartedVerb } from "./ui/interactive-options.ts";

/**
 * Runs `moraine ui` until it is left: alternate screen, keys, live data. The terminal is as before on every way out,
 * also when it throws. Loads Ink. Both streams must be terminals.
 *
 * @returns the exit code: 0, or 128 + the number of the signal that ended it
 */
export async function runInteractive(options: InteractiveOptions): Promise<number> {
  const { UiSession } = await import("./ink/ui-session.tsx");
  return new UiSession(options).run();
}
