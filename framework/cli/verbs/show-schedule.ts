import type { Schedule } from "../../definition/schedule.ts";
import type { Sensor } from "../../definition/sensor.ts";
import { daemonStatuses, leadingDaemon } from "../../scheduler/daemon-statuses.ts";
import { type ScheduleStatus, scheduleStatuses } from "../../scheduler/schedule-statuses.ts";
import type { TickRecord } from "../../store/schedules.ts";
import { tableLines } from "../../tui/words/columns.ts";
import { formatDuration, formatInterval } from "../../tui/words/numbers.ts";
import { tagsText } from "../../tui/words/run.ts";
import {
  daemonText,
  isByHand,
  localText,
  nextText,
  ruleText,
  tickSign,
  tickText,
} from "../../tui/words/schedule.ts";
import { shellWords } from "../../util/shell-words.ts";
import { cleanText } from "../../tui/words/text.ts";
import { instantText } from "../../tui/words/instant.ts";
import { exitCode } from "../exit-code.ts";
import { print, printJson } from "../output/print.ts";
import { lookOf, tableWidth } from "../output/terminal.ts";
import type { ScheduledProject } from "../project/open-project.ts";
import type { VerbContext } from "../run-verb.ts";
import { scheduleJson, tickJson } from "./schedule-json.ts";

/** `moraine schedules NAME`: what it is, when it is due, and its latest ticks, newest first. */
export function showSchedule(
  context: VerbContext,
  { store, targetName }: ScheduledProject,
  definition: Schedule | Sensor,
  { limit, now }: { readonly limit: number; readonly now: Date },
): number {
  const ticks = store.scheduling.ticks({ schedule: definition.name, limit });
  for (const status of scheduleStatuses(store, [definition], now)) {
    if (context.options.json === true) {
      printJson({ ...scheduleJson(status), ticks: ticks.map(tickJson) });
      continue;
    }
    const daemon = leadingDaemon(daemonStatuses(store.scheduling, now));
    print(...definitionLines(status, now), `  ${daemonText(daemon, targetName)}`, "");
    if (ticks.length === 0) print("no tick yet");
    else print(...tickTable(context, ticks, now));
  }
  return exitCode.done;
}

function definitionLines(status: ScheduleStatus, now: Date): readonly string[] {
  const { definition, state, isSwitched } = status;
  const { kind, name, description } = definition;
  const fields: readonly (readonly [string, string])[] = [
    ["about", description ?? ""],
    ["ticks", ruleFields(definition)],
    ["next", nextField(status, now)],
    ...(definition.kind === "schedule" ? workFields(definition) : pollFields(status)),
    ["limits", limitsText(definition)],
  ];
  return [
    `${kind} ${name} is ${state}${isSwitched ? ", by hand" : ""}`,
    ...fields.flatMap(([field, text]) => (text === "" ? [] : [`  ${field.padEnd(10)}${text}`])),
  ];
}

function ruleFields(definition: Schedule | Sensor): string {
  const text = ruleText(definition);
  const cron = definition.kind === "schedule" ? definition.cron : undefined;
  return cron === undefined || text.startsWith(cron) ? text : `${text} (${cron})`;
}

function nextField(status: ScheduleStatus, now: Date): string {
  const { definition, nextAt } = status;
  const when = nextText(status, now.getTime());
  if (nextAt === undefined) return when;
  const isLocal = definition.kind === "schedule" && definition.cron !== undefined;
  const there = isLocal ? `, ${localText(nextAt, definition.timezone)} there` : "";
  return `${nextAt.toISOString().slice(0, 19)}Z${there}, ${when}`;
}

function workFields(schedule: Schedule): readonly (readonly [string, string])[] {
  const { selection, tags, overlap, catchUp, catchUpLimit, jitterMs } = schedule;
  const limit = catchUp === "all" ? ` (${catchUpLimit} at most)` : "";
  const jitter = jitterMs === 0 ? "" : `, jitter ${formatInterval(jitterMs)}`;
  return [
    ["runs", selection.length === 0 ? "everything" : shellWords(selection)],
    ["tags", tagsText(tags)],
    ["policies", `overlap ${overlap}, catch-up ${catchUp}${limit}${jitter}`],
  ];
}

function pollFields({ note = "", failures }: ScheduleStatus): readonly (readonly [string, string])[] {
  const failed = failures === 0 ? "" : `${failures} polls failed in a row: `;
  return [["last poll", `${failed}${cleanText(note)}`]];
}

function limitsText({ retry, deadlineMs, memoryMb }: Schedule | Sensor): string {
  const { maxAttempts, baseDelayMs, maxDelayMs } = retry;
  return [
    maxAttempts === 1
      ? "one attempt"
      : `${maxAttempts} attempts, ${formatInterval(baseDelayMs)} doubling to ${formatInterval(maxDelayMs)}`,
    ...(deadlineMs === undefined ? [] : [`deadline ${formatInterval(deadlineMs)}`]),
    ...(memoryMb === undefined ? [] : [`memory ${memoryMb} MB`]),
  ].join(", ");
}

function tickTable(context: VerbContext, ticks: readonly TickRecord[], now: Date): readonly string[] {
  const { signs, paint } = lookOf(context.options);
  return tableLines(
    [
      {
        title: "",
        fixed: true,
        paint: (cell, row) => (ticks[row] === undefined ? cell : paint.as(tickSign(ticks[row]), cell)),
      },
      { title: "tick, UTC", fixed: true },
      { title: "outcome", min: 12 },
      { title: "run", fixed: true },
      { title: "try", align: "right", fixed: true },
      { title: "time", align: "right", fixed: true },
      { title: "" },
    ],
    ticks.map((tick) => [
      signs.sign[tickSign(tick)],
      instantText(tick.tick),
      tickText(tick, now.getTime()),
      tick.runId ?? "",
      tick.attempt === 0 ? "" : String(tick.attempt),
      tick.startedAt === undefined || tick.finishedAt === undefined
        ? ""
        : formatDuration(Date.parse(tick.finishedAt) - Date.parse(tick.startedAt)),
      [...(isByHand(tick) ? ["by hand"] : []), cleanText(tick.message ?? "")].filter(Boolean).join(", "),
    ]),
    { width: tableWidth(), ellipsis: signs.ellipsis },
  );
}
