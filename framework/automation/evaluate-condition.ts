import type { AssetKey } from "../definition/asset-key.ts";
import type { Condition } from "../definition/automation.ts";
import type { FreshnessPolicy } from "../definition/freshness.ts";
import type { Cause } from "../event/event.ts";
import { type Freshness, lastMissedDeadline } from "../staleness/freshness.ts";
import type { AssetStatus } from "../staleness/status.ts";
import type { Instant } from "../store/store.ts";
import { ticksOf } from "../util/cron.ts";
import { canonicalJson, type Json } from "../util/hash.ts";
import { unreachable } from "../util/unreachable.ts";

/** What one asset's condition is judged by. */
export interface ConditionFacts {
  /** As a mere look sees it, see `Observations.asked`. */
  readonly status: Pick<AssetStatus, "causes">;
  readonly policy: FreshnessPolicy | undefined;
  /** Undefined exactly without a policy. */
  readonly freshness: Freshness | undefined;
  /** Upstreams that this evaluation starts. */
  readonly starting: readonly AssetKey[];
  readonly now: Date;
  /** Up to where the ticks of a cron expression have been decided, by {@link tickKey}; none: up to now. */
  readonly ticks: Readonly<Record<string, Instant>>;
}

/** A condition with what was found: which part holds, and by what. */
export type Evaluated =
  | { readonly type: "missing"; readonly holds: boolean }
  | {
      readonly type: "stale" | "upstream-changed";
      readonly holds: boolean;
      /** Those by which it holds. */
      readonly causes: readonly Cause[];
      readonly starting: readonly AssetKey[];
    }
  /** `deadline`: the newest that was missed; null when none was, or when there was none to miss. */
  | { readonly type: "overdue"; readonly holds: boolean; readonly deadline: Instant | null }
  | {
      readonly type: "cron";
      readonly holds: boolean;
      readonly cron: string;
      readonly timezone: string;
      /** The tick by which it holds: of several that have passed, the newest. */
      readonly tick: Instant | null;
      /** The next one from now on that has not been decided. */
      readonly next: Instant;
    }
  | { readonly type: "all" | "any"; readonly holds: boolean; readonly of: readonly Evaluated[] }
  | { readonly type: "not"; readonly holds: boolean; readonly of: Evaluated };

/** Judges a condition. Every part is judged, so that what is printed says all. */
export function evaluateCondition(condition: Condition, facts: ConditionFacts): Evaluated {
  const { causes } = facts.status;
  switch (condition.type) {
    case "missing":
      return { type: "missing", holds: causes.some((cause) => cause.type === "missing") };
    case "stale":
      return changed("stale", causes.filter(isOwnChange), facts);
    case "upstream-changed":
      return changed(
        "upstream-changed",
        causes.filter((cause) => cause.type === "data"),
        facts,
      );
    case "overdue":
      return evaluateOverdue(facts);
    case "cron":
      return evaluateCron(condition, facts);
    case "all":
    case "any": {
      const of = condition.of.map((inner) => evaluateCondition(inner, facts));
      const holds =
        condition.type === "all" ? of.every((inner) => inner.holds) : of.some((inner) => inner.holds);
      return { type: condition.type, holds, of };
    }
    case "not": {
      const of = evaluateCondition(condition.of, facts);
      return { type: "not", holds: !of.holds, of };
    }
    default:
      return unreachable(condition);
  }
}

/** A waiting upstream is its own affair, and what a check found wrong is wrong again when it runs again. */
function isOwnChange({ type }: Cause): boolean {
  return type !== "missing" && type !== "upstream" && type !== "failed-check";
}

function changed(
  type: "stale" | "upstream-changed",
  causes: readonly Cause[],
  { starting }: ConditionFacts,
): Evaluated {
  return { type, holds: causes.length + starting.length > 0, causes, starting };
}

function evaluateOverdue({ policy, freshness, now }: ConditionFacts): Evaluated {
  const holds = freshness?.state === "overdue";
  const deadline =
    holds && policy !== undefined && freshness !== undefined
      ? lastMissedDeadline(policy, freshness, now)
      : null;
  return { type: "overdue", holds, deadline };
}

/** Name of a cron expression in its zone. Another text is another expression. */
export function tickKey({ cron, timezone }: { readonly cron: string; readonly timezone: string }): string {
  return `${cron} ${timezone}`;
}

function evaluateCron(
  { cron, timezone }: Extract<Condition, { type: "cron" }>,
  { ticks, now }: ConditionFacts,
): Evaluated {
  const between = ticksOf(cron, timezone);
  const decided = new Date(ticks[tickKey({ cron, timezone })] ?? now);
  // With a clock that was set back, this lies behind the next time that clocks show: what was decided does not come again.
  const next = between.next(decided);
  const found = { type: "cron", cron, timezone } as const;
  if (next > now) return { ...found, holds: false, tick: null, next: next.toISOString() };
  const tick = between.last(now) ?? next;
  return { ...found, holds: true, tick: tick.toISOString(), next: between.next(now).toISOString() };
}

/**
 * By what a condition holds, as texts that can be compared with those of another evaluation: the same text, the same
 * reason. Of `all` and `any` the parts that hold; empty exactly when it does not hold.
 */
export function groundsOf(evaluated: Evaluated, now: Date): readonly string[] {
  if (!evaluated.holds) return [];
  switch (evaluated.type) {
    case "missing":
      return ["missing"];
    case "stale":
    case "upstream-changed":
      return [
        ...evaluated.causes.map((cause) => causeGround(cause, now)),
        // An upstream starts for grounds that are new, so its start is one as well.
        ...evaluated.starting.map((upstream) => ground({ starts: upstream, at: now.toISOString() })),
      ];
    case "overdue":
      return [ground({ overdue: evaluated.deadline })];
    case "cron":
      return [tickGround(tickKey(evaluated), evaluated.tick)];
    case "all":
    case "any":
      return [...new Set(evaluated.of.flatMap((inner) => groundsOf(inner, now)))];
    case "not":
      return [ground({ not: shapeOf(evaluated.of) })];
    default:
      return unreachable(evaluated);
  }
}

/** The grounds of every part that holds, also where the whole does not: what is true now. */
export function partialGrounds(evaluated: Evaluated, now: Date): readonly string[] {
  return evaluated.type === "all" || evaluated.type === "any"
    ? [...new Set(evaluated.of.flatMap((inner) => partialGrounds(inner, now)))]
    : groundsOf(evaluated, now);
}

/** The ground of a tick. @param key see {@link tickKey} */
export function tickGround(key: string, tick: Instant | null): string {
  return ground({ cron: key, tick });
}

/** Each interval that passes without a refresh is a reason to try again. */
function causeGround(cause: Cause, now: Date): string {
  if (cause.type !== "refresh" || cause.lastAt === null || cause.everyMs === 0) return ground(cause);
  const intervals = Math.floor((now.getTime() - Date.parse(cause.lastAt)) / cause.everyMs);
  return ground({ ...cause, intervals });
}

function shapeOf(evaluated: Evaluated): Json {
  switch (evaluated.type) {
    case "all":
    case "any":
      return { [evaluated.type]: evaluated.of.map(shapeOf) };
    case "not":
      return { not: shapeOf(evaluated.of) };
    case "missing":
    case "stale":
    case "upstream-changed":
    case "overdue":
    case "cron":
      return evaluated.type;
    default:
      return unreachable(evaluated);
  }
}

function ground(value: Json): string {
  return canonicalJson(value);
}
