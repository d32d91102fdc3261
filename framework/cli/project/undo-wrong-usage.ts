import { exitCode } from "../exit-code.ts";

/** Undoes something at the end of the process if the command line or the project turns out to be wrong; the newest first. */
export function undoAfterWrongUsage(undo: () => void): void {
  process.prependOnceListener("exit", (code) => {
    if (code === exitCode.wrongUsage) undo();
  });
}
