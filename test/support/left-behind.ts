import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The texts of all files below a folder by their paths, byte for byte; without those whose name `isForeign` knows. */
export function textsBelow(
  directory: string,
  isForeign: (name: string) => boolean = () => false,
): readonly (readonly [path: string, text: string])[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (isForeign(entry.name) || entry.isSymbolicLink()) return [];
    return entry.isDirectory()
      ? textsBelow(path, isForeign)
      : [[path, readFileSync(path, "latin1")] as const];
  });
}

/** The command lines of every process of this machine, as `ps` shows them. */
export function commandLines(): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8");
      } catch {
        // It has ended meanwhile.
        return "";
      }
    });
}

/**
 * Which of the values stand where, in any form that a reader would recognise, with what stands around them:
 * `password in .moraine/moraine.db: ...`.
 */
export function found(
  values: Readonly<Record<string, string>>,
  texts: readonly (readonly [where: string, text: string])[],
): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const forms = [
      value,
      encodeURIComponent(value),
      JSON.stringify(value).slice(1, -1),
      Buffer.from(value).toString("base64"),
      // Cut off in the middle.
      value.slice(0, Math.ceil(value.length / 2)),
    ];
    return texts.flatMap(([where, text]) => {
      const at = Math.max(...forms.map((form) => text.indexOf(form)));
      return at < 0 ? [] : [`${name} in ${where}: ${text.slice(Math.max(0, at - 100), at + 100)}`];
    });
  });
}
