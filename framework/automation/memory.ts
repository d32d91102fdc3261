import { type Condition, cronsOf } from "../definition/automation.ts";
import type { AutomationMemory, Instant } from "../store/store.ts";
import { partialGrounds, tickGround, tickKey } from "./evaluate-condition.ts";
import type { Evaluated } from "./evaluate-condition.ts";

/** Of an asset that is seen for the first time. */
const noMemory: AutomationMemory = { ticks: {}, started: null };

/**
 * The memory to judge with. Of a cron expression that was not there before, ticks count from now on, so that a new or
 * changed one never takes up the past. When the last start came to nothing, it is forgotten, and its ticks are open again.
 */
export function recall(
  condition: Condition,
  memory: AutomationMemory = noMemory,
  now: Date,
  cameToNothing: boolean,
): AutomationMemory {
  const forgotten = cameToNothing ? (memory.started?.grounds ?? []) : [];
  const ticks = cronsOf(condition).map((cron): [string, Instant] => {
    const key = tickKey(cron);
    const decided = memory.ticks[key] ?? now.toISOString();
    const isOpenAgain = forgotten.includes(tickGround(key, decided));
    return [key, isOpenAgain ? new Date(Date.parse(decided) - 1).toISOString() : decided];
  });
  return { ticks: Object.fromEntries(ticks), started: cameToNothing ? null : memory.started };
}

/**
 * The memory after an evaluation that decided: its ticks are done with, whether they started something or not; what it
 * started by is remembered as long as it stays true.
 */
export function remember(
  memory: AutomationMemory,
  evaluated: Evaluated,
  now: Date,
  start: { readonly runId: string; readonly grounds: readonly string[] } | undefined,
): AutomationMemory {
  const ticks = { ...memory.ticks };
  for (const { key, tick } of openTicks(evaluated)) ticks[key] = tick;
  if (start !== undefined) return { ticks, started: { at: now.toISOString(), ...start } };
  if (memory.started === null) return { ticks, started: null };
  const trueNow = new Set(partialGrounds(evaluated, now));
  const grounds = memory.started.grounds.filter((ground) => trueNow.has(ground));
  return { ticks, started: { ...memory.started, grounds } };
}

function openTicks(evaluated: Evaluated): readonly { readonly key: string; readonly tick: Instant }[] {
  switch (evaluated.type) {
    case "cron":
      return evaluated.tick === null ? [] : [{ key: tickKey(evaluated), tick: evaluated.tick }];
    case "all":
    case "any":
      return evaluated.of.flatMap(openTicks);
    case "not":
    case "missing":
    case "stale":
    case "upstream-changed":
    case "overdue":
    default:
      return [];
  }
}
