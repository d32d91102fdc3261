import { createLook, type Look } from "../../tui/look.ts";
import { type Paint, createPaint, wantsColor } from "../../tui/words/paint.ts";
import { localeNeedsAscii } from "../../tui/words/signs.ts";
import type { GlobalOptions } from "../options.ts";

/** How a run is shown. */
export type Voice = "live" | "plain" | "json" | "off";

/** Whether signs must be ASCII: asked for, or the locale is not UTF-8. */
export function wantsAscii(options: GlobalOptions): boolean {
  return options.ascii ?? localeNeedsAscii(process.env);
}

/** Colours and signs for what goes to stdout. */
export function lookOf(options: GlobalOptions): Look {
  return createLook({
    ascii: wantsAscii(options),
    color: paintOf(options, process.stdout).enabled,
    motion: options.motion !== false,
  });
}

/** Colours for one stream. */
export function paintOf(options: GlobalOptions, stream: NodeJS.WriteStream): Paint {
  if (options.plain === true && options.color === undefined) return createPaint(false);
  const option = options.color;
  return createPaint(
    wantsColor({ ...(option === undefined ? {} : { option }), env: process.env, isTTY: stream.isTTY }),
  );
}

/** Width for tables: the terminal's (80 when it tells none), or unlimited when piped. */
export function tableWidth(): number {
  return process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;
}

/** Picks the voice before anything heavy is loaded. `asked` is `--progress`. */
export function voiceOf(options: GlobalOptions, asked?: "live" | "plain" | "off"): Voice {
  if (options.json === true) return "json";
  if (asked !== undefined) return asked;
  const isDumb =
    process.env["TERM"] === "dumb" || process.env["CI"] !== undefined || options.accessible === true;
  return options.plain === true || isDumb || !process.stdout.isTTY || !process.stderr.isTTY
    ? "plain"
    : "live";
}
