import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where packages come from. */
export interface PackageSources {
  /** Indexes with the simple API, in the order in which they are asked. */
  readonly indexes: readonly string[];
  /** Folders with wheels. */
  readonly folders: readonly string[];
}

/**
 * What pip and uv are told in the environment and in pip's configuration files, read without either. A variable goes before a
 * file, the user's file before the machine's, and PyPI is the index when nothing names one.
 */
export function packageSources(environment: NodeJS.ProcessEnv = process.env): PackageSources {
  const settings = pipSettings(environment);
  const valueOf = (name: string) =>
    environment[`PIP_${name.toUpperCase().replaceAll("-", "_")}`] ?? settings.get(name);
  const listOf = (text = "") => text.split(/\s+/).filter((word) => word !== "");
  const main =
    environment["UV_DEFAULT_INDEX"] ??
    environment["UV_INDEX_URL"] ??
    valueOf("index-url") ??
    "https://pypi.org/simple";
  const noIndex = /^(?:1|true|yes|on)$/i.test(valueOf("no-index") ?? "");
  // Beginning with `name=` in uv's lists.
  const more = [...listOf(environment["UV_INDEX"]), ...listOf(valueOf("extra-index-url"))].map((url) =>
    url.replace(/^[\w-]+=(?=https?:)/, ""),
  );
  const folders = listOf(valueOf("find-links")).filter((place) => !/^https?:/.test(place));
  return {
    indexes: noIndex ? [] : [main, ...more],
    folders: folders.map((place) => place.replace(/^file:\/\//, "")),
  };
}

function pipSettings(environment: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  const home = environment["HOME"] ?? homedir();
  const named = environment["PIP_CONFIG_FILE"];
  const files = [
    "/etc/xdg/pip/pip.conf",
    "/etc/pip.conf",
    join(home, ".pip/pip.conf"),
    ...(process.platform === "darwin" ? [join(home, "Library/Application Support/pip/pip.conf")] : []),
    ...(process.platform === "win32" ? [join(environment["APPDATA"] ?? home, "pip", "pip.ini")] : []),
    join(environment["XDG_CONFIG_HOME"] ?? join(home, ".config"), "pip/pip.conf"),
    ...(named === undefined ? [] : [named]),
  ];
  const found = named === "/dev/null" ? [] : files.filter((file) => existsSync(file));
  return new Map(found.flatMap((file) => [...settingsIn(readFileSync(file, "utf8"))]));
}

/** Of the sections that hold for an installation. An indented line goes on with the value before. */
function settingsIn(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let holds = false;
  let last = "";
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:[#;]|$)/.test(line)) continue;
    const section = /^\[(.+)\]/.exec(line)?.[1];
    const [, name, value = ""] = /^([\w-]+)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (section !== undefined) holds = ["global", "install", "download"].includes(section.trim());
    else if (name !== undefined) last = name.replaceAll("_", "-");
    if (!holds || section !== undefined) continue;
    if (name === undefined) found.set(last, `${found.get(last) ?? ""} ${line.trim()}`);
    else found.set(last, value.trim());
  }
  return found;
}
