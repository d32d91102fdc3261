import type { AssetKey } from "../definition/asset-key.ts";
import type { FreshnessPolicy } from "../definition/freshness.ts";
import type { AssetGraph } from "../graph/asset-graph.ts";
import type { Instant, StoreReader } from "../store/store.ts";
import { ticksOf } from "../util/cron.ts";

/**
 * Whether an asset is late by the clock. It says nothing about staleness: an asset may be fresh and overdue (nothing
 * has asked for days whether the source moved), or stale and on time.
 */
export interface Freshness {
  readonly state: "on-time" | "overdue";
  /** When it was last known good, or the deadline that it missed; null for one that never was known good. */
  readonly since: Instant | null;
  /** From this instant on it is overdue, unless it is known good again before. Null: it never was. */
  readonly deadline: Instant | null;
  /**
   * The start of the last attempt that materialized it or found it fresh: what it holds is no older than that.
   * Null: never.
   */
  readonly knownGoodAt: Instant | null;
}

/** The freshness of every asset that has a policy. */
export function computeFreshness(
  graph: AssetGraph,
  reader: Pick<StoreReader, "knownGood">,
  now: Date,
): ReadonlyMap<AssetKey, Freshness> {
  const policies = graph.keys.flatMap((key) => {
    const policy = graph.asset(key).freshness;
    return policy === undefined ? [] : [[key, policy] as const];
  });
  if (policies.length === 0) return new Map();
  const knownGood = reader.knownGood(
    policies.map(([key]) => key),
    now.toISOString(),
  );
  return new Map(policies.map(([key, policy]) => [key, freshnessOf(policy, knownGood.get(key), now)]));
}

/** Judges one asset. @param knownGoodAt see {@link Freshness.knownGoodAt}; undefined: never */
export function freshnessOf(policy: FreshnessPolicy, knownGoodAt: Instant | undefined, now: Date): Freshness {
  // What was promised and never was there is late, however new the promise is.
  if (knownGoodAt === undefined) return { state: "overdue", since: null, deadline: null, knownGoodAt: null };
  const deadline = deadlineAfter(policy, new Date(knownGoodAt)).toISOString();
  return freshnessAt({ state: "on-time", since: knownGoodAt, deadline, knownGoodAt }, now);
}

/** The same as time goes on and nothing else happens. */
export function freshnessAt(freshness: Freshness, now: Date): Freshness {
  const { deadline, knownGoodAt } = freshness;
  if (deadline === null) return freshness;
  return now.getTime() < Date.parse(deadline)
    ? { ...freshness, state: "on-time", since: knownGoodAt }
    : { ...freshness, state: "overdue", since: deadline };
}

/**
 * From when on an asset is overdue that was last known good at an instant. By cron: the tick that follows the first
 * one at or after the instant. At that first tick it was in order; it now has until the second, and its grace.
 */
export function deadlineAfter(policy: FreshnessPolicy, knownGoodAt: Date): Date {
  if (policy.deadline === undefined) return new Date(knownGoodAt.getTime() + policy.maxAgeMs);
  const { cron, timezone, graceMs = 0 } = policy.deadline;
  const ticks = ticksOf(cron, timezone);
  const inOrderAt = ticks.next(new Date(knownGoodAt.getTime() - 1));
  return new Date(ticks.next(inOrderAt).getTime() + graceMs);
}

/** The newest deadline that an asset which is overdue has missed: another one each time that one more passes. */
export function lastMissedDeadline(
  policy: FreshnessPolicy,
  { deadline }: Freshness,
  now: Date,
): Instant | null {
  if (policy.deadline !== undefined) {
    const { cron, timezone, graceMs = 0 } = policy.deadline;
    const tick = ticksOf(cron, timezone).last(new Date(now.getTime() - graceMs));
    return tick === undefined ? null : new Date(tick.getTime() + graceMs).toISOString();
  }
  if (deadline === null) return null;
  const lateMs = now.getTime() - Date.parse(deadline);
  return new Date(now.getTime() - (lateMs % policy.maxAgeMs)).toISOString();
}
