import type { AssetKey } from "../../definition/asset-key.ts";
import { causeSummary } from "../words/cause.ts";
import { reasonTag } from "../words/failure.ts";
import type { SignName } from "../words/signs.ts";
import type { UiData } from "./data.ts";

/** An asset's state as lists show it: one sign, one word, and why. */
export interface AssetState {
  readonly sign: SignName;
  readonly word: string;
  readonly why: string;
}

/**
 * What a person wants to know first: that it runs, else that its last attempt failed, else that it is missing or
 * stale, else that a check warns, else that it is fresh.
 */
export function assetState(key: AssetKey, data: UiData): AssetState {
  const status = data.statuses.get(key);
  const why = causeSummary(status?.causes ?? []);
  if (data.running.has(key)) return { sign: "running", word: "running", why };
  if (data.outcomes.get(key)?.outcome === "failed") {
    const failure = data.failures.get(key);
    return { sign: "failed", word: "failed", why: failure === undefined ? why : reasonTag(failure) };
  }
  if (status === undefined) return { sign: "queued", word: "unknown", why };
  if (status.status !== "fresh") return { sign: status.status, word: status.status, why };
  const bad = (data.checks.get(key) ?? []).filter(
    (check) => !check.result.passed || check.failure !== undefined,
  );
  const first = bad[0];
  return first === undefined
    ? { sign: "fresh", word: "fresh", why }
    : {
        sign: "warned",
        word: "fresh",
        why: `check ${first.check}${bad.length > 1 ? ` +${bad.length - 1}` : ""}`,
      };
}

/** Whether somebody should look at it. */
export function needsAttention(state: AssetState): boolean {
  return state.sign !== "fresh" && state.sign !== "queued";
}
