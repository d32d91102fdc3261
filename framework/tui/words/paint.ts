import type { SignName } from "./signs.ts";

/** Wraps text in the 16 ANSI colours, or leaves it alone. Colour only repeats what sign and word say. */
export interface Paint {
  readonly enabled: boolean;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly green: (text: string) => string;
  readonly cyan: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  /** Reverse video: the selection. */
  readonly reverse: (text: string) => string;
  /** The colour that belongs to a sign. */
  readonly as: (name: SignName, text: string) => string;
}

const plain = (text: string) => text;

/** Makes a {@link Paint}; with `enabled` false every method returns its argument. */
export function createPaint(enabled: boolean): Paint {
  const wrap = (on: string, off: string) => (text: string) =>
    enabled && text !== "" ? `\u001B[${on}m${text}\u001B[${off}m` : text;
  const [red, yellow, green, cyan] = [wrap("31", "39"), wrap("33", "39"), wrap("32", "39"), wrap("36", "39")];
  const [bold, dim, reverse] = [wrap("1", "22"), wrap("2", "22"), wrap("7", "27")];
  const byName: Readonly<Record<SignName, (text: string) => string>> = {
    fresh: plain,
    stale: yellow,
    missing: yellow,
    queued: dim,
    running: cyan,
    retrying: yellow,
    materialized: green,
    failed: (text) => bold(red(text)),
    skipped: dim,
    cancelled: yellow,
    warned: yellow,
    overdue: yellow,
  };
  return {
    enabled,
    red,
    yellow,
    green,
    cyan,
    bold,
    dim,
    reverse,
    as: (name, text) => byName[name](text),
  };
}

/** `--color`; `auto` asks environment and terminal. */
export type ColorOption = "auto" | "always" | "never";

/** Whether to colour: the option first, then `NO_COLOR`, `FORCE_COLOR`, then whether the stream is a capable terminal. */
export function wantsColor(options: {
  readonly option?: ColorOption;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTTY: boolean;
}): boolean {
  if (options.option === "always") return true;
  if (options.option === "never") return false;
  if ((options.env["NO_COLOR"] ?? "") !== "") return false;
  const force = options.env["FORCE_COLOR"];
  if (force !== undefined) return force !== "0" && force !== "false";
  return options.isTTY && options.env["TERM"] !== "dumb";
}
