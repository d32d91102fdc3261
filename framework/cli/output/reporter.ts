import type { EventListener, RunEvent } from "../../event/event.ts";
import type { GlobalOptions } from "../options.ts";
import { print } from "./print.ts";
import { lookOf, paintOf, type Voice, wantsAscii } from "./terminal.ts";

/** Shows a run in one of three voices, all of them fed by the same events. */
export interface Reporter {
  readonly onEvent: EventListener;
  /** Takes down what is live and prints the summary; once. */
  close(): Promise<void>;
}

/** Says nothing, at the end as well. */
export const silentReporter: Reporter = { onEvent: () => {}, close: async () => {} };

/** Makes the reporter for a voice; Ink is loaded for `live` alone. */
export async function createReporter(voice: Voice, options: GlobalOptions): Promise<Reporter> {
  if (voice === "json") return { onEvent: (event) => print(JSON.stringify(event)), close: async () => {} };
  const events: RunEvent[] = [];
  const show = await showerOf(voice, options);
  let isClosed = false;
  return {
    onEvent(event) {
      // Progress says nothing about how a run ended, and there may be a lot of it.
      if (event.type !== "asset-progress" && event.type !== "resource-progress") events.push(event);
      show.onEvent(event);
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await show.close();
      if (!events.some((event) => event.type === "run-started")) return;
      const { summarizeRun } = await import("../../tui/summary.ts");
      const look = lookOf({ ...options, ...(voice === "plain" ? { plain: true } : {}) });
      print(...summarizeRun(events, { look, verbose: options.verbose === true }));
    },
  };
}

async function showerOf(voice: Exclude<Voice, "json">, options: GlobalOptions): Promise<Reporter> {
  if (voice === "off") return silentReporter;
  if (voice === "plain") {
    const { createPlainReporter } = await import("../../tui/plain-reporter.ts");
    const verbosity = options.quiet === true ? -1 : options.verbose === true ? 1 : 0;
    const plain = createPlainReporter({ write: (text) => process.stdout.write(text), verbosity });
    return { onEvent: (event) => plain.onEvent(event), close: async () => plain.close() };
  }
  const { startLiveProgress } = await import("../../tui/live-progress.ts");
  return startLiveProgress({
    stdout: process.stdout,
    stderr: process.stderr,
    ascii: wantsAscii(options),
    color: paintOf(options, process.stdout).enabled,
    motion: options.motion !== false,
    listFresh: options.verbose === true,
  });
}
