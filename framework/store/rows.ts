import type { AssetKey } from "../definition/asset-key.ts";
import type { CheckOutcome, Outcome, RunEvent, RunStatus, RunTrigger, Severity } from "../event/event.ts";
import type { Failure } from "../event/failure.ts";
import { storedMetadata } from "../event/metadata.ts";
import type {
  AttemptRecord,
  AutomationMemory,
  CheckResultRecord,
  LineageEdge,
  MaterializationRecord,
  RunRecord,
  StoredEvent,
  Tags,
} from "./store.ts";

// Rows as SQLite returns them, and the records they become. The store wrote every value itself, so the JSON columns
// are read back as the types that were written; metadata comes from foreign code, and is looked at again.

export interface RunRow {
  id: string;
  status: RunStatus;
  trigger: RunTrigger;
  target: string;
  selection: string;
  tags: string;
  resumes: string | null;
  started_at: string;
  finished_at: string | null;
  materialized: number;
  fresh: number;
  failed: number;
  skipped: number;
  cancelled: number;
}

export function runRecord(row: RunRow): RunRecord {
  const { materialized, fresh, failed, skipped, cancelled } = row;
  return {
    id: row.id,
    status: row.status,
    trigger: row.trigger,
    target: row.target,
    selection: row.selection,
    tags: JSON.parse(row.tags) as Tags,
    resumes: row.resumes ?? undefined,
    startedAt: row.started_at,
    finishedAt: row.finished_at ?? undefined,
    counts: { materialized, fresh, failed, skipped, cancelled },
  };
}

export interface AttemptRow {
  run_id: string;
  key: AssetKey;
  partition: string;
  attempt: number;
  started_at: string;
  finished_at: string | null;
  outcome: Outcome | null;
  failure: string | null;
}

export function attemptRecord(row: AttemptRow): AttemptRecord {
  return {
    runId: row.run_id,
    key: row.key,
    partition: row.partition,
    attempt: row.attempt,
    startedAt: row.started_at,
    finishedAt: row.finished_at ?? undefined,
    outcome: row.outcome ?? undefined,
    failure: failureFromJson(row.failure),
  };
}

/** The columns of {@link MaterializationRow}, of `materializations m`. */
export const materializationColumns = `m.id, m.run_id, m.key, m.partition, m.started_at, m.finished_at, m.code_version, m.data_version,
  m.snapshot_id, m.metadata, m.made_at`;

/** A row as a tuple: of these there are as many as assets, and an object by column name takes twice as long to make. */
export type MaterializationRow = readonly [
  id: number,
  runId: string,
  key: AssetKey,
  partition: string,
  startedAt: string,
  finishedAt: string,
  codeVersion: string,
  dataVersion: string | null,
  snapshotId: string | null,
  metadata: string,
  madeAt: string | null,
];

/** The record without its upstreams, which are rows of their own. */
export function materializationRecord(
  row: MaterializationRow,
): Omit<MaterializationRecord, "upstreams"> & { readonly upstreams: LineageEdge[] } {
  const [id, runId, key, partition, startedAt, finishedAt, codeVersion, dataVersion] = row;
  const [, , , , , , , , snapshotId, metadata, madeAt] = row;
  return {
    id,
    runId,
    key,
    partition,
    startedAt,
    finishedAt,
    madeAt: madeAt ?? finishedAt,
    codeVersion,
    dataVersion: dataVersion ?? undefined,
    snapshotId: snapshotId ?? undefined,
    metadata: storedMetadata(JSON.parse(metadata)),
    upstreams: [],
  };
}

/** `materialization_id, upstream, data_version` of `lineage`. */
export type LineageRow = readonly [
  materializationId: number,
  upstream: AssetKey,
  upstreamPartition: string,
  dataVersion: string | null,
];

export interface AutomationRow {
  key: AssetKey;
  ticks: string;
  started_at: string | null;
  started_run: string | null;
  grounds: string | null;
}

export function automationMemory(row: AutomationRow): AutomationMemory {
  return {
    ticks: JSON.parse(row.ticks) as AutomationMemory["ticks"],
    started:
      row.started_at === null
        ? null
        : {
            at: row.started_at,
            runId: row.started_run ?? "",
            grounds: JSON.parse(row.grounds ?? "[]") as readonly string[],
          },
  };
}

export function automationRow(key: AssetKey, { ticks, started }: AutomationMemory): AutomationRow {
  return {
    key,
    ticks: JSON.stringify(ticks),
    started_at: started?.at ?? null,
    started_run: started?.runId ?? null,
    grounds: started === null ? null : JSON.stringify(started.grounds),
  };
}

export interface CheckResultRow {
  run_id: string;
  key: AssetKey;
  partition: string;
  check_name: string;
  severity: Severity;
  blocking: number;
  at: string;
  duration_ms: number;
  result: string;
  failure: string | null;
  unpublished: number;
}

export function checkResultRecord(row: CheckResultRow): CheckResultRecord {
  return {
    runId: row.run_id,
    key: row.key,
    partition: row.partition,
    check: row.check_name,
    severity: row.severity,
    blocking: row.blocking === 1,
    at: row.at,
    durationMs: row.duration_ms,
    result: storedOutcome(JSON.parse(row.result) as CheckOutcome),
    failure: failureFromJson(row.failure),
    isUnpublished: row.unpublished === 1,
  };
}

export interface EventRow {
  id: number;
  payload: string;
}

export function storedEvent(row: EventRow): StoredEvent {
  const event = JSON.parse(row.payload) as RunEvent;
  if (event.type === "asset-finished" && event.metadata !== undefined)
    return { id: row.id, event: { ...event, metadata: storedMetadata(event.metadata) } };
  if (event.type === "check-finished")
    return { id: row.id, event: { ...event, result: storedOutcome(event.result) } };
  return { id: row.id, event };
}

function storedOutcome(result: CheckOutcome): CheckOutcome {
  return result.metadata === undefined ? result : { ...result, metadata: storedMetadata(result.metadata) };
}

/** A value for a nullable JSON column. */
export function toJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function failureFromJson(text: string | null): Failure | undefined {
  return text === null ? undefined : (JSON.parse(text) as Failure);
}
