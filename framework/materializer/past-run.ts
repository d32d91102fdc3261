import type { AssetKey } from "../definition/asset-key.ts";
import type { Outcome } from "../event/event.ts";
import type { AssetGraph } from "../graph/asset-graph.ts";
import type { RunRecord, StoreReader } from "../store/store.ts";

/** What a run was asked for, and what has become of that: in it, and in the later runs that go on with the same. */
export interface PastRun {
  readonly run: RunRecord;
  /** In topological order, as of then; some may have no asset any more. */
  readonly keys: readonly AssetKey[];
  readonly forced: ReadonlySet<AssetKey>;
  /** The newest outcome of each key that has had one. */
  readonly outcomes: ReadonlyMap<AssetKey, Outcome>;
  /** The later runs that go on with it or with what it went on with, oldest first. */
  readonly later: readonly RunRecord[];
}

/** Reads a run back. Undefined when it has been pruned of its events, which alone know what it was asked for. */
export function readPastRun(reader: StoreReader, run: RunRecord): PastRun | undefined {
  const [started] = reader.events({ runId: run.id, types: ["run-started"], limit: 1 });
  if (started?.event.type !== "run-started") return undefined;
  const { keys, forced = [] } = started.event;
  const later = laterRuns(reader, run);
  const outcomes = new Map<AssetKey, Outcome>();
  for (const { id } of [run, ...later]) {
    for (const { event } of reader.events({ runId: id, types: ["asset-finished"] })) {
      if (event.type === "asset-finished") outcomes.set(event.key as AssetKey, event.outcome);
    }
  }
  return {
    run,
    keys: keys as readonly AssetKey[],
    forced: new Set(forced as readonly AssetKey[]),
    outcomes,
    later,
  };
}

function laterRuns(reader: StoreReader, run: RunRecord): readonly RunRecord[] {
  let first = run;
  for (let before: RunRecord | undefined = run; before !== undefined;) {
    first = before;
    before = before.resumes === undefined ? undefined : reader.run(before.resumes);
  }
  const all = [first, ...reader.resumersOf(first.id)];
  return all.slice(all.findIndex(({ id }) => id === run.id) + 1);
}

/** What a run has left to do: the keys that have no outcome yet, and those that did not succeed. */
export function unfinishedKeys({ keys, outcomes }: PastRun): readonly AssetKey[] {
  return keys.filter((key) => !isDone(outcomes.get(key)));
}

/** What is worth a second try: what failed or was skipped, and what was downstream of it and was not reached. */
export function failedKeys(past: PastRun, graph: AssetGraph): readonly AssetKey[] {
  const unfinished = unfinishedKeys(past);
  const left = new Set(unfinished);
  const wanted = new Set(
    unfinished.filter((key) => ["failed", "skipped"].includes(past.outcomes.get(key) ?? "")),
  );
  for (const key of graph.keys) {
    if (left.has(key) && graph.upstreams(key).some((upstream) => wanted.has(upstream))) wanted.add(key);
  }
  return unfinished.filter((key) => wanted.has(key));
}

function isDone(outcome: Outcome | undefined): boolean {
  return outcome === "materialized" || outcome === "fresh";
}
