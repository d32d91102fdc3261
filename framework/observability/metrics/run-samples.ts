import type { RunStatus, RunTrigger } from "../../event/event.ts";
import { isDead } from "../../store/run-owner.ts";
import type { StoreReader, Totals } from "../../store/store.ts";
import { durationBounds } from "../../store/tally.ts";
import { groupBy } from "../../util/group-by.ts";
import { families } from "./families.ts";
import { type Samples, toSeconds } from "./samples.ts";

const ended: readonly RunStatus[] = ["succeeded", "failed", "cancelled", "interrupted"];
const triggers: readonly RunTrigger[] = ["cli", "ui", "demo", "schedule", "automation"];

/** What is known of runs that have ended. */
export function addEndedRuns(samples: Samples, reader: StoreReader, totals: Totals): void {
  // Also those that never happened: Prometheus sees no increase in a counter that begins with 1.
  for (const status of ended) {
    for (const trigger of triggers) {
      const runs = totals.runs.filter((run) => run.status === status && run.trigger === trigger);
      samples.add(families.runs, sum(runs, "count"), { status, trigger });
    }
  }
  for (const [status, runs] of groupBy(totals.runs, (run) => run.status)) {
    const bounded = new Map<number | null, number>();
    for (const { bound, count } of runs) bounded.set(bound, (bounded.get(bound) ?? 0) + count);
    samples.addHistogram(
      families.runDuration,
      durationBounds,
      { bounded, seconds: sum(runs, "seconds") },
      { status },
    );
  }
  for (const status of ended) {
    const [last] = reader.runs({ status, limit: 1 });
    if (last?.finishedAt === undefined) continue;
    samples.add(families.runFinished, toSeconds(last.finishedAt), { status });
    const tookMs = Date.parse(last.finishedAt) - Date.parse(last.startedAt);
    samples.add(families.runLastDuration, Math.max(0, tookMs) / 1_000, { status });
  }
}

/** What is known of runs that have not; whether their process is alive changes without a word in the store. */
export function addRunningRuns(samples: Samples, reader: StoreReader, now: Date): void {
  const running = reader.runs({ status: "running" });
  const dead = running.filter(({ id }) => {
    const owner = reader.runOwner(id);
    return owner !== undefined && isDead(owner, now.toISOString());
  });
  samples.add(families.runsRunning, running.length);
  samples.add(families.runsDead, dead.length);
  samples.add(families.runningSince, toSeconds(running.at(-1)?.startedAt));
}

function sum<Name extends "count" | "seconds">(
  totals: readonly Readonly<Record<Name, number>>[],
  name: Name,
): number {
  return totals.reduce((before, total) => before + total[name], 0);
}
