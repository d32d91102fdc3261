import type { AutomationVerdict, Held } from "../../automation/evaluate-automation.ts";
import type { Evaluated } from "../../automation/evaluate-condition.ts";
import type { Condition } from "../../definition/automation.ts";
import { unreachable } from "../../util/unreachable.ts";
import { causeText } from "./cause.ts";
import { shortInstant } from "./numbers.ts";

/** A condition as it is written: `any(missing, stale)`, `all(0 2 * * * UTC, not(overdue))`. */
export function conditionText(condition: Condition): string {
  switch (condition.type) {
    case "all":
    case "any":
      return `${condition.type}(${condition.of.map(conditionText).join(", ")})`;
    case "not":
      return `not(${conditionText(condition.of)})`;
    case "cron":
      return `${condition.cron} ${condition.timezone}`;
    case "missing":
    case "stale":
    case "upstream-changed":
    case "overdue":
      return condition.type;
    default:
      return unreachable(condition);
  }
}

/** Why an asset starts, waits or does not start, in one line. */
export function verdictText(verdict: AutomationVerdict, nowMs: number): string {
  const { decision, evaluated, held, memory } = verdict;
  switch (decision) {
    case "start":
      return found(evaluated, nowMs);
    case "wait":
      return `${held === undefined ? "" : `${heldText(held)}; `}${found(evaluated, nowMs)}`;
    case "done":
      return `started for this before${memory.started === null ? "" : `, by run ${memory.started.runId}`}; ${found(evaluated, nowMs)}`;
    case "no":
      return found(evaluated, nowMs);
    default:
      return unreachable(decision);
  }
}

function heldText(held: Held): string {
  switch (held.reason) {
    case "in-progress":
      return "a run has it in hand";
    case "upstream-in-progress":
      return `a run has ${held.upstream} in hand`;
    case "upstream-unusable":
      return `${held.upstream} can't be read`;
    default:
      return unreachable(held);
  }
}

/** What was found: where the condition holds, that which it holds by, else that which it lacks. */
function found(evaluated: Evaluated, nowMs: number): string {
  const at = (instant: string) => `${shortInstant(instant, nowMs)}Z`;
  switch (evaluated.type) {
    case "missing":
      return evaluated.holds ? "missing" : "not missing";
    case "stale":
    case "upstream-changed": {
      const reasons = [
        ...evaluated.causes.map(causeText),
        ...evaluated.starting.map((upstream) => `${upstream} starts`),
      ];
      return reasons.length > 0
        ? reasons.join(", ")
        : evaluated.type === "stale"
          ? "not stale"
          : "no upstream changed";
    }
    case "overdue":
      if (!evaluated.holds) return "not overdue";
      return evaluated.deadline === null
        ? "overdue, never known good"
        : `overdue since ${at(evaluated.deadline)}`;
    case "cron":
      return evaluated.tick === null ? `next ${at(evaluated.next)}` : `tick ${at(evaluated.tick)}`;
    case "all":
    case "any": {
      const parts = evaluated.of.filter((part) => part.holds === evaluated.holds);
      return parts.map((part) => found(part, nowMs)).join(", ");
    }
    case "not":
      return found(evaluated.of, nowMs);
    default:
      return unreachable(evaluated);
  }
}
