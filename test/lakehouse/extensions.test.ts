import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance, version } from "@duckdb/node-api";
import { describe, expect, it } from "vitest";
import { FailureError } from "../../framework/event/failure.ts";
import {
  duckdbPlatform,
  duckdbVersion,
  extensionFile,
  extensionNames,
} from "../../framework/lakehouse/duckdb/extensions/extension-files.ts";
import {
  ensureExtensions,
  type ExtensionOptions,
} from "../../framework/lakehouse/duckdb/extensions/install-extensions.ts";
import { packageSources } from "../../framework/lakehouse/duckdb/extensions/pip-settings.ts";
import { wheelOf } from "../../framework/lakehouse/duckdb/extensions/wheels.ts";
import {
  madeWheels,
  repositoryPath,
  serveFiles,
  unreachableEnvironment,
} from "../support/extension-servers.ts";
import { temporaryDirectory } from "../support/rig.ts";

const { bytesOf, wheelOf: madeWheelOf } = madeWheels((name) => `${name} of a wheel`);

/** A package index with the wheels, which lie on another server. */
async function serveIndex(options: { readonly damaged?: boolean } = {}) {
  const files = await serveFiles(
    Object.fromEntries(
      extensionNames.map((name) => {
        const bytes = bytesOf(name);
        if (options.damaged === true && name === "iceberg") bytes.fill(0, 40, 44);
        return [`/files/${madeWheelOf(name).fileName}`, bytes];
      }),
    ),
  );
  const pages = extensionNames.map((name) => {
    const { project, fileName, sha256 } = madeWheelOf(name);
    const link = `<a href="${files.url}/files/${fileName}#sha256=${sha256}" data-requires-python="&gt;=3.9">${fileName}</a>`;
    return [
      `/simple/${project}/`,
      `<html><a href="../other.whl">other.whl</a><br/>\n${link}</html>`,
    ] as const;
  });
  return { files, index: await serveFiles(Object.fromEntries(pages)) };
}

function fetching(environment: Readonly<Record<string, string>> = {}, more: Partial<ExtensionOptions> = {}) {
  const stateDir = temporaryDirectory();
  const whole = { ...unreachableEnvironment(stateDir), ...environment };
  const ensure = () => ensureExtensions({ stateDir, environment: whole, wheelOf: madeWheelOf, ...more });
  return { stateDir, directory: join(stateDir, "extensions"), ensure };
}

const textsIn = (directory: string) =>
  extensionNames.map((name) => readFileSync(extensionFile(directory, name), "utf8"));

async function failureOf(work: () => Promise<unknown>) {
  const error: unknown = await work().catch((reason: unknown) => reason);
  if (error instanceof FailureError) return error.failure;
  throw new Error("expected a failure", { cause: error });
}

const ofWheels = ["avro of a wheel", "httpfs of a wheel", "iceberg of a wheel"];

