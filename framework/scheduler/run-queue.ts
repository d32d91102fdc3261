import type { TickRecord } from "../store/schedules.ts";

/**
 * The queued ticks that may begin now, in the order of their instants: as many as there is room for, and of one schedule
 * one at a time. The runs of a sensor are each about something else and work at once.
 *
 * @param open everything that is queued or started, in the order of the instants
 */
export function readyTicks(open: readonly TickRecord[], now: Date, maxRuns: number): readonly TickRecord[] {
  const started = open.filter(({ status }) => status === "started");
  const busy = new Set(started.flatMap((tick) => (tick.kind === "schedule" ? [tick.schedule] : [])));
  const ready: TickRecord[] = [];
  for (const tick of open) {
    if (started.length + ready.length >= maxRuns) break;
    if (tick.status !== "queued" || tick.notBefore > now.toISOString() || busy.has(tick.schedule)) continue;
    if (tick.kind === "schedule") busy.add(tick.schedule);
    ready.push(tick);
  }
  return ready;
}
