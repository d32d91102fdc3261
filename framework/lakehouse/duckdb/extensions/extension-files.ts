import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** As DuckDB names its folder of extensions. They fit this one version. */
export const duckdbVersion = "v1.5.5";

/** What Iceberg needs, in the order in which they need each other. */
export const extensionNames = ["avro", "httpfs", "iceberg"] as const;

/** One of {@link extensionNames}. */
export type ExtensionName = (typeof extensionNames)[number];

const systems: Readonly<Record<string, string>> = { linux: "linux", darwin: "osx", win32: "windows" };
const processors: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** DuckDB's word for this machine, e.g. `linux_amd64`; the system's own words when DuckDB has none. */
export function duckdbPlatform(): string {
  const system = systems[process.platform] ?? process.platform;
  const processor = processors[process.arch] ?? process.arch;
  return `${system}_${processor}${isMusl() ? "_musl" : ""}`;
}

function isMusl(): boolean {
  if (process.platform !== "linux") return false;
  // A report takes a while to make. A machine without musl's loader does not need one.
  if (!readdirSync("/lib").some((name) => name.startsWith("ld-musl-"))) return false;
  const report = process.report.getReport() as {
    readonly header?: { readonly glibcVersionRuntime?: string };
  };
  return report.header?.glibcVersionRuntime === undefined;
}

/** The file of an extension in DuckDB's `extension_directory`. */
export function extensionFile(directory: string, name: ExtensionName): string {
  return join(directory, duckdbVersion, duckdbPlatform(), `${name}.duckdb_extension`);
}

/** Where moraine puts the extensions: `MORAINE_EXTENSION_DIRECTORY`, which projects may share, else `.moraine/extensions`. */
export function ownExtensionDirectory(
  stateDir: string,
  environment: NodeJS.ProcessEnv = process.env,
): string {
  const named = environment["MORAINE_EXTENSION_DIRECTORY"] ?? "";
  return named === "" ? join(stateDir, "extensions") : resolve(named);
}

/**
 * An `extension_directory` that has all of {@link extensionNames}: moraine's own, or the one of DuckDB's programs. Undefined when
 * neither has.
 */
export function findExtensions(
  stateDir: string,
  environment: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const own = ownExtensionDirectory(stateDir, environment);
  const places = [own, join(environment["HOME"] ?? homedir(), ".duckdb", "extensions")];
  return places.find((place) => extensionNames.every((name) => existsSync(extensionFile(place, name))));
}
