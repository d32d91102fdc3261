import type { Schedule } from "../../definition/schedule.ts";
import type { Sensor } from "../../definition/sensor.ts";
import { fireTick, makeKnown, switchSchedule } from "../../scheduler/by-hand.ts";
import { type DaemonStatus, daemonStatuses, leadingDaemon } from "../../scheduler/daemon-statuses.ts";
import { type ScheduleStatus, scheduleStatuses } from "../../scheduler/schedule-statuses.ts";
import type { TickRecord } from "../../store/schedules.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { shortInstant } from "../../tui/words/numbers.ts";
import {
  daemonText,
  nextText,
  ruleText,
  scheduleSign,
  tickSign,
  tickText,
} from "../../tui/words/schedule.ts";
import { nearest } from "../../util/nearest.ts";
import { exitCode } from "../exit-code.ts";
import { parseInstant } from "../instant.ts";
import { print, printJson } from "../output/print.ts";
import { lookOf, tableWidth } from "../output/terminal.ts";
import type { ScheduledProject } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { UsageError } from "../usage-error.ts";
import { pollSensor } from "./poll-sensor.ts";
import { previewSchedules } from "./preview-schedules.ts";
import { scheduleJson, tickJson } from "./schedule-json.ts";
import { showSchedule } from "./show-schedule.ts";

interface SchedulesOptions {
  readonly preview?: number;
  readonly limit: number;
  readonly on?: boolean;
  readonly off?: boolean;
  readonly tick?: boolean;
}

/** `moraine schedules`. */
export async function schedules(
  context: VerbContext,
  [name, at]: readonly string[],
  options: SchedulesOptions,
): Promise<number> {
  const asked = (["preview", "on", "off", "tick"] as const).filter((each) => options[each] !== undefined);
  if (asked.length > 1) throw new UsageError(`--${asked.join(" and --")} exclude each other`);
  if (at !== undefined && options.tick !== true)
    throw new UsageError(`expected one schedule, got ${name} and ${at}`, "moraine schedules --help");
  const project = await context.openScheduled();
  const now = new Date();
  // Whoever looks should not see a run as running whose process is gone.
  project.store.interruptDeadRuns(now.toISOString());
  const chosen = name === undefined ? undefined : findSchedule(project, name);
  if (options.preview !== undefined)
    return previewSchedules(context, project, chosen, { count: options.preview, now });
  if (options.tick === true) return tick(context, project, required(chosen, "tick"), at);
  if (options.on !== undefined || options.off !== undefined) {
    const on = options.on === true;
    const definition = required(chosen, on ? "on" : "off");
    switchSchedule(project.store.scheduling, definition, on, now);
    return showSwitched(context, project, definition);
  }
  if (chosen !== undefined) return showSchedule(context, project, chosen, { limit: options.limit, now });
  return listSchedules(context, project, now);
}

function findSchedule({ schedules: all }: ScheduledProject, name: string): Schedule | Sensor {
  const found = all.find((each) => each.name === name);
  if (found !== undefined) return found;
  const names = all.map((each) => each.name);
  const near = nearest(name, names);
  throw new UsageError(
    names.length === 0
      ? `no schedule ${name}: this project defines none`
      : `no schedule ${name}; this project has ${names.join(", ")}`,
    near.length === 0 ? undefined : near.map((each) => `moraine schedules ${each}`).join(", or "),
  );
}

function required(chosen: Schedule | Sensor | undefined, option: string): Schedule | Sensor {
  if (chosen !== undefined) return chosen;
  throw new UsageError(`--${option} needs the name of a schedule`, `moraine schedules NAME --${option}`);
}

function listSchedules(context: VerbContext, project: ScheduledProject, now: Date): number {
  const { store, targetName } = project;
  const statuses = scheduleStatuses(store, project.schedules, now);
  const daemon = leadingDaemon(daemonStatuses(store.scheduling, now));
  if (context.options.json === true) {
    printJson({
      target: targetName,
      daemon: daemon?.state ?? "none",
      schedules: statuses.map(scheduleJson),
    });
    return exitCode.done;
  }
  if (statuses.length === 0) {
    print("this project has no schedules; docs/schedules.md says how it gets some");
    return exitCode.done;
  }
  print(...statusTable(context, statuses, now), "", daemonText(daemon, targetName));
  return exitCode.done;
}

