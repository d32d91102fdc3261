import { createInterface } from "node:readline/promises";
import type { GlobalOptions } from "../options.ts";
import { UsageError } from "../usage-error.ts";

/**
 * Asks before something that is hard to undo; no is the default. `-y` answers yes.
 *
 * @param what what will be done, for the error of one who can't be asked
 * @throws UsageError when nobody can be asked: no terminal, or `--no-input`
 */
export async function confirm(
  question: string,
  what: string,
  options: GlobalOptions,
  signal: AbortSignal,
): Promise<boolean> {
  if (options.yes === true) return true;
  const isTerminal = process.stdin.isTTY && process.stderr.isTTY;
  if (!isTerminal || options.input === false || options.json === true)
    throw new UsageError(what, "add --yes");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
