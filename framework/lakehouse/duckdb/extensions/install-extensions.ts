import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fail, FailureError } from "../../../event/failure.ts";
import { withFileLock } from "../../../util/file-lock.ts";
import { downloader } from "./download.ts";
import {
  type ExtensionName,
  duckdbPlatform,
  duckdbVersion,
  extensionFile,
  extensionNames,
  findExtensions,
  ownExtensionDirectory,
} from "./extension-files.ts";
import { type Fetcher, fromRepository, fromWheels } from "./fetch-extension.ts";
import { packageSources } from "./pip-settings.ts";
import { wheelOf } from "./wheels.ts";

const duckdbRepository = "https://extensions.duckdb.org";
const megabyte = 1_000_000;

/** What {@link ensureExtensions} takes. */
export interface ExtensionOptions {
  /** `.moraine`, absolute. */
  readonly stateDir: string;
  /** @default that of the process */
  readonly environment?: NodeJS.ProcessEnv;
  readonly onProgress?: (progress: { readonly message: string; readonly finished?: boolean }) => void;
  readonly signal?: AbortSignal;
  /** @default the wheels that PyPI has */
  readonly wheelOf?: typeof wheelOf;
}

/**
 * Finds DuckDB's extensions for Iceberg, or fetches them: from DuckDB's repository, or where that gives no answer from the wheels on
 * the package index. Of two processes that need them at once one fetches and the other waits. A kill leaves whole files or none.
 *
 * @returns DuckDB's `extension_directory`
 * @throws FailureError `unreachable`: neither gives an answer; `bad-response`: a wheel differs from the published one; `disk-full`;
 * `cancelled`
 */
export async function ensureExtensions(options: ExtensionOptions): Promise<string> {
  const { stateDir, environment = process.env, signal, onProgress } = options;
  const present = findExtensions(stateDir, environment);
  if (present !== undefined) return present;
  const directory = ownExtensionDirectory(stateDir, environment);
  const onWait = (pid: number) =>
    onProgress?.({ message: `process ${pid} is fetching DuckDB's extensions, waiting for it` });
  try {
    return await withFileLock(`${directory}.lock`, { signal, onWait }, async () => {
      await fetchMissing(directory, { ...options, environment });
      onProgress?.({ message: "DuckDB's extensions are there", finished: true });
      return directory;
    });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    const message = "fetching DuckDB's extensions was cancelled";
    return fail({ reason: "cancelled", message, retryable: false }, error);
  }
}

async function fetchMissing(
  directory: string,
  { environment = process.env, signal, onProgress, ...options }: ExtensionOptions,
): Promise<void> {
  removeLeftovers(directory);
  const missing = extensionNames.filter((name) => !existsSync(extensionFile(directory, name)));
  if (missing.length === 0) return;
  const download = downloader(environment, signal);
  const repository = environment["MORAINE_EXTENSION_REPOSITORY"] ?? duckdbRepository;
  const sources = [
    { name: "DuckDB's repository", fetcher: fromRepository(repository, download) },
    {
      name: "the package index",
      fetcher: fromWheels(packageSources(environment), options.wheelOf ?? wheelOf, download),
    },
  ];
  const problems: unknown[] = [];
  for (const { name, fetcher } of sources) {
    const tell = progressOf(name, (message) => onProgress?.({ message }));
    try {
      await allOf(missing.map((extension) => place(directory, extension, fetcher, tell)));
      return;
    } catch (error) {
      if (error instanceof FailureError || signal?.aborted === true) throw error;
      problems.push(error);
    }
  }
  throw unreachableFailure(directory, problems);
}

/** Waits for each, so that nothing is written after the lock is free. */
async function allOf(works: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) {
    if (result.status === "rejected") throw result.reason;
  }
}

/** Says how many megabytes of all files have come, at each tenth of them. */
function progressOf(
  source: string,
  tell: (message: string) => void,
): (name: ExtensionName, done: number, total?: number) => void {
  const files = new Map<ExtensionName, { readonly done: number; readonly total: number }>();
  let told = -1;
  return (name, done, total = done) => {
    files.set(name, { done, total });
    const sum = (part: "done" | "total") =>
      [...files.values()].reduce((bytes, file) => bytes + file[part], 0);
    const tenth = Math.floor((10 * sum("done")) / Math.max(1, sum("total")));
    if (tenth <= told) return;
    told = tenth;
    const [here, all] = [sum("done"), sum("total")].map((bytes) => (bytes / megabyte).toFixed(0));
    tell(`downloading DuckDB's extensions from ${source}, ${here} of ${all} MB`);
  };
}

async function place(
  directory: string,
  name: ExtensionName,
  fetcher: Fetcher,
  tell: ReturnType<typeof progressOf>,
): Promise<void> {
  const file = extensionFile(directory, name);
  if (existsSync(file)) return;
  const content = await fetcher(name, (done, total) => tell(name, done, total));
  mkdirSync(dirname(file), { recursive: true });
  const part = `${file}.${process.pid}.part`;
  try {
    writeFileSync(part, content, { flush: true });
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    const message = "the disk is full";
    fail({ reason: "disk-full", message, where: file, next: "free about 100 MB", retryable: false }, error);
  }
}

/** What killed processes left. The caller holds the lock. */
function removeLeftovers(directory: string): void {
  const folder = join(directory, duckdbVersion, duckdbPlatform());
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (name.endsWith(".part")) rmSync(join(folder, name), { force: true });
  }
}

function unreachableFailure(directory: string, problems: readonly unknown[]): FailureError {
  const folder = dirname(extensionFile(directory, "iceberg"));
  return new FailureError(
    {
      reason: "unreachable",
      message: "DuckDB's extensions for Iceberg can't be downloaded, and are needed once",
      got: problems
        .map((problem) => (problem instanceof Error ? problem.message : String(problem)))
        .join("; "),
      where: folder,
      next:
        "connect to the internet (behind a proxy set HTTPS_PROXY, for a mirror PIP_INDEX_URL), then run the same command again; " +
        `without a network, put ${extensionNames.map((name) => `${name}.duckdb_extension`).join(", ")} of DuckDB ${duckdbVersion} into that folder`,
      retryable: true,
    },
    { cause: problems.at(-1) },
  );
}
