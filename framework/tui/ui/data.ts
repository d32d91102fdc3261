import type { AssetKey } from "../../definition/asset-key.ts";
import type { Failure } from "../../event/failure.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import { computeStatuses, type Observations } from "../../staleness/compute-statuses.ts";
import { planRun } from "../../staleness/plan-run.ts";
import type { Freshness } from "../../staleness/freshness.ts";
import type { AssetStatus } from "../../staleness/status.ts";
import type { DaemonStatus } from "../../scheduler/daemon-statuses.ts";
import type { ScheduleStatus } from "../../scheduler/schedule-statuses.ts";
import type { TickRecord } from "../../store/schedules.ts";
import type {
  AttemptRecord,
  CheckResultRecord,
  MaterializationRecord,
  RunRecord,
  StoreReader,
} from "../../store/store.ts";
import { signedResults } from "../words/check.ts";
import type { InteractiveOptions } from "./interactive-options.ts";
import { type LogLine, logLine } from "../words/event.ts";

/** What the screens show of the store, read at one moment. */
export interface UiData {
  readonly statuses: ReadonlyMap<AssetKey, AssetStatus>;
  /** What a run over assets would do, by what was read then. */
  readonly planned: (keys: readonly AssetKey[]) => ReturnType<typeof planRun>;
  /** Of assets with a policy. */
  readonly freshness: ReadonlyMap<AssetKey, Freshness>;
  readonly outcomes: ReturnType<StoreReader["latestOutcomes"]>;
  readonly latest: ReadonlyMap<AssetKey, MaterializationRecord>;
  readonly usualMs: ReadonlyMap<AssetKey, number>;
  readonly checks: ReadonlyMap<AssetKey, readonly CheckResultRecord[]>;
  /** Of assets whose last outcome is `failed`. */
  readonly failures: ReadonlyMap<AssetKey, Failure>;
  /** Assets that a live run works on, with the instant of their start. */
  readonly running: ReadonlyMap<AssetKey, string>;
  /** Newest first. */
  readonly runs: readonly RunRecord[];
  readonly asset: AssetHistory | undefined;
  readonly run: RunHistory | undefined;
  /** The project's schedules and sensors. */
  readonly schedules: readonly ScheduleStatus[];
  /** The daemon that works, else the last that did; undefined: none ever. */
  readonly daemon: DaemonStatus | undefined;
  /** Of the schedule that is open, newest first. */
  readonly ticks: readonly TickRecord[];
  /** The last results of the checks in view, newest first, by {@link checkId}. */
  readonly checkHistories: ReadonlyMap<string, readonly CheckResultRecord[]>;
}

/** What tells a check from all others. */
export function checkId(key: AssetKey, check: string): string {
  return `${key} ${check}`;
}

/** More about the asset that is open. */
export interface AssetHistory {
  readonly key: AssetKey;
  /** Newest first. */
  readonly materializations: readonly MaterializationRecord[];
}

/** More about the run that is open. */
export interface RunHistory {
  readonly record: RunRecord;
  readonly attempts: readonly AttemptRecord[];
  /** Oldest first; at most {@link maxLogLines}, the newest. */
  readonly log: readonly LogLine[];
  /** The newest event that the log holds. */
  readonly lastEventId: number;
}

/** What is open and so must be read as well. */
export interface DataNeeds {
  readonly asset: AssetKey | undefined;
  readonly run: string | undefined;
  /** Its name. */
  readonly schedule: string | undefined;
  /** Checks in view and around it: of thousands, nobody waits for those that are not shown. */
  readonly checks: readonly { readonly key: AssetKey; readonly check: string }[];
}

/** Nothing but what every view shows. */
export const noNeeds: DataNeeds = { asset: undefined, run: undefined, schedule: undefined, checks: [] };

/** Whether what was read for one view does for another. */
export function sameNeeds(a: DataNeeds, b: DataNeeds): boolean {
  return (
    a.asset === b.asset &&
    a.run === b.run &&
    a.schedule === b.schedule &&
    a.checks.length === b.checks.length &&
    a.checks.every(({ key, check }, index) => {
      const other = b.checks[index];
      return other !== undefined && other.key === key && other.check === check;
    })
  );
}

/** Log lines that are kept of one run. */
export const maxLogLines = 10_000;

/** Ticks that are read of one schedule. */
const maxTicks = 200;

