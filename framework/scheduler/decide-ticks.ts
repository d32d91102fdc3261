import type { RunLimits } from "../definition/run-limits.ts";
import type { Schedule } from "../definition/schedule.ts";
import type { SkipReason, TickFailureReason } from "../event/daemon-event.ts";
import type { NewTick, TickRecord, TickRequest } from "../store/schedules.ts";
import { hashJson } from "../util/hash.ts";
import { describeValue, thrownText } from "../util/plain-json.ts";
import { dueTicks, graceMs } from "./due-ticks.ts";
import { ticksOfRule } from "./rule.ts";

/** More ticks of one schedule do not wait for each other. */
const maxQueued = 100;

/** What a daemon makes of one schedule at one moment. */
export interface TickDecision {
  /** Oldest first. */
  readonly ticks: readonly NewTick[];
  /** Earlier ticks that the new ones put an end to. */
  readonly ended: readonly TickRecord[];
}

/**
 * Decides the ticks after `seen` and up to `now` by the schedule's catch-up and overlap policies. Pure but for the
 * schedule's own `partitions`.
 *
 * @param open ticks of this schedule that are queued or started
 */
export function decideTicks(
  schedule: Schedule,
  { seen, now, open }: { readonly seen: Date; readonly now: Date; readonly open: readonly TickRecord[] },
): TickDecision {
  const { due, missed } = dueTicks(ticksOfRule(schedule), seen, now, schedule);
  const skip = (at: Date, reason: SkipReason, count = 1): NewTick => ({
    ...emptyTick(schedule, at),
    status: "skipped",
    reason,
    count,
  });
  const ticks: NewTick[] = missed === undefined ? [] : [skip(missed.newest, "missed", missed.count)];
  let waiting = open.length;
  const isLate = due.some((at) => now.getTime() - at.getTime() > graceMs);
  for (const at of due) {
    // What is made up comes after what it follows, or "all" would give one.
    const isMadeUp = schedule.catchUp === "all" && (isLate || due.length > 1);
    if (schedule.overlap === "skip" && open.length > 0 && !isMadeUp) ticks.push(skip(at, "overlap"));
    else if (waiting >= Math.max(maxQueued, schedule.catchUpLimit)) ticks.push(skip(at, "queue-full"));
    else {
      ticks.push(queuedTick(schedule, at));
      waiting += 1;
    }
  }
  const isReplaced = schedule.overlap === "cancel" && ticks.some(({ status }) => status === "queued");
  return { ticks, ended: isReplaced ? open : [] };
}

/** The tick of an instant, ready to run; `failed` when its partitions can't be worked out. */
export function queuedTick(schedule: Schedule, at: Date): NewTick {
  const empty = emptyTick(schedule, at);
  const notBefore = new Date(at.getTime() + jitterOf(schedule, at)).toISOString();
  const asked = askPartitions(schedule, at);
  if ("message" in asked) {
    const reason: TickFailureReason = "definition";
    return { ...empty, status: "failed", reason, message: asked.message };
  }
  return { ...empty, notBefore, request: { ...empty.request, partitions: asked.partitions } };
}

function emptyTick(schedule: Schedule, at: Date): NewTick {
  const { selection, tags } = schedule;
  return {
    tick: at.toISOString(),
    number: 0,
    status: "queued",
    count: 1,
    notBefore: at.toISOString(),
    request: { selection, partitions: [], tags, ...limitsFor(schedule) },
  };
}

/** The limits as they are kept with a tick. */
export function limitsFor({
  retry,
  deadlineMs,
  memoryMb,
}: RunLimits): Pick<TickRequest, "retry" | "deadlineMs" | "memoryMb"> {
  return { retry, deadlineMs: deadlineMs ?? null, memoryMb: memoryMb ?? null };
}

/** The same for a tick each time, on every machine. */
function jitterOf({ name, jitterMs }: Schedule, at: Date): number {
  if (jitterMs === 0) return 0;
  const share = Number.parseInt(hashJson([name, at.toISOString()]).slice(0, 8), 16) / 2 ** 32;
  return Math.floor(share * jitterMs);
}

function askPartitions(
  schedule: Schedule,
  at: Date,
): { readonly partitions: readonly string[] } | { readonly message: string } {
  if (schedule.partitions === undefined) return { partitions: [] };
  const previous = ticksOfRule(schedule).last(new Date(at.getTime() - 1)) ?? at;
  try {
    const found: unknown = schedule.partitions({
      at,
      previous,
      schedule: schedule.name,
      timezone: schedule.timezone,
    });
    const partitions = typeof found === "string" ? [found] : found;
    if (Array.isArray(partitions) && partitions.every((key) => typeof key === "string" && key !== ""))
      return { partitions };
    return { message: `partitions of ${at.toISOString()}: expected text, got ${describeValue(found)}` };
  } catch (error) {
    return { message: `partitions of ${at.toISOString()} threw: ${thrownText(error)}` };
  }
}