function statusTable(
  context: VerbContext,
  statuses: readonly ScheduleStatus[],
  now: Date,
): readonly string[] {
  const { signs, paint } = lookOf(context.options);
  const nowMs = now.getTime();
  return tableLines(
    [
      {
        title: "",
        fixed: true,
        paint: (cell, row) =>
          statuses[row] === undefined ? cell : paint.as(scheduleSign(statuses[row]), cell),
      },
      { title: "schedule", min: 12 },
      { title: "ticks", min: 16 },
      { title: "next", fixed: true },
      { title: "last", fixed: true },
      { title: "outcome", min: 10 },
      { title: "run" },
    ],
    statuses.map((status) => {
      const { definition, last, note = "" } = status;
      return [
        signs.sign[scheduleSign(status)],
        definition.name,
        ruleText(definition),
        nextText(status, nowMs),
        last === undefined ? "never" : `${shortInstant(last.tick, nowMs)}Z`,
        last === undefined ? note : tickText(last, nowMs),
        last?.runId ?? "",
      ];
    }),
    { width: tableWidth(), ellipsis: signs.ellipsis },
  );
}

function showSwitched(
  context: VerbContext,
  { store }: ScheduledProject,
  definition: Schedule | Sensor,
): number {
  const now = new Date();
  for (const status of scheduleStatuses(store, [definition], now)) {
    if (context.options.json === true) printJson(scheduleJson(status));
    else {
      const next = status.nextAt === undefined ? "" : `, next ${nextText(status, now.getTime())}`;
      print(`${definition.kind} ${definition.name} is ${status.state}${next}`);
    }
  }
  return exitCode.done;
}

/** `--tick`: queues one now, which a daemon runs; a sensor is polled here and now. */
async function tick(
  context: VerbContext,
  project: ScheduledProject,
  definition: Schedule | Sensor,
  at: string | undefined,
): Promise<number> {
  const { store, targetName } = project;
  const { kind, name, target } = definition;
  if (target !== undefined && target !== targetName) {
    const words = `${kind} ${name} is one of target ${target}, and this is ${targetName}`;
    throw new UsageError(words, `moraine schedules ${name} --tick --target ${target}`);
  }
  const now = new Date();
  if (kind === "schedule") {
    const instant = at === undefined ? now : new Date(parseInstant(at, "--tick"));
    return showFired(context, project, [fired(project, definition, instant, now)]);
  }
  if (at !== undefined) throw new UsageError(`sensor ${name} is polled now, not at ${at}`);
  makeKnown(store.scheduling, definition, now);
  const [before] = store.scheduling.ticks({ schedule: name, limit: 1 });
  const code = await pollSensor(context, name);
  if (code !== exitCode.done) return code;
  const ticks = store.scheduling.ticks({ schedule: name }).filter(({ id }) => id > (before?.id ?? 0));
  return showFired(context, project, ticks.toReversed());
}

function fired({ store }: ScheduledProject, schedule: Schedule, at: Date, now: Date): TickRecord {
  const result = fireTick(store.scheduling, schedule, at, now);
  if (result.ok) return result.tick;
  const { name } = schedule;
  throw new UsageError(
    result.reason === "open"
      ? `tick ${at.toISOString()} of schedule ${name} waits or runs already`
      : `schedule ${name}: ${result.message}`,
    result.reason === "open" ? `moraine schedules ${name}` : undefined,
  );
}

function showFired(
  context: VerbContext,
  { store, targetName }: ScheduledProject,
  ticks: readonly TickRecord[],
): number {
  const now = new Date();
  const daemon = leadingDaemon(daemonStatuses(store.scheduling, now));
  if (context.options.json === true) {
    printJson({ target: targetName, daemon: daemon?.state ?? "none", ticks: ticks.map(tickJson) });
    return exitCode.done;
  }
  const { signs, paint } = lookOf(context.options);
  for (const each of ticks) {
    const sign = paint.as(tickSign(each), signs.sign[tickSign(each)]);
    print(`${sign} ${each.schedule} ${each.tick} ${tickText(each, now.getTime())}`);
  }
  print(ticks.length === 0 ? "its poll asked for no run" : whoRuns(daemon));
  return exitCode.done;
}

function whoRuns(daemon: DaemonStatus | undefined): string {
  return daemon?.state === "ok"
    ? "the daemon begins with it within ten seconds"
    : "no daemon works: `moraine daemon --once` runs what is due now, this with it";
}
