import type { Condition } from "./automation.ts";
import type { Batch } from "./batch.ts";
import type { AssetKey } from "./asset-key.ts";
import type { AssetRef } from "./asset-ref.ts";
import type { Check } from "./check.ts";
import type { Input, MaterializeContext, MaterializeResult } from "./context.ts";
import type { DeclaredColumns } from "./declared-columns.ts";
import type { FreshnessPolicy } from "./freshness.ts";
import type { Dependency, Mappings } from "./partitions/partition-mapping.ts";
import type { Partitions } from "./partitions/partitions.ts";
import type { DefinitionProblem } from "./problem.ts";
import type { HasRows, RowOf, RowSchema } from "./row-type.ts";
import type { TableDefinition } from "./table.ts";

/** How often an asset that reads the outside world must be asked again. */
export interface Refresh {
  /** Shortest time between two reads, milliseconds; 0: whenever a run asks. */
  readonly everyMs: number;
}

/** When a failed attempt is tried again. Only failures that are `retryable` are. */
export interface RetryPolicy {
  /** Attempts altogether. */
  readonly maxAttempts: number;
  /** Upper bound of the first wait, milliseconds; it doubles each time and the wait is drawn from 0 to it. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
}

/** A system outside that an asset reads: what `doctor` tries, and where lineage begins. */
export interface Connection {
  /** Lower case: `salesforce`. */
  readonly system: string;
  /** The secret that holds its credentials. */
  readonly secret: string;
  /** What of it is read, in its own words: `User`. */
  readonly object: string;
  /** The version of its API that is asked for. */
  readonly apiVersion: string;
}

/** A table that we keep. Made by {@link defineAsset}, `dbthub()` or `dbtProject()`; frozen. `R`: its rows. */
export interface Asset<R = unknown> extends HasRows<R> {
  readonly kind: "asset";
  readonly key: AssetKey;
  /** Upstreams by the name under which the body reads them. */
  readonly deps: Readonly<Record<string, AssetKey>>;
  /** Which partitions of an upstream are read, where the definition says so. */
  readonly mappings: Mappings;
  /** Undefined: it has none and is made whole. */
  readonly partitions: Partitions | undefined;
  /** What sort of thing it is, for people: `dbt`, `salesforce`, `typescript`. */
  readonly assetKind: string;
  readonly group: string | undefined;
  readonly owners: readonly string[];
  readonly tags: readonly string[];
  readonly description: string | undefined;
  /** Changes when the asset's logic changes. A function, so that it is worked out only when asked. */
  readonly codeVersion: () => string;
  /** Undefined: it reads only its upstreams. */
  readonly refresh: Refresh | undefined;
  /** When it must be known good, by the clock. Undefined: nobody waits for it. */
  readonly freshness: FreshnessPolicy | undefined;
  /** When the daemon starts it by itself. Undefined: never. */
  readonly automation: Condition | undefined;
  /** Undefined: it reads no system that moraine signs in to. */
  readonly connection: Connection | undefined;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number | undefined;
  /** Name of the pool that bounds how many run at once. */
  readonly pool: string | undefined;
  /** Of assets that wait for a worker, the one with the highest priority goes first. */
  readonly priority: number;
  /** See {@link AssetOptions.failedWrite}. */
  readonly failedWrite: "undo" | "keep";
  /** See {@link AssetOptions.publish}. */
  readonly publish: "at-once" | "after-checks";
  readonly table: TableDefinition | undefined;
  /** What a file outside TypeScript says of its columns; undefined: it is declared in TypeScript alone. */
  readonly declaredColumns: DeclaredColumns | undefined;
  /** Validates what downstream assets read of it; undefined: its rows are read as they are. */
  readonly rows: RowSchema<R> | undefined;
  readonly checks: readonly Check[];
  /**
   * Where it is defined, for messages: file, with `:line:column` where known. A function, so that stacks and source maps
   * are read only when asked.
   */
  readonly where: () => string | undefined;
  readonly source:
    | {
        readonly type: "body";
        readonly materialize: (context: MaterializeContext) => Promise<MaterializeResult | void>;
      }
    | { readonly type: "batch"; readonly batch: Batch };
  readonly problems: readonly DefinitionProblem[];
}

/** Upstream assets by name; `dep(asset, mapping)` says which of its partitions are read. */
export type Deps = Readonly<Record<string, Asset | AssetRef | Dependency>>;

/** Of an asset that reads no other: any name read of its inputs fails `tsc`. */
// oxlint-disable-next-line typescript/no-generated-empty-object-type -- no member is what it means
export type NoDeps = Readonly<Record<never, Asset>>;

/** The type of `ctx.inputs` for some `deps`. */
export type InputsOf<D extends Deps> = { readonly [K in keyof D]: Input<RowOf<D[K]>> };

/** What {@link defineAsset} takes. `T`: rows of `table`; `R`: rows by the schema in `rows`. */
export interface AssetOptions<D extends Deps = Deps, T = unknown, R = unknown> {
  /** `namespace/table`, lower case. */
  readonly key: string;
  /** @default {} */
  readonly deps?: D;
  /** @default "typescript" */
  readonly kind?: string;
  readonly group?: string;
  readonly owners?: readonly string[];
  readonly tags?: readonly string[];
  readonly description?: string;
  /** Overrides the version worked out from the text of `materialize`. */
  readonly codeVersion?: string;
  /** Give this when the body reads the outside world. */
  readonly refresh?: Refresh;
  /** When it must be known good; what misses that is shown as overdue. */
  readonly freshness?: FreshnessPolicy;
  /** When the daemon starts it by itself. @default never */
  readonly automation?: Condition;
  /** @default 3 attempts, 1 s doubling to 1 min */
  readonly retry?: Partial<RetryPolicy>;
  /** @default none */
  readonly timeoutMs?: number;
  readonly pool?: string;
  /** Of assets that wait for a worker, the one with the highest goes first. @default 0 */
  readonly priority?: number;
  /** @default none: the asset is made whole */
  readonly partitions?: Partitions;
  /**
   * What becomes of a write whose attempt failed, was cancelled or lost its process. `undo`: the table goes back to what it was
   * before, so that a body that appends doubles nothing; where others have written to the table as well (several
   * partitions at once), or the lake can't go back, it stays. `keep`: the table is left, for the body knows how to go on.
   *
   * @default "undo"
   */
  readonly failedWrite?: "undo" | "keep";
  /**
   * When others see what was written. `after-checks`: body and checks work on a draft of the table, which becomes the
   * table only when no check failed that holds back everything downstream; else the table stays as it was. Only the
   * embedded lakehouse can do that. @default "at-once"
   */
  readonly publish?: "at-once" | "after-checks";
  /** The lake table; made or evolved before the body runs. */
  readonly table?: TableDefinition<T>;
  /**
   * What a row looks like, by a validator of any library that implements Standard Schema. Downstream assets read what it
   * makes of the lake's rows, and fail when a row does not fit. @default the type of `table`'s rows, nothing validated
   */
  readonly rows?: RowSchema<R>;
  readonly checks?: readonly Check[];
  readonly materialize: (
    context: MaterializeContext<InputsOf<D>>,
  ) => Promise<MaterializeResult | void> | MaterializeResult | void;
}

/** Retry of an asset that says nothing else. */
export const defaultRetry: RetryPolicy = { maxAttempts: 3, baseDelayMs: 1_000, maxDelayMs: 60_000 };
