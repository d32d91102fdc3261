import { cleanText } from "./text.ts";

/** `reason=backfill, ticket=17`; empty without tags. */
export function tagsText(tags: Readonly<Record<string, string>>): string {
  return Object.entries(tags)
    .map(([name, value]) => `${name}=${cleanText(value)}`)
    .join(", ");
}
