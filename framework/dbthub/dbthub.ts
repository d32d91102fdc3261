import { type Asset, defaultRetry, type RetryPolicy } from "../definition/asset.ts";
import type { Condition } from "../definition/automation.ts";
import type { TableDefinition } from "../definition/table.ts";
import { policyOf } from "../definition/written-freshness.ts";
import { type Clock, systemClock } from "../util/clock.ts";
import { hashJson, type Json } from "../util/hash.ts";
import { qualityChecks } from "./quality-rules.ts";
import { declaredColumns } from "./declared-columns.ts";
import { readSpec } from "./read-spec.ts";

/** What {@link dbthub} takes. */
export interface DbthubOptions<R = unknown> {
  /** The `dbthub.yml`. */
  readonly file: string | URL;
  /** The table that it fills; its key is the asset's. */
  readonly table: TableDefinition<R>;
  /** @default 3 attempts, 1 s doubling to 1 min */
  readonly retry?: Partial<RetryPolicy>;
  /** @default "salesforce" */
  readonly pool?: string;
  /** When the daemon starts it by itself. @default never */
  readonly automation?: Condition;
  /** For tests. @default the machine's */
  readonly clock?: Clock;
}

/**
 * Declares an asset that ingests one object of a source as a `dbthub.yml` says, with the file's quality rules as checks.
 * The file is read now; what is wrong in it stays on the asset as problems, with line and column. Comments and layout of
 * the file never make the asset stale.
 *
 * @example
 * export const sfUser = dbthub({ file: new URL("./dbthub.yml", import.meta.url), table: sfUserRaw });
 */
export function dbthub<R>(options: DbthubOptions<R>): Asset<R> {
  const { file, table, clock = systemClock } = options;
  const { spec, problems, where } = readSpec(file, table);
  // Who waits for the table says nothing about its rows.
  const { freshness, ...code } = spec ?? {};
  return Object.freeze({
    kind: "asset",
    key: table.key,
    deps: {},
    assetKind: "salesforce",
    group: spec?.group,
    owners: spec?.owners ?? [],
    tags: spec?.tags ?? [],
    description: spec?.description ?? table.description,
    codeVersion: () => hashJson({ spec: (spec === undefined ? null : code) as Json }),
    refresh: { everyMs: spec?.refresh ?? 0 },
    freshness: freshness === undefined ? undefined : policyOf(freshness),
    automation: options.automation,
    connection:
      spec === undefined
        ? undefined
        : {
            system: "salesforce",
            secret: spec.connection.secret,
            object: spec.object,
            apiVersion: spec.connection.api_version,
          },
    retry: { ...defaultRetry, ...options.retry },
    timeoutMs: undefined,
    pool: options.pool ?? "salesforce",
    priority: 0,
    mappings: new Map(),
    partitions: undefined,
    // A load package says how far it came, and goes on from there.
    failedWrite: "keep",
    publish: "at-once",
    table,
    declaredColumns: spec === undefined ? {} : declaredColumns(spec),
    rows: undefined,
    checks: spec === undefined ? [] : qualityChecks(spec, table.key),
    where: () => where,
    source: {
      type: "body",
      materialize: async (context) => {
        if (spec === undefined) throw new Error("Internal error: expected no run with a wrong dbthub.yml");
        // jsforce and its kin load only now.
        const { materializeObject } = await import("./materialize-object.ts");
        return materializeObject({ context, spec, table, clock, where });
      },
    },
    problems,
  } satisfies Asset<R>);
}
