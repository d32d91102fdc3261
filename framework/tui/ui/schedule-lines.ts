import type { Schedule } from "../../definition/schedule.ts";
import type { Sensor } from "../../definition/sensor.ts";
import type { DaemonStatus } from "../../scheduler/daemon-statuses.ts";
import type { ScheduleStatus } from "../../scheduler/schedule-statuses.ts";
import type { TickRecord } from "../../store/schedules.ts";
import { formatAge, formatDuration, formatElapsed, shortInstant } from "../words/numbers.ts";
import { nextText, ruleText, scheduleSign, tickSign, tickText } from "../words/schedule.ts";
import { cleanText } from "../words/text.ts";
import { type Cell, cellLine, sign } from "./cells.ts";
import type { UiState } from "./state.ts";

/** Column titles of the list of schedules. */
export const scheduleTitles: readonly Cell[] = [
  { text: "  name", width: 18 },
  { text: "next", width: 12 },
  { text: "last tick", width: 28 },
  { text: "when", width: 60 },
];

/** A schedule or a sensor as a line of at most `width` cells. */
export function scheduleLine(state: UiState, status: ScheduleStatus, width: number): string {
  const { look, nowMs } = state;
  const name = scheduleSign(status);
  const line = cellLine(
    [
      { text: status.definition.name, width: 16, cut: "middle" },
      { text: nextText(status, nowMs), width: 12, paint: (text) => look.paint.as(name, text) },
      { text: lastText(status, nowMs), width: 28 },
      { text: ruleText(status.definition), width: 60, paint: look.paint.dim },
    ],
    width - 2,
    look,
  );
  return `${sign(state, name)} ${line.trimEnd()}`;
}

/** Its last tick; of a sensor that found nothing, what its last poll said. */
function lastText({ last, failures, note }: ScheduleStatus, nowMs: number): string {
  if (failures > 0) return `${failures} polls failed: ${cleanText(note ?? "")}`;
  if (last === undefined) return cleanText(note ?? "-");
  return `${shortInstant(last.tick, nowMs)} ${tickText(last, nowMs)}`;
}

/** Column titles of the ticks of one schedule. */
export const tickTitles: readonly Cell[] = [
  { text: "  tick", width: 13 },
  { text: "what came of it", width: 30 },
  { text: "run", width: 12 },
  { text: "time", width: 6, align: "right" },
  { text: "message", width: 60 },
];

/** A tick as a line of at most `width` cells. */
export function tickLine(state: UiState, tick: TickRecord, width: number): string {
  const { look, nowMs } = state;
  const name = tickSign(tick);
  const line = cellLine(
    [
      { text: shortInstant(tick.tick, nowMs), width: 11 },
      { text: tickText(tick, nowMs), width: 30, paint: (text) => look.paint.as(name, text) },
      { text: tick.runId ?? "-", width: 12 },
      { text: tookText(tick, nowMs), width: 6, align: "right" },
      { text: cleanText(tick.message ?? ""), width: 60, paint: look.paint.dim },
    ],
    width - 2,
    look,
  );
  return `${sign(state, name)} ${line.trimEnd()}`;
}

function tookText({ status, startedAt, finishedAt }: TickRecord, nowMs: number): string {
  if (startedAt === undefined) return "";
  if (finishedAt !== undefined) return formatDuration(Date.parse(finishedAt) - Date.parse(startedAt));
  return status === "started" ? formatElapsed(nowMs - Date.parse(startedAt)) : "";
}

/** What a schedule or a sensor is, part by part, for one line. */
export function scheduleFacts(definition: Schedule | Sensor): readonly string[] {
  const { name, description } = definition;
  const facts =
    definition.kind === "sensor"
      ? ["sensor", ruleText(definition)]
      : [
          definition.selection.length === 0 ? "everything" : definition.selection.join(" "),
          ruleText(definition),
          `overlap ${definition.overlap}`,
          `catch-up ${definition.catchUp}`,
        ];
  return [name, ...facts, ...(description === undefined ? [] : [cleanText(description)])];
}

/** `daemon ok`; for how long nothing was heard of one that does not work. Without an age while all is well: no frame for it. */
export function daemonNote({ state, isWorking, heartbeatAt }: DaemonStatus, nowMs: number): string {
  return `daemon ${state}${isWorking ? "" : ` ${formatAge(nowMs - Date.parse(heartbeatAt))}`}`;
}
