import type { AssetKey } from "../definition/asset-key.ts";
import type { RunEvent } from "../event/event.ts";
import type { AutomationMemory, StoreReader } from "../store/store.ts";
import type { AutomationWorld } from "./evaluate-automation.ts";

/**
 * What runs have left in the store, as automation sees it. Runs whose process is gone must have been marked before.
 *
 * @param memories what is remembered, as read before anything else
 */
export function recordedWorld(
  reader: StoreReader,
  memories: ReadonlyMap<AssetKey, AutomationMemory>,
): Pick<AutomationWorld, "isInProgress" | "memory" | "cameToNothing"> {
  const inProgress = keysInProgress(reader);
  return {
    isInProgress: (key) => inProgress.has(key),
    memory: (key) => memories.get(key),
    cameToNothing: (key, { started }) => started !== null && hasNoOutcome(reader, started.runId, key),
  };
}

/** The assets that a run has in hand and is not done with. */
function keysInProgress(reader: StoreReader): ReadonlySet<AssetKey> {
  const left = new Map<string, number>();
  const add = (key: string, units: number) => void left.set(key, (left.get(key) ?? 0) + units);
  for (const { id } of reader.runs({ status: "running" })) {
    for (const event of eventsOf(reader, id)) {
      if (event.type === "run-started")
        for (const key of event.keys) add(key, Math.max(1, event.partitions?.[key]?.length ?? 1));
      else if (event.type === "asset-finished") add(event.key, -1);
    }
  }
  return new Set([...left].flatMap(([key, units]) => (units > 0 ? [key as AssetKey] : [])));
}

/** Whether a run has ended without a word on an asset that it was started for. One that has been pruned had its time. */
function hasNoOutcome(reader: StoreReader, runId: string, key: AssetKey): boolean {
  const isThere = reader.events({ runId, types: ["run-started"], limit: 1 }).length > 0;
  const isDone = eventsOf(reader, runId, key).some(
    (event) => event.type === "asset-finished" && ["materialized", "fresh", "failed"].includes(event.outcome),
  );
  return isThere && !isDone;
}

function eventsOf(reader: StoreReader, runId: string, key?: AssetKey): readonly RunEvent[] {
  const types = ["run-started", "asset-finished"] as const;
  return reader.events({ runId, types, ...(key === undefined ? {} : { key }) }).map(({ event }) => event);
}
