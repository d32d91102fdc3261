import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** This checkout. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** What measurements keep: the peer's Python, our bundled engine. */
export const cacheDir = join(root, ".moraine/bench");

/** The built command line. */
export const moraine = join(root, "dist/moraine.js");

/** Runs `work` in a new folder and removes it. */
export async function inTemporaryFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), "moraine-bench-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
