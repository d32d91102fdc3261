import { mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** The project's lock file. */
export const projectLock = fileURLToPath(new URL("../../dbt/requirements.txt", import.meta.url));

/** A folder that is gone when the test is. */
export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "moraine-python-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
  return dir;
}

/** One package's entry of the project's lock file, with its hashes. */
export function lockedEntry(name: string): string {
  const [entry] =
    new RegExp(`^${name}==[^\\\\\\n]*(?:\\\\\\n[^\\\\\\n]*)*`, "m").exec(readFileSync(projectLock, "utf8")) ??
    [];
  if (entry === undefined) throw new Error(`expected ${name} in ${projectLock}`);
  return entry;
}

/** A lock file with uv and one tiny package, so that an environment is made in a few seconds. */
export function writeSmallLock(dir: string, change: (text: string) => string = (text) => text): string {
  const file = join(dir, "requirements.txt");
  writeFileSync(file, `${lockedEntry("uv")}\n${change(lockedEntry("six"))}\n`);
  return file;
}

/** A program that stands in for a Python which this machine does not have. */
export function writeProgram(dir: string, name: string, script: string): string {
  const file = join(dir, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}
