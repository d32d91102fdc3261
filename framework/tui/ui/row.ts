import type { AssetKey } from "../../definition/asset-key.ts";
import type { ScheduleStatus } from "../../scheduler/schedule-statuses.ts";
import type { TickRecord } from "../../store/schedules.ts";
import type { CheckResultRecord, MaterializationRecord, RunRecord } from "../../store/store.ts";
import type { LaneRow } from "../lineage/lane-layout.ts";
import type { LogLine } from "../words/event.ts";

/** One line of a list; what the cursor can stand on. */
export type Row =
  | {
      readonly type: "namespace";
      readonly id: string;
      readonly namespace: string;
      readonly keys: readonly AssetKey[];
      readonly isFolded: boolean;
    }
  | { readonly type: "asset"; readonly id: string; readonly key: AssetKey }
  | { readonly type: "lane"; readonly id: string; readonly key: AssetKey; readonly lanes: LaneRow }
  | { readonly type: "run"; readonly id: string; readonly run: RunRecord }
  | {
      readonly type: "materialization";
      readonly id: string;
      readonly record: MaterializationRecord;
      readonly before: MaterializationRecord | undefined;
    }
  | {
      readonly type: "check";
      readonly id: string;
      readonly key: AssetKey;
      readonly check: string;
      /** Undefined: no result yet. */
      readonly last: CheckResultRecord | undefined;
    }
  | { readonly type: "schedule"; readonly id: string; readonly status: ScheduleStatus }
  | { readonly type: "tick"; readonly id: string; readonly tick: TickRecord }
  | { readonly type: "log"; readonly id: string; readonly line: LogLine }
  | { readonly type: "text"; readonly id: string; readonly text: string };

/** The asset that a row is about. */
export function assetOfRow(row: Row | undefined): AssetKey | undefined {
  if (row === undefined) return undefined;
  if (row.type === "materialization") return row.record.key;
  if (row.type === "log") return row.line.key as AssetKey | undefined;
  return "key" in row ? row.key : undefined;
}

/** The run that a row is about. */
export function runOfRow(row: Row | undefined): string | undefined {
  if (row?.type === "run") return row.run.id;
  if (row?.type === "materialization") return row.record.runId;
  if (row?.type === "tick") return row.tick.runId;
  return row?.type === "schedule" ? row.status.last?.runId : undefined;
}

/** The rows of one type. */
export type RowOf<T extends Row["type"]> = Extract<Row, { type: T }>;
