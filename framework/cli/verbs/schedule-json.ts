import type { ScheduleStatus } from "../../scheduler/schedule-statuses.ts";
import type { TickRecord } from "../../store/schedules.ts";
import { isByHand } from "../../tui/words/schedule.ts";

/** A schedule or a sensor as `--json` shows it. */
export function scheduleJson({ definition, state, nextAt, isOverdue, last, open, ...rest }: ScheduleStatus) {
  const { kind, name, description, target, everyMs, retry, deadlineMs, memoryMb } = definition;
  return {
    name,
    kind,
    description: description ?? null,
    state,
    switchedByHand: rest.isSwitched,
    ...(definition.kind === "schedule" ? ruleJson(definition) : { cron: null, timezone: null }),
    everyMs: everyMs ?? null,
    selection: definition.kind === "schedule" ? definition.selection : null,
    target: target ?? null,
    limits: { retry, deadlineMs: deadlineMs ?? null, memoryMb: memoryMb ?? null },
    policies: definition.kind === "schedule" ? policiesJson(definition) : null,
    nextTick: nextAt?.toISOString() ?? null,
    overdue: isOverdue,
    openTicks: open.length,
    lastTick: last === undefined ? null : tickJson(last),
    note: rest.note ?? null,
    failedPolls: rest.failures,
  };
}

type ScheduleDefinition = Extract<ScheduleStatus["definition"], { kind: "schedule" }>;

function ruleJson({ cron, timezone }: ScheduleDefinition) {
  return { cron: cron ?? null, timezone: cron === undefined ? null : timezone };
}

function policiesJson({ overlap, catchUp, catchUpLimit, jitterMs }: ScheduleDefinition) {
  return { overlap, catchUp, catchUpLimit, jitterMs };
}

/** A tick as `--json` shows it. */
export function tickJson(tick: TickRecord) {
  const { id, schedule, kind, status, count, attempt, decidedAt, notBefore, request } = tick;
  const { selection, partitions, tags } = request;
  return {
    id,
    schedule,
    kind,
    tick: tick.tick,
    byHand: isByHand(tick),
    status,
    reason: tick.reason ?? null,
    message: tick.message ?? null,
    count,
    attempt,
    runId: tick.runId ?? null,
    decidedAt,
    notBefore,
    startedAt: tick.startedAt ?? null,
    finishedAt: tick.finishedAt ?? null,
    selection,
    partitions,
    tags,
  };
}
