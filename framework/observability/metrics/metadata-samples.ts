import type { AssetKey } from "../../definition/asset-key.ts";
import type { Metadata } from "../../event/event.ts";
import type { MetricFamily } from "./families.ts";
import { families } from "./families.ts";
import type { Samples } from "./samples.ts";

/** Where a figure of a materialization's metadata goes. */
interface Destination {
  readonly family: MetricFamily;
  readonly labels?: Readonly<Record<string, string>>;
}

const change = (family: MetricFamily, name: string): Destination => ({ family, labels: { change: name } });
const loaded = (rows: string): Destination => ({ family: families.ingestionRows, labels: { rows } });

/** By name in the metadata. What is not named here is the asset's own business and no metric. */
const destinations: Readonly<Record<string, Destination>> = {
  rows: { family: families.rows },
  table_rows: { family: families.rows },
  rows_written: change(families.rowsChanged, "written"),
  rows_inserted: change(families.rowsChanged, "inserted"),
  rows_updated: change(families.rowsChanged, "updated"),
  rows_deleted: change(families.rowsChanged, "deleted"),
  versions_opened: change(families.scdVersions, "opened"),
  versions_closed: change(families.scdVersions, "closed"),
  versions_retired: change(families.scdVersions, "retired"),
  bytes_scanned: { family: families.bytesScanned },
  query_cost: { family: families.cost },
  rows_read: loaded("read"),
  landed: loaded("landed"),
  updated: loaded("updated"),
  rejected: loaded("rejected"),
  ties: loaded("ties"),
  tombstones: loaded("tombstones"),
  returned: loaded("returned"),
  strays: loaded("strays"),
  open_tail: loaded("open_tail"),
  api_calls: { family: families.ingestionCalls },
  api_quota_used: { family: families.quotaUsed },
  api_quota_limit: { family: families.quotaLimit },
  visible_users: { family: families.visible },
  watermark: { family: families.watermark },
  lateness: { family: families.lateness },
};

/** The figures that a materialization left. */
export function addFigures(samples: Samples, asset: AssetKey, metadata: Metadata): void {
  for (const [name, value] of Object.entries(metadata)) {
    // Of a partition `rows` are its own, and the metric is the table's.
    if (name === "rows" && "table_rows" in metadata) continue;
    const destination = Object.hasOwn(destinations, name) ? destinations[name] : undefined;
    if (destination !== undefined)
      samples.add(destination.family, numberOf(value), { asset, ...destination.labels });
  }
}

/** A number in base units; of text an instant or an amount of dollars. Undefined for anything else. */
function numberOf(value: Metadata[string]): number | undefined {
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others are no figures
  switch (value.type) {
    case "rows":
    case "bytes":
    case "number":
      return value.value;
    case "duration":
      return value.ms / 1_000;
    case "text": {
      const number = value.value.startsWith("$")
        ? Number(value.value.slice(1))
        : Date.parse(value.value) / 1_000;
      return Number.isFinite(number) ? number : undefined;
    }
    default:
      return undefined;
  }
}
