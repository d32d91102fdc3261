import { realpathSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type AssetKey, splitKey } from "../../definition/asset-key.ts";
import { badRequest } from "./catalog-error.ts";

/** A namespace and a table in it. */
export interface TableIdentifier {
  readonly namespace: string;
  readonly name: string;
}

/** The catalog's name for an asset's table. */
export function identifierOf(key: AssetKey): TableIdentifier {
  const { namespace, table } = splitKey(key);
  return { namespace, name: table };
}

const namePattern = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,199}$/;

/** Names become folders, so they are letters, digits, `_` and `-` only. @throws CatalogError 400 */
export function checkName(kind: "namespace" | "table", name: string): void {
  if (namePattern.test(name)) return;
  badRequest(
    `Invalid ${kind} name ${JSON.stringify(name)}: expected letters, digits, "_" and "-", at most 200, not starting with "-"`,
  );
}

/** `namespace.table`, for messages. */
export function displayName(identifier: TableIdentifier): string {
  return `${identifier.namespace}.${identifier.name}`;
}

/** The path of an Iceberg location: a path already, or a `file:` URI. @throws CatalogError 400 for any other scheme */
export function localPath(location: string): string {
  if (location.startsWith("file://")) return resolve(fileURLToPath(location));
  if (location.startsWith("file:/")) return resolve(location.slice("file:".length));
  if (!isAbsolute(location)) {
    badRequest(`Invalid location ${JSON.stringify(location)}: expected an absolute path or a file: URI`);
  }
  return resolve(location);
}

/**
 * The path of a location that lies below `folder`, also after following links.
 *
 * @throws CatalogError 400 when it lies elsewhere
 */
export function pathInside(folder: string, location: string): string {
  const path = localPath(location);
  if (!isBelow(resolve(folder), path) || !isBelow(realpathSync(folder), realPath(path))) {
    badRequest(`Invalid location ${JSON.stringify(location)}: expected a folder below the lake's own`);
  }
  return path;
}

function isBelow(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** The path with links followed as far as it exists. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : resolve(realPath(parent), relative(parent, path));
  }
}