describe("DuckDB's extensions", () => {
  it("are those of the DuckDB that runs here", async () => {
    const connection = await (await DuckDBInstance.create()).connect();
    const [[platform]] = (await connection.runAndReadAll("PRAGMA platform")).getRows() as [[string]];
    connection.disconnectSync();
    expect([duckdbPlatform(), duckdbVersion]).toEqual([platform, version()]);
    expect(extensionNames.map((name) => wheelOf(name, platform)?.sha256.length)).toEqual([64, 64, 64]);
  });

  it("come from DuckDB's repository first, and are asked for once", async () => {
    const pack = (name: string) => gzipSync(`${name} of DuckDB`);
    const repository = await serveFiles(
      Object.fromEntries(extensionNames.map((name) => [repositoryPath(name), pack(name)])),
    );
    const { files, index } = await serveIndex();
    const { directory, ensure } = fetching({
      MORAINE_EXTENSION_REPOSITORY: repository.url,
      PIP_INDEX_URL: `${index.url}/simple`,
    });
    expect(await ensure()).toBe(directory);
    expect(textsIn(directory)).toEqual(["avro of DuckDB", "httpfs of DuckDB", "iceberg of DuckDB"]);
    await ensure();
    expect(repository.asked).toHaveLength(3);
    expect([...index.asked, ...files.asked]).toEqual([]);
  });

  it("come from the package index where the repository gives no answer; its password goes to the index alone", async () => {
    const { files, index } = await serveIndex();
    const told: string[] = [];
    const { directory, ensure } = fetching(
      { PIP_INDEX_URL: `${index.url.replace("//", "//me:geheim@")}/simple/` },
      { onProgress: ({ message }) => told.push(message) },
    );
    await ensure();
    expect(textsIn(directory)).toEqual(ofWheels);
    const credentials = `Basic ${Buffer.from("me:geheim").toString("base64")}`;
    expect(index.asked.every((line) => line.endsWith(credentials))).toBe(true);
    expect(files.asked.join()).not.toContain("Basic");
    expect(told.join()).toContain("downloading DuckDB's extensions from the package index");
    expect(told.at(-1)).toBe("DuckDB's extensions are there");
  });

  it("come from a folder with wheels, without any server", async () => {
    const wheels = temporaryDirectory();
    for (const name of extensionNames) writeFileSync(join(wheels, madeWheelOf(name).fileName), bytesOf(name));
    const { directory, ensure } = fetching({ PIP_FIND_LINKS: wheels, PIP_NO_INDEX: "1" });
    await ensure();
    expect(textsIn(directory)).toEqual(ofWheels);
  });

  it("are refused when a wheel differs from the published one", async () => {
    const { index } = await serveIndex({ damaged: true });
    const { directory, ensure } = fetching({ PIP_INDEX_URL: `${index.url}/simple` });
    expect(await failureOf(ensure)).toMatchObject({
      reason: "bad-response",
      message:
        "iceberg-1.5.5-py3-none-any.whl differs from the file that was published; nothing was installed",
      expected: `sha256 ${madeWheelOf("iceberg").sha256}`,
      retryable: false,
    });
    expect(existsSync(extensionFile(directory, "iceberg"))).toBe(false);
  });

  it("say what to do when nothing answers, where files may be put by hand, and no password", async () => {
    const { directory, ensure } = fetching({ PIP_INDEX_URL: "http://me:geheim@127.0.0.1:1/simple" });
    const failure = await failureOf(ensure);
    expect(failure).toMatchObject({
      reason: "unreachable",
      message: "DuckDB's extensions for Iceberg can't be downloaded, and are needed once",
      where: dirname(extensionFile(directory, "iceberg")),
      next: expect.stringContaining("HTTPS_PROXY") as string,
      retryable: true,
    });
    expect(JSON.stringify(failure)).not.toContain("geheim");
    for (const name of extensionNames) {
      mkdirSync(dirname(extensionFile(directory, name)), { recursive: true });
      writeFileSync(extensionFile(directory, name), "by hand");
    }
    expect(await ensure()).toBe(directory);
  });

  it("are fetched once by two that need them at once, and into a folder that projects share", async () => {
    const { index } = await serveIndex();
    const shared = join(temporaryDirectory(), "shared");
    const environment = { PIP_INDEX_URL: `${index.url}/simple`, MORAINE_EXTENSION_DIRECTORY: shared };
    const [one, other] = [fetching(environment), fetching(environment)];
    expect(await Promise.all([one.ensure(), other.ensure()])).toEqual([shared, shared]);
    expect(index.asked).toHaveLength(3);
    expect(existsSync(one.directory)).toBe(false);
  });

  it("of which a killed process left half are fetched, and what it left goes", async () => {
    const { index } = await serveIndex();
    const { directory, ensure } = fetching({ PIP_INDEX_URL: `${index.url}/simple` });
    const folder = dirname(extensionFile(directory, "iceberg"));
    mkdirSync(folder, { recursive: true });
    writeFileSync(extensionFile(directory, "avro"), "whole");
    writeFileSync(`${extensionFile(directory, "iceberg")}.4711.part`, "half");
    await ensure();
    expect(textsIn(directory)).toEqual(["whole", ...ofWheels.slice(1)]);
    expect(readdirSync(folder)).toHaveLength(3);
  });

  it("end with the signal", async () => {
    const controller = new AbortController();
    const silent = await serveFiles({ [repositoryPath("avro")]: () => controller.abort() });
    const { ensure } = fetching({ MORAINE_EXTENSION_REPOSITORY: silent.url }, { signal: controller.signal });
    expect(await failureOf(ensure)).toMatchObject({ reason: "cancelled" });
  });
});

describe("pip's settings", () => {
  it("are read without pip: variables first, the user's file before the machine's", () => {
    const home = temporaryDirectory();
    mkdirSync(join(home, ".config/pip"), { recursive: true });
    writeFileSync(
      join(home, ".config/pip/pip.conf"),
      "# ours\n[global]\nindex-url = https://mirror.example/simple\n; more\nextra-index-url =\n  https://a.example\n  https://b.example\n[list]\nindex-url = https://no.example\n[install]\nfind-links: /opt/wheels\n",
    );
    const environment = { HOME: home };
    expect(packageSources(environment)).toEqual({
      indexes: ["https://mirror.example/simple", "https://a.example", "https://b.example"],
      folders: ["/opt/wheels"],
    });
    expect(packageSources({ ...environment, PIP_INDEX_URL: "https://c.example" }).indexes[0]).toBe(
      "https://c.example",
    );
    expect(packageSources({ ...environment, UV_DEFAULT_INDEX: "https://d.example" }).indexes[0]).toBe(
      "https://d.example",
    );
    expect(packageSources({ ...environment, PIP_NO_INDEX: "true" }).indexes).toEqual([]);
    expect(packageSources({ ...environment, PIP_CONFIG_FILE: "/dev/null" })).toEqual({
      indexes: ["https://pypi.org/simple"],
      folders: [],
    });
  });
});
