// Of the declarations that tsc wrote, keeps those that the public ones name: run as a program, deletes the others.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const types = fileURLToPath(new URL("../dist/types/", import.meta.url));

/** The declarations that are reached from the public API, and the packages that these import types of. */
export function publicTypes() {
  const files = new Set();
  const packages = new Set();
  const visit = (file) => {
    if (files.has(file)) return;
    files.add(file);
    for (const [, name] of readFileSync(file, "utf8").matchAll(/\b(?:from |import\()"([^"]+)"/g)) {
      if (name.startsWith(".")) visit(resolve(dirname(file), name.replace(/\.tsx?$/, ".d.ts")));
      else if (!name.startsWith("node:")) packages.add(/^(?:@[^/]+\/)?[^/]+/.exec(name)[0]);
    }
  };
  visit(join(types, "framework/index.d.ts"));
  return { files, packages };
}

if (process.argv[1] === fileURLToPath(import.meta.url) && existsSync(types)) {
  const { files } = publicTypes();
  for (const entry of readdirSync(types, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && !files.has(file)) rmSync(file);
  }
}
