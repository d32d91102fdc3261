import type { AssetKey } from "../../definition/asset-key.ts";
import type { Cause, Metadata } from "../../event/event.ts";
import type { PartitionCounts } from "../../staleness/count-partitions.ts";
import type { Freshness } from "../../staleness/freshness.ts";
import type { AssetStatus } from "../../staleness/status.ts";
import { causeSummary } from "../../tui/words/cause.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { freshnessText } from "../../tui/words/freshness.ts";
import { rowCountOf } from "../../tui/words/metadata.ts";
import { formatAge, formatCount } from "../../tui/words/numbers.ts";
import type { GlobalOptions } from "../options.ts";
import { lookOf, tableWidth } from "../output/terminal.ts";

/** One asset as `list --json` prints it. */
export interface ListedAsset {
  readonly key: AssetKey;
  readonly kind: string;
  readonly group: string | null;
  readonly deps: readonly AssetKey[];
  readonly status: AssetStatus["status"];
  readonly causes: readonly Cause[];
  /** Null without a policy. */
  readonly freshness: Freshness | null;
  /** How many partitions are what; null for an asset that has none. */
  readonly partitions: PartitionCounts | null;
  readonly lastMaterialization: {
    readonly runId: string;
    readonly at: string;
    readonly durationMs: number;
    readonly dataVersion: string | null;
    readonly codeVersion: string;
    readonly metadata: Metadata;
  } | null;
}

/** The same for people. In a file of its own: what measures text takes long to load, and JSON needs none of it. */
export function listTable(
  assets: readonly ListedAsset[],
  failed: ReadonlySet<AssetKey>,
  options: GlobalOptions,
): readonly string[] {
  const { signs, paint } = lookOf(options);
  const now = Date.now();
  const isPartitioned = assets.some((asset) => asset.partitions !== null);
  const isPromised = assets.some((asset) => asset.freshness !== null);
  const wordOf = (asset: ListedAsset) => (failed.has(asset.key) ? "failed" : asset.status);
  const signOf = (asset: ListedAsset) =>
    asset.freshness?.state === "overdue" && !failed.has(asset.key) ? "overdue" : wordOf(asset);
  return tableLines(
    [
      {
        title: "",
        fixed: true,
        paint: (cell, row) => (assets[row] === undefined ? cell : paint.as(signOf(assets[row]), cell)),
      },
      { title: "asset", cut: "middle", min: 20 },
      { title: "status", fixed: true },
      // Only where somebody waits for one of them.
      ...(isPromised ? [{ title: "freshness", fixed: true }] : []),
      ...(isPartitioned ? [{ title: "partitions", align: "right" as const, fixed: true }] : []),
      { title: "rows", align: "right", fixed: true },
      { title: "last", fixed: true },
      { title: "why" },
    ],
    assets.map((asset) => {
      const rows = rowCountOf(asset.lastMaterialization?.metadata);
      return [
        signs.sign[signOf(asset)],
        asset.key,
        wordOf(asset),
        ...(isPromised ? [asset.freshness === null ? "" : freshnessText(asset.freshness, now)] : []),
        ...(isPartitioned ? [partitionsText(asset.partitions)] : []),
        rows === undefined ? "" : formatCount(rows),
        asset.lastMaterialization === null
          ? "never"
          : formatAge(now - Date.parse(asset.lastMaterialization.at)),
        causeSummary(asset.causes),
      ];
    }),
    { width: tableWidth(), ellipsis: signs.ellipsis },
  );
}

/** Fresh ones of all that there are. */
function partitionsText(partitions: PartitionCounts | null): string {
  return partitions === null ? "" : `${formatCount(partitions.fresh)}/${formatCount(partitions.total)}`;
}
