import type { Outcome } from "../../event/event.ts";
import { formatCount } from "./numbers.ts";
import { cleanText } from "./text.ts";

/** `reason=backfill, ticket=17`; empty without tags. */
export function tagsText(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(([name, value]) => `${name}=${cleanText(value)}`)
    .join(", ");
}

/** `17 materialized, 3 fresh, 1 failed`: the assets of a run by outcome, without what is none; empty without any. */
export function countsText(counts: Readonly<Record<Outcome, number>>): string {
  return (["materialized", "fresh", "failed", "skipped", "cancelled"] as const)
    .filter((outcome) => counts[outcome] > 0)
    .map((outcome) => `${formatCount(counts[outcome])} ${outcome}`)
    .join(", ");
}
