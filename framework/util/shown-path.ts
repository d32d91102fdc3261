import { relative } from "node:path";

/** A path as messages show it: relative to the working directory when it is below it, else as it is. */
export function shownPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith("..") ? path : fromHere;
}
