import type { AssetRef } from "../definition/asset-ref.ts";
import type { Asset, AssetOptions } from "../definition/asset.ts";
import { defineAsset } from "../definition/define-asset.ts";
import { policyProblems } from "../definition/policy-problem.ts";
import { DefinitionError } from "../definition/problem.ts";
import { callSite } from "../util/call-site.ts";
import { hashJson } from "../util/hash.ts";
import { keepFit } from "./keep-fit.ts";
import {
  defaultExpire,
  defaultOptimize,
  type ExpireThresholds,
  type OptimizeThresholds,
  planProblems,
  type UpkeepPlan,
} from "./thresholds.ts";

/** What {@link defineUpkeep} takes. */
export interface UpkeepOptions extends Pick<
  AssetOptions,
  "automation" | "freshness" | "owners" | "pool" | "retry" | "tags" | "timeoutMs"
> {
  /** The assets whose tables are kept fit. */
  readonly of: Asset | AssetRef | readonly (Asset | AssetRef)[];
  /** When small files are joined and delete files dropped; false: never. @default 32 new data files or 16 delete files */
  readonly optimize?: Partial<OptimizeThresholds> | false;
  /** When old snapshots go, with the files that only they need; false: never. @default those over 7 days, once one is 14 days old */
  readonly expire?: Partial<ExpireThresholds> | false;
  /** How often a table is looked at that does not change: its snapshots age all the same. @default 7 days */
  readonly everyMs?: number;
  /** @default "upkeep" */
  readonly group?: string;
  /** Of assets that wait for a worker, the one with the highest goes first. @default -1: after what makes data */
  readonly priority?: number;
}

/** What sort of asset these are. They are refreshed because snapshots age, not because they read the world outside. */
export const upkeepKind = "upkeep";

const everyWeekMs = 7 * 86_400_000;

/**
 * Declares upkeep: for the table of each asset one more, `<key>__upkeep`, that runs when the table's data has changed, or
 * some time has passed, and then joins files and expires snapshots where there are enough of them; otherwise it reads the
 * table's metadata and nothing else. What a table holds and its data version stay, so nothing becomes stale. What was done,
 * or why nothing was, is its metadata. Problems are kept on the values, as {@link defineAsset} does.
 *
 * @example
 * export const upkeep = defineUpkeep({ of: [orders, assetRef("sf_curated/dim_sf_user_scd")], expire: { olderThanMs: 3 * 86_400_000 } });
 */
export function defineUpkeep(options: UpkeepOptions): readonly Asset[] {
  const { of, optimize = {}, expire = {}, everyMs = everyWeekMs, ...rest } = options;
  const plan: UpkeepPlan = {
    optimize: optimize === false ? false : { ...defaultOptimize, ...optimize },
    expire: expire === false ? false : withOldest(expire),
  };
  const tables = [of].flat();
  if (tables.length === 0) throw new DefinitionError([{ message: "defineUpkeep: of names no asset" }]);
  return tables.map((table) => upkeepOf(table, { ...rest, everyMs }, plan));
}

function withOldest({ olderThanMs = defaultExpire.olderThanMs, oldestMs }: Partial<ExpireThresholds>) {
  return { olderThanMs, oldestMs: oldestMs ?? 2 * olderThanMs };
}

function upkeepOf(
  table: Asset | AssetRef,
  { everyMs, ...options }: Omit<UpkeepOptions, "of" | "optimize" | "expire"> & { readonly everyMs: number },
  plan: UpkeepPlan,
): Asset {
  const key = `${table.key}__upkeep`;
  const { optimize, expire } = plan;
  const asset = defineAsset({
    group: "upkeep",
    priority: -1,
    description: `Joins the files of ${table.key} and expires its old snapshots, when there are enough of them.`,
    ...options,
    key,
    kind: upkeepKind,
    deps: { table },
    refresh: { everyMs },
    codeVersion: hashJson({ optimize: optimize && { ...optimize }, expire: expire && { ...expire } }),
    // What it commits is the table's, and changes nothing that would have to be taken back.
    failedWrite: "keep",
    materialize: (context) => keepFit(context, table.key, plan),
  });
  const problems = [...asset.problems, ...policyProblems(key, planProblems(plan, everyMs))];
  return Object.freeze({ ...asset, problems, where: callSite(defineUpkeep) });
}
