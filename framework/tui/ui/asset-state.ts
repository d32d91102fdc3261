import type { AssetKey } from "../../definition/asset-key.ts";
import { hasPassed } from "../../event/has-passed.ts";
import type { CheckResultRecord } from "../../store/store.ts";
import { causeSummary } from "../words/cause.ts";
import { reasonTag } from "../words/failure.ts";
import { deadlineText, freshnessText } from "../words/freshness.ts";
import type { SignName } from "../words/signs.ts";
import type { UiData } from "./data.ts";
import type { UiState } from "./state.ts";

/** An asset's state as lists show it: one sign, one word, and why. */
export interface AssetState {
  readonly sign: SignName;
  readonly word: string;
  readonly why: string;
}

/**
 * What a person wants to know first: that it runs, else that its last attempt failed, else that it is missing, else
 * that it is overdue, else that it is stale, else that a check warns, else that it is fresh. Cheap: whole namespaces
 * are counted by it in every frame.
 */
export function assetSign(key: AssetKey, data: UiData): SignName {
  if (data.running.has(key)) return "running";
  if (data.outcomes.get(key)?.outcome === "failed") return "failed";
  const status = data.statuses.get(key)?.status;
  if (status === undefined) return "queued";
  if (status !== "missing" && data.freshness.get(key)?.state === "overdue") return "overdue";
  if (status !== "fresh") return status;
  return (data.checks.get(key) ?? []).some(isBad) ? "warned" : "fresh";
}

/** The sign of {@link assetSign} with its word and its reason. */
export function assetState(key: AssetKey, { data, nowMs }: Pick<UiState, "data" | "nowMs">): AssetState {
  const sign = assetSign(key, data);
  const why = () => causeSummary(data.statuses.get(key)?.causes ?? []);
  const freshness = data.freshness.get(key);
  if (sign === "queued") return { sign, word: "unknown", why: "" };
  if (sign === "failed") {
    const failure = data.failures.get(key);
    return { sign, word: "failed", why: failure === undefined ? why() : reasonTag(failure) };
  }
  if (sign === "overdue" && freshness !== undefined) {
    return { sign, word: freshnessText(freshness, nowMs), why: why() || deadlineText(freshness, nowMs) };
  }
  if (sign !== "warned") return { sign, word: sign, why: why() };
  const bad = (data.checks.get(key) ?? []).filter(isBad);
  const more = bad.length > 1 ? ` +${bad.length - 1}` : "";
  return { sign, word: "fresh", why: `check ${bad[0]?.check ?? ""}${more}` };
}

/** How many of these assets have each sign. One `!` stands for both: what warns and what is overdue. */
export function countSigns(keys: readonly AssetKey[], data: UiData): ReadonlyMap<SignName, number> {
  const counts = new Map<SignName, number>();
  for (const key of keys) {
    const sign = assetSign(key, data);
    const counted = sign === "overdue" ? "warned" : sign;
    counts.set(counted, (counts.get(counted) ?? 0) + 1);
  }
  return counts;
}

function isBad(check: CheckResultRecord): boolean {
  return !hasPassed(check);
}

/** Whether somebody should look at it. */
export function needsAttention(sign: SignName): boolean {
  return sign !== "fresh" && sign !== "queued";
}
