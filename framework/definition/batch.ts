import type { CheckOutcome } from "../event/event.ts";
import type { Failure } from "../event/failure.ts";
import type { AssetKey } from "./asset-key.ts";
import type { MaterializeResult, Progress, WorkContext } from "./context.ts";

/** What a batch says while it works. */
export type BatchReport =
  | { readonly type: "asset-started"; readonly key: AssetKey }
  | ({ readonly type: "asset-progress"; readonly key: AssetKey } & Progress)
  | { readonly type: "asset-finished"; readonly key: AssetKey; readonly result: MaterializeResult }
  | { readonly type: "asset-failed"; readonly key: AssetKey; readonly failure: Failure }
  /** Not run because of `because`, an upstream or a blocking check inside the batch. */
  | { readonly type: "asset-skipped"; readonly key: AssetKey; readonly because: AssetKey }
  | { readonly type: "check-started"; readonly key: AssetKey; readonly check: string }
  | {
      readonly type: "check-finished";
      readonly key: AssetKey;
      readonly check: string;
      readonly durationMs: number;
      readonly result: CheckOutcome;
      readonly failure?: Failure;
    };

/** Context of a batch: several assets, or several checks, in one invocation. */
export interface BatchContext extends WorkContext {
  report(report: BatchReport): void;
}

/**
 * Assets of one outside tool that are made together: contiguous stale ones go in one call. Their checks run in the
 * same call, each before what is downstream of its asset.
 */
export interface Batch {
  /** E.g. `dbt`. */
  readonly name: string;
  /**
   * Warms up while upstreams still run; called at most once a run, only when it is likely that the batch will be
   * needed. An error here is ignored: {@link Batch.materialize} meets it again.
   */
  prepare?(context: WorkContext): Promise<void>;
  /**
   * Makes the assets, given in topological order. Every asset and each of its checks must be reported; what was not
   * counts as failed.
   */
  materialize(
    context: BatchContext & {
      readonly assets: readonly { readonly key: AssetKey; readonly forced: boolean }[];
    },
  ): Promise<void>;
  /** Runs checks only. */
  check(
    context: BatchContext & { readonly checks: readonly { readonly key: AssetKey; readonly name: string }[] },
  ): Promise<void>;
  /** Ends what {@link Batch.prepare} or a run started; may be called twice. */
  close(): Promise<void>;
}
