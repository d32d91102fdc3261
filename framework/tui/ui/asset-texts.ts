import type { AssetKey } from "../../definition/asset-key.ts";
import { causeChain, shortVersion } from "../words/cause.ts";
import { failureBlock } from "../words/failure.ts";
import { deadlineText, freshnessText, policyText } from "../words/freshness.ts";
import { metadataText, rowChanges, rowCountOf } from "../words/metadata.ts";
import { formatAge, formatCount, formatDuration, sparkline } from "../words/numbers.ts";
import { cleanText } from "../words/text.ts";
import { padEnd, wrapText } from "../words/width.ts";
import type { AssetState } from "./asset-state.ts";
import type { UiState } from "./state.ts";

/** The Overview tab: rows and time as charts, why, the last failure, what it is, what it left behind. */
export function overviewTexts(state: UiState, key: AssetKey, shown: AssetState): readonly string[] {
  const asset = state.graph.asset(key);
  const { data } = state;
  const causes = data.statuses.get(key)?.causes ?? [];
  const failure = shown.sign === "failed" ? data.failures.get(key) : undefined;
  const where = asset.where();
  const chain = causeChain(causes, 200);
  const room = Math.max(20, state.size.columns - 10);
  return [
    ...charts(state, key),
    "",
    ...chain.map((line, index) => `${index === 0 ? "why   " : "      "}${line}`),
    ...(chain.length === 0 ? ["why   fresh: code and everything it reads are as they were"] : []),
    ...dueTexts(state, key),
    ...(failure === undefined ? [] : ["", ...failureBlock(failure)]),
    "",
    ...(asset.description === undefined ? [] : wrapText(cleanText(asset.description), room)),
    `kind  ${asset.assetKind}${asset.group === undefined ? "" : `, group ${asset.group}`}${asset.owners.length === 0 ? "" : `, owner ${asset.owners.join(", ")}`}${asset.tags.length === 0 ? "" : `, tags ${asset.tags.join(", ")}`}`,
    ...(where === undefined ? [] : [`file  ${where}`]),
    ...lastTexts(state, key),
  ];
}

function dueTexts({ graph, data, nowMs }: UiState, key: AssetKey): readonly string[] {
  const policy = graph.asset(key).freshness;
  const freshness = data.freshness.get(key);
  if (policy === undefined || freshness === undefined) return [];
  const when = deadlineText(freshness, nowMs);
  return [`due   ${freshnessText(freshness, nowMs)}, ${when}: ${policyText(policy)}`];
}

function charts(state: UiState, key: AssetKey): readonly string[] {
  const { signs } = state.look;
  const history = state.data.asset?.key === key ? state.data.asset.materializations : [];
  const last = history[0];
  if (last === undefined) return ["rows  never materialized"];
  const oldestFirst = history.toReversed();
  const rows = oldestFirst.flatMap((record) => rowCountOf(record.metadata) ?? []);
  const times = oldestFirst.map((record) => Date.parse(record.finishedAt) - Date.parse(record.startedAt));
  const count = rowCountOf(last.metadata);
  const change = rowChanges(last.metadata, rowCountOf(history[1]?.metadata));
  const usual = state.data.usualMs.get(key);
  return [
    ...(count === undefined
      ? []
      : [
          `rows  ${padEnd(sparkline(rows, signs), 10)}  ${formatCount(count)}${change === "" ? "" : ` (${change})`}`,
        ]),
    `time  ${padEnd(sparkline(times, signs), 10)}  ${formatDuration(times.at(-1) ?? 0)}${usual === undefined ? "" : `, usual ${formatDuration(usual)}`}`,
  ];
}

function lastTexts(state: UiState, key: AssetKey): readonly string[] {
  const last = state.data.latest.get(key);
  if (last === undefined) return [];
  const ago = formatAge(state.nowMs - Date.parse(last.finishedAt));
  const read = last.upstreams.map(
    (edge) => `  read ${edge.upstream} at ${shortVersion(edge.dataVersion ?? null)}`,
  );
  return [
    `last  ${ago} ago, run ${last.runId}, data version ${shortVersion(last.dataVersion ?? null)}, code ${shortVersion(last.codeVersion)}`,
    ...read,
    ...Object.entries(last.metadata).map(([name, value]) => `  ${cleanText(name)}: ${metadataText(value)}`),
  ];
}

/** The Columns tab. */
export function columnTexts(state: UiState, key: AssetKey): readonly string[] {
  const table = state.graph.asset(key).table;
  if (table === undefined) return ["no table definition: what it writes is up to its function"];
  const columns = Object.entries(table.columns);
  const width = columns.reduce((widest, [name]) => Math.max(widest, name.length), 0);
  return [
    ...columns.map(([name, column]) =>
      `${padEnd(name, width)}  ${padEnd(column.type, 14)} ${column.required === true ? "required" : "        "}  ${cleanText(column.description ?? "")}`.trimEnd(),
    ),
    "",
    `partitioned by ${table.partitionBy.length === 0 ? "nothing" : table.partitionBy.join(", ")}`,
  ];
}
