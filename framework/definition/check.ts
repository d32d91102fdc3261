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
  /** Whether a failed result keeps everything downstream from running; never true for `warn`. */
  readonly blocking: boolean;
  /** `body`: `run` is called after the asset. `batch`: comes with the asset's batch. `report`: the asset's body reports it. */
  readonly source:
    | { readonly type: "body"; readonly run: (context: CheckContext) => Promise<CheckOutcome> | CheckOutcome }
    | { readonly type: "batch"; readonly batch: Batch }
    | { readonly type: "report" };
  /** A read-only query for the rows that break the check, where there is one. */
  readonly rowsSql: ((table: string) => string) | undefined;
  readonly problems: readonly DefinitionProblem[];
}

/** What {@link defineCheck} takes. */
export interface CheckOptions {
  /** The asset, or its key. */
  readonly asset: string | { readonly key: AssetKey };
  readonly name: string;
  readonly description?: string;
  /** @default "error" */
  readonly severity?: Severity;
  /** @default true for `error`, false for `warn` */
  readonly blocking?: boolean;
  readonly run: (context: CheckContext) => Promise<CheckOutcome> | CheckOutcome;
  /** Given the asset's SQL name, a query for the offending rows. */
  readonly rowsSql?: (table: string) => string;
}

/** Declares a check. A wrong name or key is reported with the other definition problems, before anything runs. */
export function defineCheck(options: CheckOptions): Check {
  const key = typeof options.asset === "string" ? options.asset : options.asset.key;
  const severity = options.severity ?? "error";
  const problems: DefinitionProblem[] = [];
  if (!isAssetKey(key)) {
    problems.push({
      message: `check ${options.name}: expected an asset key like "sf_raw/sf_user", got ${JSON.stringify(key)}`,
    });
  }
  if (severity === "warn" && options.blocking === true) {
    problems.push({ message: `check ${options.name} on ${key}: a check of severity warn can't be blocking` });
  }
  return Object.freeze({
    kind: "check",
    asset: key as AssetKey,
    name: options.name,
    description: options.description,
    severity,
    blocking: options.blocking ?? severity === "error",
    source: { type: "body", run: options.run },
    rowsSql: options.rowsSql,
    problems,
  } satisfies Check);
}
