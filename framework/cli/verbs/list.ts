import { trimCauses } from "../../staleness/compute-statuses.ts";
import { countPartitions } from "../../staleness/count-partitions.ts";
import { computeFreshness } from "../../staleness/freshness.ts";
import { print, printJson } from "../output/print.ts";
import type { VerbContext } from "../run-verb.ts";
import type { ListedAsset } from "./list-table.ts";
import { readStatuses, selectFrom } from "./statuses.ts";

/** `moraine list`. */
export async function list(context: VerbContext, terms: readonly string[]): Promise<number> {
  const project = await context.openProject();
  const statuses = await readStatuses(project, { asked: false });
  const latest = project.store.latestMaterializations();
  const freshness = computeFreshness(project.graph, project.store, new Date());
  const assets = selectFrom(project, terms, statuses).map((key): ListedAsset => {
    const asset = project.graph.asset(key);
    const { status, causes, partitions } = statuses.get(key) ?? { status: "missing", causes: [] };
    const last = latest.get(key);
    return {
      key,
      kind: asset.assetKind,
      group: asset.group ?? null,
      deps: project.graph.upstreams(key),
      status,
      causes: trimCauses(causes),
      freshness: freshness.get(key) ?? null,
      partitions: partitions === undefined ? null : countPartitions(partitions),
      lastMaterialization:
        last === undefined
          ? null
          : {
              runId: last.runId,
              at: last.finishedAt,
              durationMs: Date.parse(last.finishedAt) - Date.parse(last.startedAt),
              dataVersion: last.dataVersion ?? null,
              codeVersion: last.codeVersion,
              metadata: last.metadata,
            },
    };
  });
  if (context.options.json === true) {
    printJson(assets);
    return 0;
  }
  const { listTable } = await import("./list-table.ts");
  const outcomes = project.store.latestOutcomes();
  const failed = new Set([...outcomes].flatMap(([key, { outcome }]) => (outcome === "failed" ? [key] : [])));
  print(...listTable(assets, failed, context.options));
  return 0;
}
