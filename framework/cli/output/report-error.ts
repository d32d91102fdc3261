import { DefinitionError } from "../../definition/problem.ts";
import { FailureError } from "../../event/failure.ts";
import { StoreError } from "../../store/store-error.ts";
import { definitionErrorBlock, failureBlock } from "../../tui/words/failure.ts";
import { exitCode, exitCodeOf } from "../exit-code.ts";
import type { GlobalOptions } from "../options.ts";
import { UsageError } from "../usage-error.ts";
import { say as sayLines } from "./print.ts";
import { paintOf } from "./terminal.ts";

/** What the file system refused: a matter of the machine, not our bug. */
function isFileError(error: unknown): error is NodeJS.ErrnoException & { readonly path: string } {
  return (
    error instanceof Error &&
    "syscall" in error &&
    "path" in error &&
    "code" in error &&
    /^E(ACCES|BUSY|DQUOT|EXIST|IO|ISDIR|MFILE|NFILE|NOSPC|NOTDIR|PERM|ROFS)$/.test(String(error.code))
  );
}

/** Prints what ended a verb, and gives the exit code for it. @param redact hides secrets in each line */
export function reportError(
  error: unknown,
  options: GlobalOptions,
  redact: (text: string) => string = (text) => text,
): number {
  const say = (...lines: readonly string[]) => sayLines(...lines.map(redact));
  const paint = paintOf(options, process.stderr);
  const tag = (name: string) => paint.as("failed", `error[${name}]`);
  const next = (text: string | undefined) => (text === undefined ? [] : [`  next      ${text}`]);
  if (error instanceof DefinitionError) {
    say(...definitionErrorBlock(error.problems, paint));
    return exitCode.wrongUsage;
  }
  if (error instanceof UsageError) {
    say(`${tag("usage")}: ${error.message}`, ...next(error.next));
    return exitCode.wrongUsage;
  }
  if (error instanceof StoreError) {
    say(`${tag("store")}: ${error.message}`, `  where     ${error.path}`, ...next(error.next));
    return exitCode.storeUnusable;
  }
  if (error instanceof FailureError) {
    say(...failureBlock(error.failure, { verbose: options.verbose === true, paint }));
    return exitCodeOf(error.failure.reason);
  }
  if (isFileError(error)) {
    say(
      `${tag("files")}: a file or folder can't be used`,
      `  got       ${error.message}`,
      `  where     ${error.path}`,
      ...next("see that it is what it should be and that this user can write to it, then run the same again"),
    );
    return exitCode.workFailed;
  }
  say(
    `${tag("internal")}: ${error instanceof Error ? error.message : String(error)}`,
    ...next("this is a bug in moraine; run again with -v and report what it prints"),
  );
  if (options.verbose === true && error instanceof Error) say(error.stack ?? "");
  return exitCode.ourBug;
}
