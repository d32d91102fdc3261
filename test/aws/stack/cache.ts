import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { withFileLock } from "../../../framework/util/file-lock.ts";
import { sha256 } from "../../../framework/util/hash.ts";

/** Where what the stack needs is kept between runs: `MORAINE_TEST_CACHE`, or a folder of the user's cache. */
export function cacheDirectory(): string {
  const named = process.env["MORAINE_TEST_CACHE"];
  return resolve(
    named === undefined || named === "" ? join(homedir(), ".cache", "moraine", "aws-stack") : named,
  );
}

const markerFile = ".complete";

/** What {@link installOnce} takes. */
export interface Installation {
  /** Also the name of its folder, e.g. `moto`. */
  readonly name: string;
  /** Text that decides what is installed, e.g. a lock file; another text is another folder. */
  readonly recipe: string;
  /** Fills the folder, which lies at its final path: Python environments cannot be moved. */
  readonly install: (directory: string) => Promise<void>;
}

/**
 * The folder of something that is installed once: by whichever process asks first, while others wait. A killed
 * installation leaves no marker, and is made anew.
 */
export async function installOnce({ name, recipe, install }: Installation): Promise<string> {
  const directory = join(cacheDirectory(), `${name}-${sha256(recipe).slice(0, 12)}`);
  const isComplete = () => existsSync(join(directory, markerFile));
  if (isComplete()) return directory;
  return withFileLock(`${directory}.lock`, {}, async () => {
    if (isComplete()) return directory;
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    tell(`installing ${name} into ${directory}`);
    const startedAt = performance.now();
    await install(directory);
    writeFileSync(join(directory, `${markerFile}.new`), "");
    renameSync(join(directory, `${markerFile}.new`), join(directory, markerFile));
    tell(`installed ${name} in ${Math.round((performance.now() - startedAt) / 1000)} s`);
    return directory;
  });
}

/** Tells the person who runs the tests what takes so long. */
export function tell(message: string): void {
  process.stderr.write(`aws stack: ${message}\n`);
}
