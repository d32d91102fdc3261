import type { Schedule } from "../../definition/schedule.ts";
import type { Sensor } from "../../definition/sensor.ts";
import { daemonStatuses } from "../../scheduler/daemon-statuses.ts";
import { readyTicks } from "../../scheduler/run-queue.ts";
import { type ScheduleStatus, scheduleStatuses } from "../../scheduler/schedule-statuses.ts";
import type { ScheduleReader, TickRecord, TickStatus, TickTotal } from "../../store/schedules.ts";
import type { StoreReader } from "../../store/store.ts";
import { families } from "./families.ts";
import { type Samples, toSeconds } from "./samples.ts";

/** What was silent for longer is a machine that is gone, not a daemon that hangs. */
const forgottenAfterMs = 3_600_000;
const presentStates = ["ok", "draining", "silent"] as const;
const tickStatuses: readonly TickStatus[] = ["queued", "started", "succeeded", "failed", "skipped"];

/** How the daemons of the target are. */
export function addDaemons(samples: Samples, reader: ScheduleReader, now: Date): void {
  const daemons = daemonStatuses(reader, now);
  if (daemons.length === 0) return;
  const heartbeats = daemons.map(({ heartbeatAt }) => heartbeatAt).sort();
  samples.add(families.daemonHeartbeat, toSeconds(heartbeats.at(-1)));
  const present = daemons.filter(({ silentMs }) => silentMs < forgottenAfterMs);
  for (const state of presentStates)
    samples.add(families.daemons, present.filter((daemon) => daemon.state === state).length, { state });
  const working = present.filter(({ isWorking }) => isWorking);
  const isCurrent = working.every(({ problem }) => problem === undefined);
  if (working.length > 0) samples.add(families.daemonDefinitions, isCurrent ? 1 : 0);
}

/** What is known of schedules and sensors that any daemon of the target has seen, and how late they are. */
export function addSchedules(
  samples: Samples,
  reader: StoreReader,
  known: {
    readonly totals: readonly TickTotal[];
    readonly definitions: readonly (Schedule | Sensor)[] | undefined;
    readonly now: Date;
  },
): void {
  const { scheduling } = reader;
  const seen = scheduling.schedules();
  addTicks(samples, [...seen.keys()], known.totals);
  const definitions = (known.definitions ?? []).filter(({ name }) => seen.has(name));
  const waiting = readyTicks(scheduling.openTicks(), known.now, Number.POSITIVE_INFINITY);
  for (const status of scheduleStatuses(reader, definitions, known.now))
    if (status.state !== "elsewhere") addSchedule(samples, status, waiting, known.now);
}

function addTicks(samples: Samples, schedules: readonly string[], totals: readonly TickTotal[]): void {
  const counts = new Map(totals.map((total) => [`${total.schedule} ${total.status}`, total.count]));
  for (const schedule of schedules) {
    for (const status of tickStatuses) {
      const isOpen = status === "queued" || status === "started";
      const family = isOpen ? families.scheduleOpen : families.scheduleTicks;
      // Also 0: Prometheus sees no increase in a counter that begins with 1.
      samples.add(family, counts.get(`${schedule} ${status}`) ?? 0, { schedule, status });
    }
  }
  for (const { schedule, status, last } of totals)
    samples.add(families.scheduleLast, toSeconds(last ?? undefined), { schedule, status });
}

function addSchedule(
  samples: Samples,
  { definition, state, nextAt, failures }: ScheduleStatus,
  waiting: readonly TickRecord[],
  now: Date,
): void {
  const { name: schedule, kind } = definition;
  samples.add(families.scheduleEnabled, state === "on" ? 1 : 0, { schedule, kind });
  if (kind === "sensor") samples.add(families.sensorFailures, failures, { schedule });
  samples.add(families.scheduleNext, toSeconds(nextAt?.toISOString()), { schedule });
  const due = waiting.flatMap((tick) => (tick.schedule === schedule ? [Date.parse(tick.notBefore)] : []));
  if (nextAt !== undefined) due.push(nextAt.getTime());
  const lateMs = Math.max(0, ...due.map((ms) => now.getTime() - ms));
  samples.add(families.scheduleLate, lateMs / 1_000, { schedule });
}
