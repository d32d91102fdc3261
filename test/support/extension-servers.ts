import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import {
  duckdbPlatform,
  duckdbVersion,
  type ExtensionName,
  extensionFile,
  extensionNames,
} from "../../framework/lakehouse/duckdb/extensions/extension-files.ts";
import type { Wheel } from "../../framework/lakehouse/duckdb/extensions/wheels.ts";
import { testExtensions } from "./extensions.ts";
import { listenOn } from "./proxies.ts";

/** A server on loopback, and what it was asked for, oldest first. */
export interface Served {
  readonly url: string;
  readonly asked: readonly string[];
}

/** Serves these files by path until the test ends; a function answers itself. */
export async function serveFiles(
  files: Readonly<Record<string, Uint8Array | string | ((answer: ServerResponse) => void)>>,
): Promise<Served> {
  const asked: string[] = [];
  const port = await listenOn(
    createServer((message, answer) => {
      const { pathname } = new URL(message.url ?? "", "http://127.0.0.1");
      asked.push(`${pathname} ${message.headers.authorization ?? ""}`.trim());
      const content = files[pathname];
      if (content === undefined) answer.writeHead(404).end();
      else if (typeof content === "function") content(answer);
      else answer.writeHead(200, { "content-length": Buffer.byteLength(content) }).end(content);
    }),
  );
  return { url: `http://127.0.0.1:${port}`, asked };
}

/** The path of an extension in DuckDB's repository. */
export const repositoryPath = (name: ExtensionName) =>
  `/${duckdbVersion}/${duckdbPlatform()}/${name}.duckdb_extension.gz`;

/** DuckDB's repository with the extensions of this checkout. */
export async function repositoryFiles(): Promise<Record<string, Uint8Array>> {
  const directory = await testExtensions();
  return Object.fromEntries(
    extensionNames.map((name) => {
      const content = readFileSync(extensionFile(directory, name));
      return [repositoryPath(name), gzipSync(content, { level: 1 })];
    }),
  );
}

/** Wheels whose extensions hold these texts, under their own digests. */
export function madeWheels(textOf: (name: ExtensionName) => string) {
  const bytesOf = (name: ExtensionName) =>
    zipSync({
      [`${name}/__init__.py`]: new Uint8Array(),
      [`${name}/${name}.duckdb_extension`]: Buffer.from(textOf(name)),
    });
  const wheelOf = (name: ExtensionName): Wheel => ({
    project: `duckdb-extension-${name}`,
    fileName: `${name}-1.5.5-py3-none-any.whl`,
    sha256: createHash("sha256").update(bytesOf(name)).digest("hex"),
    entry: `${name}/${name}.duckdb_extension`,
  });
  return { bytesOf, wheelOf };
}

/** An environment in which neither DuckDB's repository nor a package index answers, with a home of its own. */
export function unreachableEnvironment(home: string): Record<string, string> {
  return {
    HOME: home,
    MORAINE_EXTENSION_REPOSITORY: "http://127.0.0.1:1",
    PIP_CONFIG_FILE: "/dev/null",
    PIP_INDEX_URL: "http://127.0.0.1:1/simple",
    PIP_FIND_LINKS: "",
    XDG_CONFIG_HOME: home,
  };
}
