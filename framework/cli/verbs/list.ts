import { trimCauses } from "../../staleness/compute-statuses.ts";
import { causeSummary } from "../../tui/words/cause.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { rowCountOf } from "../../tui/words/metadata.ts";
import { formatAge, formatCount } from "../../tui/words/numbers.ts";
import { print, printJson } from "../output/print.ts";
import { lookOf, tableWidth } from "../output/terminal.ts";
import type { VerbContext } from "../run-verb.ts";
import { readStatuses, selectFrom } from "./statuses.ts";

/** `moraine list`. */
export async function list(context: VerbContext, terms: readonly string[]): Promise<number> {
  const project = await context.openProject();
  const statuses = await readStatuses(project, { asked: false });
  const latest = project.store.latestMaterializations();
  const outcomes = project.store.latestOutcomes();
  const assets = selectFrom(project, terms, statuses).map((key) => {
    const asset = project.graph.asset(key);
    const { status, causes } = statuses.get(key) ?? { status: "missing", causes: [] };
    const last = latest.get(key);
    return {
      key,
      kind: asset.assetKind,
      group: asset.group ?? null,
      deps: project.graph.upstreams(key),
      status,
      causes: trimCauses(causes),
      // No asset declares a freshness policy yet: neither on time nor overdue.
      freshness: null,
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
  const { signs, paint } = lookOf(context.options);
  const now = Date.now();
  const signOf = (asset: (typeof assets)[number]) =>
    outcomes.get(asset.key)?.outcome === "failed" ? "failed" : asset.status;
  print(
    ...tableLines(
      [
        {
          title: "",
          fixed: true,
          paint: (cell, row) => paint.as(assets[row] === undefined ? "fresh" : signOf(assets[row]), cell),
        },
        { title: "asset", cut: "middle", min: 20 },
        { title: "status", fixed: true },
        { title: "rows", align: "right", fixed: true },
        { title: "last", fixed: true },
        { title: "why" },
      ],
      assets.map((asset) => {
        const rows = rowCountOf(asset.lastMaterialization?.metadata);
        return [
          signs.sign[signOf(asset)],
          asset.key,
          signOf(asset),
          rows === undefined ? "" : formatCount(rows),
          asset.lastMaterialization === null
            ? "never"
            : formatAge(now - Date.parse(asset.lastMaterialization.at)),
          causeSummary(asset.causes),
        ];
      }),
      { width: tableWidth(), ellipsis: signs.ellipsis },
    ),
  );
  return 0;
}
