import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { unzipSync } from "fflate";
import { fail } from "../../../event/failure.ts";
import type { Download } from "./download.ts";
import { duckdbPlatform, duckdbVersion, type ExtensionName } from "./extension-files.ts";
import type { PackageSources } from "./pip-settings.ts";
import type { Wheel, wheelOf } from "./wheels.ts";

/** Gives the content of an extension's file. */
export type Fetcher = (
  name: ExtensionName,
  onBytes: (done: number, total?: number) => void,
) => Promise<Uint8Array>;

/** From a repository of DuckDB's extensions. DuckDB's signature in the file is checked when it is loaded. */
export function fromRepository(repository: string, download: Download): Fetcher {
  return async (name, onBytes) => {
    const path = `${duckdbVersion}/${duckdbPlatform()}/${name}.duckdb_extension.gz`;
    return gunzipSync(await download(`${repository.replace(/\/$/, "")}/${path}`, onBytes));
  };
}

/**
 * From the wheels that PyPI and its mirrors have. No Python is needed: a wheel is a zip file.
 *
 * @throws FailureError `bad-response`, not retryable: a wheel differs from the one that was published
 */
export function fromWheels(sources: PackageSources, wheels: typeof wheelOf, download: Download): Fetcher {
  return async (name, onBytes) => {
    const wheel = wheels(name, duckdbPlatform());
    if (wheel === undefined)
      throw new Error(`no wheel of duckdb-extension-${name} was published for ${duckdbPlatform()}`);
    const file = sources.folders
      .map((folder) => join(folder, wheel.fileName))
      .find((path) => existsSync(path));
    const { bytes, where } =
      file === undefined
        ? await fromIndexes(wheel, sources.indexes, download, onBytes)
        : { bytes: new Uint8Array(readFileSync(file)), where: file };
    expectDigest(wheel, bytes, where);
    const content = unzipSync(bytes, { filter: (entry) => entry.name === wheel.entry })[wheel.entry];
    if (content === undefined)
      throw new Error(`Internal error: expected ${wheel.entry} in ${wheel.fileName}`);
    return content;
  };
}

async function fromIndexes(
  wheel: Wheel,
  indexes: readonly string[],
  download: Download,
  onBytes: Parameters<Fetcher>[1],
): Promise<{ readonly bytes: Uint8Array; readonly where: string }> {
  const problems: string[] = [];
  for (const index of indexes) {
    const page = `${index.replace(/\/$/, "")}/${wheel.project}/`;
    try {
      const where = linkTo(wheel, Buffer.from(await download(page)).toString("utf8"), page);
      if (where !== undefined) return { bytes: await download(where, onBytes), where };
      problems.push(`${new URL(page).host} has no ${wheel.fileName}`);
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(
    problems.join("; ") || `pip's settings name no index, and no folder with ${wheel.fileName}`,
  );
}

/** By the simple API's page of a project: https://packaging.python.org/en/latest/specifications/simple-repository-api/ */
function linkTo(wheel: Wheel, html: string, page: string): string | undefined {
  for (const [, href = "", text = ""] of html.matchAll(
    /<a\b[^>]*?\bhref="([^"]+)"[^>]*>\s*([^<]+?)\s*<\/a>/gi,
  )) {
    if (text !== wheel.fileName) continue;
    const url = new URL(href.replaceAll("&amp;", "&"), page);
    const own = new URL(page);
    // The password of an index is for no other server.
    if (url.origin === own.origin) [url.username, url.password] = [own.username, own.password];
    url.hash = "";
    return url.href;
  }
  return undefined;
}

function expectDigest(wheel: Wheel, bytes: Uint8Array, where: string): void {
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (digest === wheel.sha256) return;
  fail({
    reason: "bad-response",
    message: `${wheel.fileName} differs from the file that was published; nothing was installed`,
    expected: `sha256 ${wheel.sha256}`,
    got: `sha256 ${digest}`,
    where: where.replace(/\/\/[^/@]*@/, "//"),
    next: "if a proxy or mirror changes files, download from the registry itself",
    retryable: false,
  });
}