/** Before the first read. */
export const noData: UiData = {
  statuses: new Map(),
  planned: () => new Map(),
  freshness: new Map(),
  outcomes: new Map(),
  latest: new Map(),
  usualMs: new Map(),
  checks: new Map(),
  failures: new Map(),
  running: new Map(),
  runs: [],
  asset: undefined,
  run: undefined,
  schedules: [],
  daemon: undefined,
  ticks: [],
  checkHistories: new Map(),
};

/** Reads everything that the screens show; of an open run only the events since `before`. Throws what the store throws. */
export function readData(
  reader: StoreReader,
  now: Pick<InteractiveOptions, "graph" | "observe" | "freshness" | "schedules" | "daemon">,
  needs: DataNeeds,
  before: UiData,
): UiData {
  const runs = reader.runs({ limit: 200 });
  const outcomes = reader.latestOutcomes();
  const live = new Set(runs.filter((run) => run.status === "running").map((run) => run.id));
  const running = new Map<AssetKey, string>();
  for (const [key, last] of outcomes) {
    if (last.outcome === undefined && live.has(last.runId)) running.set(key, last.at);
  }
  const observations = now.observe();
  return {
    statuses: computeStatuses(now.graph, observations),
    planned: (keys) => planned(now.graph, observations, keys),
    freshness: now.freshness(),
    outcomes,
    latest: reader.latestMaterializations(),
    usualMs: reader.usualDurations(),
    checks: reader.latestCheckResults(),
    failures: readFailures(reader, outcomes),
    running,
    runs,
    asset: needs.asset === undefined ? undefined : readAsset(reader, needs.asset),
    run: needs.run === undefined ? undefined : readRun(reader, needs.run, before.run),
    schedules: now.schedules(),
    daemon: now.daemon(),
    ticks:
      needs.schedule === undefined
        ? []
        : reader.scheduling.ticks({ schedule: needs.schedule, limit: maxTicks }),
    checkHistories: new Map(
      needs.checks.map(({ key, check }) => [
        checkId(key, check),
        reader.checkResults(key, { check, limit: signedResults }),
      ]),
    ),
  };
}

function planned(
  graph: AssetGraph,
  observations: Observations,
  keys: readonly AssetKey[],
): ReturnType<typeof planRun> {
  // Whoever is about to materialize asks for new data; the screens only look.
  const asked: Observations = {
    now: observations.now,
    provenance: (unit) => observations.provenance(unit),
    hasLostTable: (key) => observations.hasLostTable(key),
    dataVersion: (unit) => observations.dataVersion(unit),
    failedChecks: (unit) => observations.failedChecks(unit),
    isAsked: () => true,
  };
  return planRun({ graph, observations: asked, statuses: computeStatuses(graph, asked), keys });
}

/** Whether the store could not be read now, rather than that we are wrong. Told by name and code: SQLite stays in its room. */
export function isStoreFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === "StoreError" || ("code" in error && String(error.code).startsWith("SQLITE_"));
}

function readFailures(reader: StoreReader, outcomes: UiData["outcomes"]): ReadonlyMap<AssetKey, Failure> {
  const failures = new Map<AssetKey, Failure>();
  const runIds = new Set(
    [...outcomes.values()].filter((last) => last.outcome === "failed").map((last) => last.runId),
  );
  for (const runId of runIds) {
    for (const attempt of reader.attempts(runId)) {
      const last = outcomes.get(attempt.key);
      if (last?.outcome === "failed" && last.runId === runId && attempt.failure !== undefined) {
        failures.set(attempt.key, attempt.failure);
      }
    }
  }
  return failures;
}

function readAsset(reader: StoreReader, key: AssetKey): AssetHistory {
  return {
    key,
    materializations: reader.materializations(key, 50),
  };
}

function readRun(reader: StoreReader, id: string, before: RunHistory | undefined): RunHistory | undefined {
  const record = reader.run(id);
  if (record === undefined) return undefined;
  const known = before?.record.id === record.id ? before : undefined;
  const events = reader.events({ runId: record.id, after: known?.lastEventId ?? 0, limit: maxLogLines });
  const lines = events.flatMap((stored) => logLine(stored.event) ?? []);
  return {
    record,
    attempts: reader.attempts(record.id),
    log: [...(known?.log ?? []), ...lines].slice(-maxLogLines),
    lastEventId: events.at(-1)?.id ?? known?.lastEventId ?? 0,
  };
}
