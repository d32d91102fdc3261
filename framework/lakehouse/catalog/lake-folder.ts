import { existsSync, statSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { fail } from "../../event/failure.ts";
import { localPath } from "./location.ts";
import type { Pointers } from "./pointers.ts";

/**
 * The path by which a lake's own files name its folder. Iceberg files name each other by absolute path, so in a copy they
 * name the original's files, and writing to the copy would damage the original.
 *
 * @param folder where the lake was found, absolute
 * @returns `folder`, or the path under which the lake was made when both are one folder (a link, a second mount)
 * @throws FailureError `lake-moved` when the lake was made in another folder
 */
export function ownFolder(pointers: Pointers, folder: string): string {
  const made = pointers.folder(() => olderLakeFolder(pointers, folder));
  if (made === folder || isSameFolder(made, folder)) return made;
  const isCopy = existsSync(made);
  return fail({
    reason: "lake-moved",
    message: `the lake ${isCopy ? "is a copy" : "was moved"}: its files name each other by absolute path`,
    expected: made,
    got: folder,
    where: folder,
    next: isCopy
      ? `use the original; to begin with an empty lake here, move ${folder} away: the next run loads everything again`
      : `move it back, or leave a link where it was: mkdir -p '${dirname(made)}' && ln -s '${folder}' '${made}'`,
    retryable: false,
  });
}

/** The folder of a lake that was made before lakes recorded it, by where its tables' metadata files are. */
function olderLakeFolder(pointers: Pointers, folder: string): string {
  const outside = pointers
    .metadataFiles()
    .map(localPath)
    .find((file) => !file.startsWith(folder + sep));
  // <lake>/<namespace>/<table>/metadata/<file>
  return outside === undefined ? folder : join(outside, "../../../..");
}

function isSameFolder(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}
