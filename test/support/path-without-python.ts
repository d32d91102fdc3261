import { readdirSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { temporaryDirectory } from "./rig.ts";

/** A PATH on which nothing is called python. */
export function pathWithoutPython(): string {
  const directory = temporaryDirectory();
  for (const name of ["sh", "ps"]) {
    const found = (process.env["PATH"] ?? "").split(delimiter).find((path) => list(path).includes(name));
    if (found !== undefined) symlinkSync(join(found, name), join(directory, name));
  }
  return directory;
}

function list(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
