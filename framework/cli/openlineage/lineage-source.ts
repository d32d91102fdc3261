import type { LakehouseConfig } from "../../definition/config.ts";
import { datasetNames } from "../../observability/openlineage/dataset-names.ts";
import type {
  LineageSource,
  OutputStatistics,
  StatisticsOf,
} from "../../observability/openlineage/make-events.ts";
import type { Snapshot } from "../../lakehouse/lakehouse.ts";
import { writerOf } from "../../lakehouse/writer.ts";
import { upkeepKind } from "../../upkeep/define-upkeep.ts";
import type { StoreReader } from "../../store/store.ts";
import type { OpenProject } from "../project/open-project.ts";

/**
 * What events of OpenLineage are made from in a project.
 *
 * @param namespace of the jobs
 * @param inForce the definitions; of a daemon they may be newer than its project
 */
export async function lineageSource(
  project: OpenProject,
  reader: StoreReader,
  namespace: string,
  { config, graph }: Pick<OpenProject, "config" | "graph"> = project,
): Promise<Omit<LineageSource, "statisticsOf" | "now">> {
  const { projectDir } = project;
  const { lakehouse } = project.target;
  return {
    reader,
    graph,
    project: config.name,
    namespace,
    isTable: ({ assetKind }) => assetKind !== upkeepKind,
    nameDataset: datasetNames(lakehouse, { projectDir, region: await regionOf(lakehouse) }),
  };
}

/** The AWS region of the lake, as the SDK finds it; empty where the lake is not Athena's. */
async function regionOf(lakehouse: LakehouseConfig): Promise<string> {
  if (lakehouse.type !== "athena") return "";
  const { AwsClients } = await import("../../lakehouse/athena/aws-clients.ts");
  const clients = new AwsClients(lakehouse);
  try {
    return await clients.region();
  } finally {
    await clients.close();
  }
}

/** What the tables' snapshots say of what an attempt wrote. Each table is looked at once, so one is for a short while. */
export function statisticsIn(project: Pick<OpenProject, "lakehouse">): StatisticsOf {
  const tables = new Map<string, Promise<readonly Snapshot[]>>();
  return async (attempt, snapshotId) => {
    const { key } = attempt;
    // A lake that can't be read now takes nothing else from the event.
    const snapshots = tables.get(key) ?? project.lakehouse.snapshots(key).catch(() => []);
    tables.set(key, snapshots);
    const last = (await snapshots).find(({ id }) => id === snapshotId);
    if (last === undefined) return undefined;
    const own = (await snapshots).filter((snapshot) => isBy(snapshot, attempt));
    // A lake that can't stamp its snapshots: the one that was the newest at the end, unless it was there before.
    const isUnstamped = writerOf(last) === undefined && last.committedAt.toISOString() >= attempt.startedAt;
    return sumOf(own.length === 0 && isUnstamped ? [last] : own);
  };
}

function isBy(snapshot: Snapshot, { runId, partition, attempt }: Parameters<StatisticsOf>[0]): boolean {
  const by = writerOf(snapshot);
  const isOwn = by?.runId === runId && by.partition === partition && by.attempt === attempt;
  // A rewrite adds files and no rows.
  return isOwn && snapshot.operation !== "replace";
}

/** DuckDB writes no sizes into the summary; what one snapshot does not say, nobody says of the sum. */
function sumOf(snapshots: readonly Snapshot[]): OutputStatistics {
  const sum = (member: string) => {
    const values = snapshots.map(({ summary }) =>
      Number(summary[member] ?? (Number(summary["added-data-files"] ?? 0) > 0 ? Number.NaN : 0)),
    );
    const total = values.reduce((all, value) => all + value, 0);
    return Number.isNaN(total) ? undefined : total;
  };
  return {
    rowCount: sum("added-records"),
    size: sum("added-files-size"),
    fileCount: sum("added-data-files"),
  };
}
