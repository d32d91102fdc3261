import { FailureError } from "../event/failure.ts";
import type { PythonCommand } from "./find-python.ts";

/** `python -m venv` failed: mostly Debian's Python, which comes without it. */
export function venvFailure(python: PythonCommand, output: string): FailureError {
  const lacksVenv = /ensurepip is (?:not available|disabled)|No module named ['"]?(?:venv|ensurepip)/.test(
    output,
  );
  const [major, minor] = python.version.split(".");
  return new FailureError({
    reason: "python-unavailable",
    message: lacksVenv
      ? `${python.command} ${python.version} lacks the venv module`
      : "the Python environment can't be made",
    got: lastLine(output),
    next: lacksVenv
      ? `install it (Debian, Ubuntu: apt install python${major}.${minor}-venv), or name another Python with MORAINE_PYTHON`
      : "free the disk or the permissions that the message names, then run the same command again",
    retryable: false,
    detail: output,
  });
}

/** pip or uv failed. */
export function installFailure(output: string, lockFiles: readonly string[]): FailureError {
  const { message, next, retryable } = explain(output);
  return new FailureError({
    reason: "python-unavailable",
    message,
    got: lastLine(output),
    where: lockFiles.join(", "),
    next,
    retryable,
    detail: output,
  });
}

function explain(output: string): {
  readonly message: string;
  readonly next: string;
  readonly retryable: boolean;
} {
  if (/hash mismatch|DO NOT MATCH THE HASHES/i.test(output)) {
    return {
      message: "a Python package differs from the one that was locked; nothing was installed",
      next: "if a proxy or mirror changes packages, install from the registry itself; never drop the hashes",
      retryable: false,
    };
  }
  if (/--require-hashes|must have a hash|all requirements must have their versions pinned/i.test(output)) {
    return {
      message: "the lock file of the Python environment has entries without version and hash",
      next: "compile it again: uv pip compile --generate-hashes --universal",
      retryable: false,
    };
  }
  if (/No space left on device|os error 28\b/.test(output)) {
    return {
      message: "the disk is full",
      next: "free about 500 MB, then run the same command again",
      retryable: false,
    };
  }
  if (
    /NewConnectionError|ConnectTimeout|ReadTimeout|Connection (refused|reset)|name resolution|ProxyError|Network is unreachable|error sending request|dns error|Failed to fetch|client error|timed out|No matching distribution found for uv/i.test(
      output,
    )
  ) {
    return {
      message: "the package registry can't be reached, and dbt must be installed once",
      next: "connect to the internet (behind a proxy set HTTPS_PROXY, for a mirror PIP_INDEX_URL), then run the same command again",
      retryable: true,
    };
  }
  return {
    message: "the Python packages can't be installed",
    next: "see the message above (-v shows all of it); another Python may help: MORAINE_PYTHON=/path/to/python3",
    retryable: false,
  };
}

function lastLine(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  return (
    lines.findLast((line) => /error|mismatch|not available/i.test(line)) ??
    lines.findLast((line) => line !== "") ??
    ""
  ).slice(0, 400);
}
