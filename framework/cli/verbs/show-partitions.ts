import type { PartitionStatus } from "../../staleness/status.ts";
import type { Look } from "../../tui/look.ts";
import { causeSummary } from "../../tui/words/cause.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { formatCount } from "../../tui/words/numbers.ts";
import { instantText } from "../../tui/words/instant.ts";

/** One partition as `show --json` prints it. */
export interface ShownPartition extends PartitionStatus {
  readonly key: string;
  /** ISO 8601, UTC; null when it was never made. */
  readonly lastMaterialization: string | null;
}

/** How many are shown that are due; the rest is counted. */
const shownAtMost = 10;

/** The partitions of an asset: how many are what, and those that are due; with `all`, every one. */
export function partitionLines(
  partitions: readonly ShownPartition[],
  look: Look,
  { width, all }: { readonly width: number; readonly all: boolean },
): readonly string[] {
  if (partitions.length === 0) return [];
  const due = partitions.filter(({ status, isDue }) => isDue && status !== "fresh");
  const rows = all ? partitions : due.slice(0, shownAtMost);
  const { signs, paint } = look;
  return [
    countsText(partitions, due.length),
    ...tableLines(
      [
        { title: "", fixed: true, paint: (cell, row) => paint.as(rows[row]?.status ?? "fresh", cell) },
        { title: "partition" },
        { title: "status", fixed: true },
        { title: "last", fixed: true },
        { title: "why" },
      ],
      rows.map(({ key, status, isDue, lastMaterialization, causes }) => [
        signs.sign[status],
        key,
        isDue || status === "fresh" ? status : `${status}, not due`,
        lastMaterialization === null ? "never" : instantText(lastMaterialization),
        status === "missing" ? "" : causeSummary(causes),
      ]),
      { width },
    ),
    ...(all || due.length <= shownAtMost
      ? []
      : [`+${formatCount(due.length - shownAtMost)} more: --partitions`]),
  ];
}

function countsText(partitions: readonly ShownPartition[], due: number): string {
  const count = (wanted: ShownPartition["status"]) =>
    partitions.filter(({ status }) => status === wanted).length;
  const told = (["stale", "missing"] as const)
    .filter((status) => count(status) > 0)
    .map((status) => `${formatCount(count(status))} ${status}`);
  const fresh = `${formatCount(count("fresh"))} of ${formatCount(partitions.length)} fresh`;
  return [fresh, ...told, ...(due > 0 ? [`${formatCount(due)} due`] : [])].join(", ");
}
