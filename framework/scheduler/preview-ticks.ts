import type { Schedule } from "../definition/schedule.ts";
import type { Sensor } from "../definition/sensor.ts";
import { queuedTick } from "./decide-ticks.ts";
import { ticksOfRule } from "./rule.ts";

/** A tick that is still to come. */
export interface PreviewedTick {
  readonly schedule: string;
  readonly at: Date;
  /** With the schedule's jitter. */
  readonly beginsAt: Date;
  /** As `partitions` names them for this tick; none: those that are due then. */
  readonly partitions: readonly string[];
  /** Why its partitions can't be worked out. */
  readonly problem: string | undefined;
}

/** The first ticks of all the definitions after an instant, in their order, worked out as the daemon does. */
export function previewTicks(
  definitions: readonly (Schedule | Sensor)[],
  after: Date,
  count: number,
): readonly PreviewedTick[] {
  return definitions
    .flatMap((definition) => instantsOf(definition, after, count).map((at) => ({ definition, at })))
    .sort((a, b) => a.at.getTime() - b.at.getTime())
    .slice(0, count)
    .map(({ definition, at }) => previewed(definition, at));
}

function instantsOf(definition: Schedule | Sensor, after: Date, count: number): readonly Date[] {
  const ticks = ticksOfRule(definition);
  const found: Date[] = [];
  for (let at = after; found.length < count; found.push(at)) at = ticks.next(at);
  return found;
}

function previewed(definition: Schedule | Sensor, at: Date): PreviewedTick {
  const { name: schedule, kind } = definition;
  if (kind === "sensor") return { schedule, at, beginsAt: at, partitions: [], problem: undefined };
  const { notBefore, request, message } = queuedTick(definition, at);
  return { schedule, at, beginsAt: new Date(notBefore), partitions: request.partitions, problem: message };
}
