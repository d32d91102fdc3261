import { open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type * as z from "zod";

/** Writes a small JSON file so that after a crash it is there whole or not at all. */
export async function writeJsonDurably(path: string, value: unknown): Promise<void> {
  const temporary = `${path}.part`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(`${JSON.stringify(value, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** Reads what {@link writeJsonDurably} wrote; undefined when it is not there or of another shape. */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // Not ours, or cut short by a full disk: the package counts as unfinished.
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
