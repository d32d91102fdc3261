import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fail } from "../event/failure.ts";
import { hashJson } from "../util/hash.ts";
import type { Observation, ObserveContext } from "./observation.ts";

/**
 * Observes files by their names and content; times and modes of files do not matter. A file that changes while it is
 * read gives the version of neither state, and the next look another one.
 *
 * @param patterns paths or globs, relative to the project's folder
 */
export function observeFiles(
  patterns: readonly string[],
): (context: Pick<ObserveContext, "key" | "projectDir" | "signal">) => Promise<Observation> {
  return async ({ key, projectDir, signal }) => {
    const { glob } = await import("tinyglobby");
    const paths = (
      await glob([...patterns], { cwd: projectDir, dot: true, expandDirectories: false })
    ).sort();
    if (paths.length === 0) {
      fail({
        reason: "asset-error",
        message: `no file is there for ${key}`,
        retryable: false,
        expected: `${patterns.join(" or ")}, under ${projectDir}`,
      });
    }
    const files: Record<string, string> = {};
    let bytes = 0;
    for (const path of paths) {
      const file = join(projectDir, path);
      files[path] = await contentHash(file, signal);
      bytes += (await stat(file)).size;
    }
    return {
      dataVersion: hashJson(files),
      metadata: { files: { type: "number", value: paths.length }, size: { type: "bytes", value: bytes } },
    };
  };
}

async function contentHash(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash, { signal });
  return hash.digest("hex");
}
