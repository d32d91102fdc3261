import { readCron } from "../util/cron.ts";
import { unreachable } from "../util/unreachable.ts";
import type { PolicyProblem } from "./policy-problem.ts";

/**
 * When the daemon starts an asset by itself: a value that says what must hold, made by {@link eager}, {@link onCron},
 * {@link onMissing}, {@link whenStale}, {@link whenUpstreamChanged}, {@link whenOverdue} and joined by {@link all},
 * {@link any}, {@link not}. What it means exactly is written in docs/automation.md.
 */
export type Condition =
  | { readonly type: "missing" }
  | { readonly type: "stale" }
  | { readonly type: "upstream-changed" }
  | { readonly type: "overdue" }
  | { readonly type: "cron"; readonly cron: string; readonly timezone: string }
  | { readonly type: "all"; readonly of: readonly Condition[] }
  | { readonly type: "any"; readonly of: readonly Condition[] }
  | { readonly type: "not"; readonly of: Condition };

/** Whenever it is missing or stale: `any(onMissing(), whenStale())`. */
export function eager(): Condition {
  return any(onMissing(), whenStale());
}

/** Once at every tick of a cron expression; what is fresh then stays as it is. @param options `timezone`: IANA name */
export function onCron(cron: string, options: { readonly timezone: string }): Condition {
  return Object.freeze({ type: "cron", cron, timezone: options.timezone });
}

/** It was never materialized, or its table is gone. */
export function onMissing(): Condition {
  return Object.freeze({ type: "missing" });
}

/**
 * Its code or its upstreams changed, another version of an upstream is there, or its refresh interval has passed; or one of
 * its upstreams starts now. A failed check is no reason: running again would give the same.
 */
export function whenStale(): Condition {
  return Object.freeze({ type: "stale" });
}

/** An upstream has another data version than the one read, or starts now. */
export function whenUpstreamChanged(): Condition {
  return Object.freeze({ type: "upstream-changed" });
}

/** It missed a deadline of its freshness policy; again with every further one. */
export function whenOverdue(): Condition {
  return Object.freeze({ type: "overdue" });
}

/** All of them hold. */
export function all(...conditions: readonly Condition[]): Condition {
  return Object.freeze({ type: "all", of: Object.freeze([...conditions]) });
}

/** One of them holds. */
export function any(...conditions: readonly Condition[]): Condition {
  return Object.freeze({ type: "any", of: Object.freeze([...conditions]) });
}

/** It does not hold. */
export function not(condition: Condition): Condition {
  return Object.freeze({ type: "not", of: condition });
}

/** The cron expressions in a condition, each with its zone. */
export function cronsOf(condition: Condition): readonly Extract<Condition, { type: "cron" }>[] {
  switch (condition.type) {
    case "cron":
      return [condition];
    case "all":
    case "any":
      return condition.of.flatMap(cronsOf);
    case "not":
      return cronsOf(condition.of);
    case "missing":
    case "stale":
    case "upstream-changed":
    case "overdue":
      return [];
    default:
      return unreachable(condition);
  }
}

/** What is wrong with a condition. @param hasFreshness whether its asset has a freshness policy */
export function automationProblems(condition: Condition, hasFreshness: boolean): readonly PolicyProblem[] {
  switch (condition.type) {
    case "cron": {
      const read = readCron(condition.cron, condition.timezone);
      return read.ok ? [] : [{ path: [read.field], expected: read.message, got: condition[read.field] }];
    }
    case "overdue":
      return hasFreshness ? [] : [problem("expected a freshness policy on the asset", condition)];
    case "all":
    case "any":
      if (condition.of.length === 0) return [problem("expected at least one condition", condition)];
      return condition.of.flatMap((inner, index) =>
        automationProblems(inner, hasFreshness).map(({ path, ...rest }) => ({
          path: [condition.type, String(index), ...path],
          ...rest,
        })),
      );
    case "not":
      // It would hold at every moment but the tick.
      if (cronsOf(condition.of).length > 0) return [problem("expected no cron within not()", condition)];
      return automationProblems(condition.of, hasFreshness).map(({ path, ...rest }) => ({
        path: ["not", ...path],
        ...rest,
      }));
    case "missing":
    case "stale":
    case "upstream-changed":
      return [];
    default:
      return [problem("expected a condition like eager() or onCron(...)", condition)];
  }
}

function problem(expected: string, got: unknown): PolicyProblem {
  return { path: [], expected, got };
}
