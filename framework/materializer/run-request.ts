import type { AssetKey } from "../definition/asset-key.ts";
import type { Resources } from "../definition/context.ts";
import type { EventListener, Outcome, RunStatus, RunTrigger } from "../event/event.ts";
import type { AssetGraph } from "../graph/asset-graph.ts";
import type { Lakehouse } from "../lakehouse/lakehouse.ts";
import type { AutomationDecision, Store, Tags } from "../store/store.ts";
import type { Clock } from "../util/clock.ts";
import type { PartitionChoice } from "../staleness/plan-units.ts";

/** Everything one run needs. */
export interface RunRequest {
  readonly graph: AssetGraph;
  /** What the command selected; only these may run. */
  readonly keys: readonly AssetKey[];
  /** Of the assets that have partitions. @default those that are due */
  readonly partitions?: PartitionChoice;
  /** Run even when fresh. */
  readonly forced: ReadonlySet<AssetKey>;
  /** As typed, for the record. */
  readonly selection: string;
  readonly trigger: RunTrigger;
  /** Names and values to find the run by. @default {} */
  readonly tags?: Tags;
  /** The earlier run that this one goes on with. */
  readonly resumes?: string;
  /** By which automation starts it; recorded with its start, and without it nothing starts. */
  readonly decision?: AutomationDecision;
  /** Given when its starter has to know it before. @default a random one */
  readonly runId?: string;
  readonly store: Store;
  readonly lakehouse: Lakehouse;
  readonly resources: Resources;
  readonly projectDir: string;
  readonly stateDir: string;
  /** How many assets work at once. */
  readonly workers: number;
  /** How many at once per pool; an unnamed pool is unbounded. */
  readonly pools: Readonly<Record<string, number>>;
  /** Cancel the rest after the first failure. */
  readonly failFast: boolean;
  /** Aborting cancels: nothing more starts, running bodies see their signal and are waited for. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Hides secrets in everything that is stored or shown. */
  redact(text: string): string;
  readonly onEvent: EventListener;
}

/** What of a request a person asks for, or an earlier run did. */
export type AskedFor = Pick<
  RunRequest,
  "keys" | "partitions" | "forced" | "selection" | "tags" | "resumes" | "decision" | "runId"
>;

/** How a run ended. */
export interface RunSummary {
  readonly runId: string;
  readonly status: Exclude<RunStatus, "running" | "interrupted">;
  /** Of an asset with partitions the worst that one of them had. */
  readonly outcomes: Readonly<Record<string, Outcome>>;
  /** Outcomes by asset and partition, of the assets that have partitions. */
  readonly partitions: Readonly<Record<string, Readonly<Record<string, Outcome>>>>;
}
