import type { Asset } from "../../definition/asset.ts";
import type { AssetSource, Definitions, LoadContext } from "../../definition/asset-source.ts";
import type { Check } from "../../definition/check.ts";
import type { DeclaredColumns } from "../../definition/declared-columns.ts";
import type { AssetEntry, ScheduleEntry } from "../../definition/config.ts";
import { DefinitionError, type DefinitionProblem } from "../../definition/problem.ts";
import type { Schedule } from "../../definition/schedule.ts";
import type { Sensor } from "../../definition/sensor.ts";

/** Globs among a config's assets or schedules; only strings written there count, not strings that a module happens to export. */
export function globsOf(entry: AssetEntry | ScheduleEntry): readonly string[] {
  if (typeof entry === "string") return [entry];
  return Array.isArray(entry) ? (entry as readonly (AssetEntry | ScheduleEntry)[]).flatMap(globsOf) : [];
}

/** Collects what a config and its modules define; sources (dbt projects) are read at the same time. */
export async function collectDefinitions(
  entries: readonly unknown[],
  context: LoadContext,
): Promise<Definitions> {
  const found = {
    assets: new Set<Asset>(),
    checks: new Set<Check>(),
    sources: new Set<AssetSource>(),
    schedules: new Set<Schedule | Sensor>(),
  };
  const seen = new Set<unknown>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    const kind = "kind" in value ? value.kind : undefined;
    if (kind === "asset") found.assets.add(value as Asset);
    else if (kind === "check") found.checks.add(value as Check);
    else if (kind === "asset-source") found.sources.add(value as AssetSource);
    else if (kind === "schedule" || kind === "sensor") found.schedules.add(value as Schedule | Sensor);
    else if (Array.isArray(value) || isModule(value)) Object.values(value).forEach(visit);
  };
  entries.forEach(visit);
  const loaded = await Promise.all([...found.sources].map((source) => load(source, context)));
  const columns = new Map(loaded.flatMap((definitions) => [...(definitions.columnsElsewhere ?? [])]));
  const assets = [...found.assets, ...loaded.flatMap((definitions) => definitions.assets)];
  return {
    assets: assets.map((asset) => withColumns(asset, columns.get(asset.key))),
    checks: [...found.checks, ...loaded.flatMap((definitions) => definitions.checks)],
    schedules: [...found.schedules],
    problems: loaded.flatMap((definitions) => definitions.problems),
  };
}

/** What others say of an asset's columns, where its own declaration says nothing. */
function withColumns(asset: Asset, columns: DeclaredColumns | undefined): Asset {
  const isSilent =
    asset.table === undefined && asset.rows === undefined && asset.declaredColumns === undefined;
  return columns === undefined || !isSilent ? asset : Object.freeze({ ...asset, declaredColumns: columns });
}

async function load(source: AssetSource, context: LoadContext): Promise<Definitions> {
  try {
    return await source.load(context);
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    return { assets: [], checks: [], problems: error.problems };
  }
}

/** A module namespace, or a plain object of exports. */
function isModule(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** What an exception while importing a definition file says. */
export function importProblem(error: unknown, where: string): readonly DefinitionProblem[] {
  if (error instanceof DefinitionError) return error.problems;
  const stack =
    error instanceof Error
      ? error.stack?.split("\n").find((line) => line.trim().startsWith("at "))
      : undefined;
  return [
    {
      message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      where: stack === undefined ? where : `${where} (${stack.trim()})`,
    },
  ];
}
