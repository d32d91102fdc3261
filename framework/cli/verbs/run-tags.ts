import { isRunTag, tagRule } from "../../definition/run-tags.ts";
import type { Tags } from "../../store/store.ts";
import { UsageError } from "../usage-error.ts";

/** Reads `--tag name=value`, given any number of times. */
export function parseTags(texts: readonly string[] = []): Tags {
  const tags = new Map<string, string>();
  for (const text of texts) {
    const [name = ""] = text.split("=", 1);
    const value = text.slice(name.length + 1);
    if (!isRunTag(name, value))
      throw new UsageError(`--tag expects name=value, ${tagRule}, got ${text}`, "--tag reason=backfill");
    const before = tags.get(name);
    if (before !== undefined && before !== value)
      throw new UsageError(`--tag ${name} is given twice, as ${before} and as ${value}`, "keep one of them");
    tags.set(name, value);
  }
  return Object.fromEntries(tags);
}
