import type { Metadata } from "../event/event.ts";
import type { SalesforceOrg } from "../salesforce/salesforce-org.ts";
import type { ExtractManifest, Landed, LoadPackage, NormalizeManifest } from "./load-package.ts";

/** One finished load: what was read, made of it, and landed. */
export interface FinishedLoad {
  readonly load: LoadPackage;
  readonly manifest: ExtractManifest;
  readonly normalized: NormalizeManifest;
  readonly landed: Landed;
}

/** What a materialization leaves for people: rows by where they came from, the window, the API calls. */
export function loadMetadata(
  loads: readonly FinishedLoad[],
  org: SalesforceOrg,
  tableRows: number,
): Metadata {
  const sum = (pick: (load: FinishedLoad) => number) => loads.reduce((total, load) => total + pick(load), 0);
  const rows = (pick: (load: FinishedLoad) => number) => ({ type: "rows", value: sum(pick) }) as const;
  const last = loads.at(-1);
  const usage = org.usage();
  return {
    rows: { type: "rows", value: tableRows },
    landed: rows(({ landed }) => landed.rowsInserted),
    updated: rows(({ landed }) => landed.rowsUpdated),
    rows_read: rows(({ manifest: { counts } }) => counts.window + counts.tail + counts.strays),
    ties: rows(({ landed }) => landed.ties),
    tombstones: rows(({ manifest }) => manifest.counts.tombstones),
    returned: rows(({ manifest }) => manifest.counts.returned),
    strays: rows(({ manifest }) => manifest.counts.strays),
    rejected: rows(({ normalized }) => normalized.rejected),
    /** Landed before they were proven; the next window reads and proves them. */
    open_tail: rows(({ manifest }) => manifest.counts.tail),
    visible_users: { type: "number", value: last?.manifest.visibleUsers ?? 0 },
    window: {
      type: "text",
      value: `${last?.manifest.window.lo ?? "the beginning"} to ${last?.manifest.window.hi ?? ""}`,
    },
    extracted_at: { type: "text", value: last?.manifest.boundary ?? "" },
    /** Up to when the source has been read and proven. */
    watermark: { type: "text", value: last?.manifest.window.hi ?? "" },
    /** How old the oldest stray was when it was read. */
    lateness: { type: "duration", ms: Math.max(0, ...loads.map(({ manifest }) => latenessMs(manifest))) },
    load_id: { type: "text", value: last?.load.loadId ?? "" },
    api_calls: { type: "number", value: org.calls() },
    ...(usage === undefined
      ? {}
      : {
          api_budget: { type: "text", value: `${usage.used} of ${usage.limit} in 24 hours` } as const,
          api_quota_used: { type: "number", value: usage.used } as const,
          api_quota_limit: { type: "number", value: usage.limit } as const,
        }),
  };
}

function latenessMs({ boundary, oldestStray }: ExtractManifest): number {
  return oldestStray === null ? 0 : Date.parse(boundary) - Date.parse(oldestStray);
}
