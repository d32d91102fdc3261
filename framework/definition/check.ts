import type { Batch } from "./batch.ts";
import type { CheckOutcome, Severity } from "../event/event.ts";
import { type AssetKey, isAssetKey } from "./asset-key.ts";
import type { CheckContext } from "./context.ts";
import type { DefinitionProblem } from "./problem.ts";

/** A test on an asset. */
export interface Check {
  readonly kind: "check";
  readonly asset: AssetKey;
  /** Unique on its asset; lower case with underscores. */
  readonly name: string;
  readonly description: string | undefined;
  readonly severity: Severity;
  /** Whether a failed result keeps what is downstream from running; never true for `warn`. */
  readonly blocking: boolean;
  /** With `blocking`: the direct downstreams that a failed result holds back. Undefined: all of them. */
  readonly holds: readonly AssetKey[] | undefined;
  /** `body`: `run` is called after the asset. `batch`: comes with the asset's batch. `report`: the asset's body reports it. */
  readonly source:
    | { readonly type: "body"; readonly run: (context: CheckContext) => Promise<CheckOutcome> | CheckOutcome }
    | { readonly type: "batch"; readonly batch: Batch }
    | { readonly type: "report" };
  /** A read-only query for the rows that break the check, where there is one. */
  readonly rowsSql: ((table: string) => string) | undefined;
  readonly problems: readonly DefinitionProblem[];
}

/** An asset, or its key. */
type AssetReference = string | { readonly key: AssetKey };

/** What {@link defineCheck} takes. */
export interface CheckOptions {
  readonly asset: AssetReference;
  readonly name: string;
  readonly description?: string;
  /** @default "error" */
  readonly severity?: Severity;
  /**
   * Whether a failed result keeps what is downstream from running. With `downstream` only these assets, which must read
   * this one themselves, and what is downstream of them; the others run.
   *
   * @default true for `error`, false for `warn`
   */
  readonly blocking?: boolean | { readonly downstream: readonly AssetReference[] };
  /** Without it the asset's own body finds the result and gives it to `reportCheck`. */
  readonly run?: (context: CheckContext) => Promise<CheckOutcome> | CheckOutcome;
  /** Given the asset's SQL name, a query for the offending rows. */
  readonly rowsSql?: (table: string) => string;
}

/** Declares a check. A wrong name or key is reported with the other definition problems, before anything runs. */
export function defineCheck(options: CheckOptions): Check {
  const key = keyOf(options.asset);
  const { blocking, severity = "error", run } = options;
  const holds = typeof blocking === "object" ? Object.freeze(blocking.downstream.map(keyOf)) : undefined;
  const problems: DefinitionProblem[] = [];
  if (!isAssetKey(key)) {
    problems.push({
      message: `check ${options.name}: expected an asset key like "sf_raw/sf_user", got ${JSON.stringify(key)}`,
    });
  }
  if (severity === "warn" && blocking !== undefined && blocking !== false) {
    problems.push({ message: `check ${options.name} on ${key}: a check of severity warn can't be blocking` });
  }
  if (holds?.length === 0) {
    problems.push({
      message: `check ${options.name} on ${key}: \`blocking.downstream\` names no asset`,
      next: "name what it holds back, or say `blocking: false`",
    });
  }
  return Object.freeze({
    kind: "check",
    asset: key,
    name: options.name,
    description: options.description,
    severity,
    blocking: typeof blocking === "boolean" ? blocking : holds !== undefined || severity === "error",
    holds,
    source: run === undefined ? { type: "report" } : { type: "body", run },
    rowsSql: options.rowsSql,
    problems,
  } satisfies Check);
}

/** Maybe no key at all: whoever takes it says so. */
function keyOf(asset: AssetReference): AssetKey {
  return (typeof asset === "string" ? asset : asset.key) as AssetKey;
}
