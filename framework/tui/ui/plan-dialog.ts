import type { AssetKey } from "../../definition/asset-key.ts";
import { withinHops } from "../../graph/within-hops.ts";
import { shellWords } from "../../util/shell-words.ts";
import { causeSummary } from "../words/cause.ts";
import { countOf, formatElapsed } from "../words/numbers.ts";
import type { ScheduleStatus } from "../../scheduler/schedule-statuses.ts";
import type { Overlay, UiState } from "./state.ts";

type ConfirmOverlay = Extract<Overlay, { type: "confirm" }>;

/** The dialog before a materialization: which assets, why, how long it usually takes, and the command line. */
export function materializeDialog(
  state: UiState,
  keys: readonly AssetKey[],
  withUpstream: boolean,
): ConfirmOverlay {
  const { graph, data } = state;
  const selected = withinHops(keys, withUpstream ? Infinity : 0, (key) => graph.upstreams(key));
  const ordered = graph.keys.filter((key) => selected.has(key));
  const planned = data.planned(ordered);
  const due = ordered.flatMap((key) => {
    const unit = planned.get(key)?.find(({ action }) => action === "run" || action === "maybe");
    return unit === undefined ? [] : [unit];
  });
  const usual = due.reduce((sum, { key }) => sum + (data.usualMs.get(key) ?? 0), 0);
  const unknown = due.filter(({ key }) => !data.usualMs.has(key)).length;
  const readers = keys.flatMap((key) => graph.downstreams(key));
  const downstream = withinHops(readers, Infinity, (key) => graph.downstreams(key)).size;
  const shown = due.slice(0, 6);
  const args = ["materialize", ...selectionOf(state, keys, withUpstream)];
  return {
    type: "confirm",
    title: `Materialize ${keys.length === 1 ? keys[0] : countOf(keys.length, "asset")}`,
    lines: [
      `${countOf(due.length, "asset")} of ${ordered.length} to run${usual === 0 ? "" : `, usually ~${formatElapsed(usual)}`}${unknown === 0 || usual === 0 ? "" : `, ${unknown} never timed`}`,
      ...shown.map(({ key, causes }) => `  ${key}  ${causeSummary(causes)}`),
      ...(due.length > shown.length ? [`  and ${due.length - shown.length} more`] : []),
      ...(due.length === 0 ? ["  nothing of it would run: moraine plan says why"] : []),
      ...(downstream === 0 ? [] : [`${countOf(downstream, "asset")} downstream may become stale`]),
      "",
      `moraine ${shellWords(args)}`,
    ],
    args,
    confirmed: false,
  };
}

/** The dialog before checks are run alone. */
export function checkDialog(state: UiState, key: AssetKey): ConfirmOverlay {
  const args = ["check", key];
  const checks = state.graph.checks(key);
  return {
    type: "confirm",
    title: `Check ${key}`,
    lines: [
      `${countOf(checks.length, "check")}: ${checks
        .slice(0, 8)
        .map((check) => check.name)
        .join(", ")}`,
      "nothing is written to tables",
      "",
      `moraine ${shellWords(args)}`,
    ],
    args,
    confirmed: false,
  };
}

/** The dialog before a tick or a poll out of its turn. */
export function tickDialog(state: UiState, { definition }: ScheduleStatus): ConfirmOverlay {
  const { name } = definition;
  const args = ["schedules", name, "--tick"];
  return {
    type: "confirm",
    title: definition.kind === "sensor" ? `Poll ${name} now` : `Run ${name} now`,
    lines: [
      definition.kind === "sensor"
        ? "asks the sensor, and queues the runs that it says"
        : `materializes what is stale of ${definition.selection.length === 0 ? "everything" : definition.selection.join(" ")}`,
      state.data.daemon?.isWorking === true
        ? "the daemon starts them"
        : "no daemon works: runs wait for one, or for moraine daemon --once",
      "",
      `moraine ${shellWords(args)}`,
    ],
    args,
    confirmed: false,
  };
}

/** The dialog before a schedule or a sensor is switched off, or on again. */
export function switchDialog(_state: UiState, { definition, state }: ScheduleStatus): ConfirmOverlay {
  const isOn = state === "on";
  const args = ["schedules", definition.name, isOn ? "--off" : "--on"];
  return {
    type: "confirm",
    title: `Switch ${definition.name} ${isOn ? "off" : "on"}`,
    lines: [
      isOn ? "what passes meanwhile stays past; what runs goes on" : "ticks count from now on",
      "",
      `moraine ${shellWords(args)}`,
    ],
    args,
    confirmed: false,
  };
}

/** A whole namespace is named as a glob, which is what a person would type. */
function selectionOf(state: UiState, keys: readonly AssetKey[], withUpstream: boolean): readonly string[] {
  const prefix = withUpstream ? "+" : "";
  const namespace = keys[0]?.split("/")[0];
  const isWhole =
    keys.length > 1 &&
    keys.every((key) => key.startsWith(`${namespace}/`)) &&
    keys.length === state.sortedKeys.filter((key) => key.startsWith(`${namespace}/`)).length;
  return isWhole ? [`${prefix}${namespace}/*`] : keys.map((key) => `${prefix}${key}`);
}
