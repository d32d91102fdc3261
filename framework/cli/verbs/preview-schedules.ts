import type { Schedule } from "../../definition/schedule.ts";
import type { Sensor } from "../../definition/sensor.ts";
import { type PreviewedTick, previewTicks } from "../../scheduler/preview-ticks.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { formatElapsed, someOf } from "../../tui/words/numbers.ts";
import { localText, offsetText } from "../../tui/words/schedule.ts";
import { utcOffsetMs } from "../../util/zoned-time.ts";
import { exitCode } from "../exit-code.ts";
import { print, printJson } from "../output/print.ts";
import { lookOf, tableWidth } from "../output/terminal.ts";
import type { ScheduledProject } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";

/** `moraine schedules [name] --preview N`: the next ticks, of a schedule or of all of them, also of those that are off. */
export function previewSchedules(
  context: VerbContext,
  project: ScheduledProject,
  chosen: Schedule | Sensor | undefined,
  { count, now }: { readonly count: number; readonly now: Date },
): number {
  const all = project.schedules.filter(({ kind }) => kind === "schedule");
  const definitions = chosen === undefined ? all : [chosen];
  const zones = new Map(definitions.map((each) => [each.name, zoneOf(each)]));
  const ticks = withClocks(previewTicks(definitions, now, count), zones, now);
  if (context.options.json === true) {
    printJson({ target: project.targetName, ticks: ticks.map(previewJson) });
    return exitCode.done;
  }
  if (ticks.length === 0) print("no schedule, so no tick");
  else print(...previewTable(context, ticks, now));
  return exitCode.done;
}

/** A tick with the clocks where its schedule lives. */
interface TickOnClocks extends PreviewedTick {
  readonly timezone: string;
  readonly offsetMs: number;
  /** By how much the clocks there changed since the schedule's tick before. */
  readonly changedMs: number;
}

function zoneOf(definition: Schedule | Sensor): string {
  return definition.kind === "schedule" && definition.cron !== undefined ? definition.timezone : "UTC";
}

function withClocks(
  ticks: readonly PreviewedTick[],
  zones: ReadonlyMap<string, string>,
  now: Date,
): readonly TickOnClocks[] {
  const before = new Map<string, number>();
  return ticks.map((tick) => {
    const timezone = zones.get(tick.schedule) ?? "UTC";
    const offsetMs = utcOffsetMs(tick.at.getTime(), timezone);
    const changedMs = offsetMs - (before.get(tick.schedule) ?? utcOffsetMs(now.getTime(), timezone));
    before.set(tick.schedule, offsetMs);
    return { ...tick, timezone, offsetMs, changedMs };
  });
}

function previewJson({ schedule, at, beginsAt, partitions, problem, timezone, offsetMs }: TickOnClocks) {
  const local = new Date(at.getTime() + offsetMs).toISOString().slice(0, 19);
  return {
    schedule,
    tick: at.toISOString(),
    local: `${local}${offsetText(offsetMs)}`,
    timezone,
    beginsAt: beginsAt.toISOString(),
    partitions,
    problem: problem ?? null,
  };
}

function previewTable(context: VerbContext, ticks: readonly TickOnClocks[], now: Date): readonly string[] {
  const { signs } = lookOf(context.options);
  const hasPartitions = ticks.some(
    ({ partitions, problem }) => partitions.length > 0 || problem !== undefined,
  );
  const hasJitter = ticks.some(({ at, beginsAt }) => at < beginsAt);
  return tableLines(
    [
      { title: "tick, UTC", fixed: true },
      { title: "there", fixed: true },
      { title: "zone" },
      { title: "in", fixed: true },
      { title: "schedule", min: 8 },
      ...(hasJitter ? [{ title: "begins, UTC", fixed: true }] : []),
      ...(hasPartitions ? [{ title: "partitions", min: 10 }] : []),
      { title: "" },
    ],
    ticks.map((tick) => [
      tick.at.toISOString().slice(0, 19).replace("T", " "),
      localText(tick.at, tick.timezone),
      tick.timezone,
      formatElapsed(tick.at.getTime() - now.getTime()),
      tick.schedule,
      ...(hasJitter ? [tick.beginsAt.toISOString().slice(11, 19)] : []),
      ...(hasPartitions ? [tick.problem ?? someOf(tick.partitions, 3)] : []),
      clocksText(tick.changedMs),
    ]),
    { width: tableWidth(), ellipsis: signs.ellipsis },
  );
}

function clocksText(changedMs: number): string {
  if (changedMs === 0) return "";
  return `clocks go ${changedMs > 0 ? "forward" : "back"} ${formatElapsed(Math.abs(changedMs))} before it`;
}
