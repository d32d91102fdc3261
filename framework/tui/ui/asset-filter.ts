import type { AssetKey } from "../../definition/asset-key.ts";
import type { AssetGraph } from "../../graph/asset-graph.ts";
import { assetSign } from "./asset-state.ts";
import type { UiData } from "./data.ts";

/** Decides about one asset. */
export type AssetFilter = (key: AssetKey) => boolean;

/**
 * Reads a filter: words that an asset must all match; plain text is looked for in the key, `state:`, `group:`, `tag:`
 * and `owner:` in the asset; a `!` before a word turns it round. `state:` takes what the list shows as well as
 * `stale`, `missing`, `fresh`.
 */
export function parseAssetFilter(text: string, graph: AssetGraph, data: UiData): AssetFilter {
  const tests = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "" && word !== "!")
    .map((word) =>
      word.startsWith("!") ? not(wordTest(word.slice(1), graph, data)) : wordTest(word, graph, data),
    );
  return (key) => tests.every((test) => test(key));
}

function not(test: AssetFilter): AssetFilter {
  return (key) => !test(key);
}

function wordTest(word: string, graph: AssetGraph, data: UiData): AssetFilter {
  const [, name = "", value = ""] = /^(state|group|tag|owner):(.*)$/.exec(word) ?? [];
  switch (name) {
    case "state":
      return (key) => {
        // An asset that failed is usually stale as well, and is found as either; it is never found as fresh.
        const status = data.statuses.get(key)?.status ?? "fresh";
        return (
          stateWord(key, data).startsWith(value) ||
          (status !== "fresh" && status.startsWith(value)) ||
          (data.freshness.get(key)?.state === "overdue" && "overdue".startsWith(value))
        );
      };
    case "group":
      return (key) => (graph.asset(key).group ?? "").toLowerCase().startsWith(value);
    case "tag":
      return (key) => graph.asset(key).tags.some((tag) => tag.toLowerCase().startsWith(value));
    case "owner":
      return (key) => graph.asset(key).owners.some((owner) => owner.toLowerCase().startsWith(value));
    default:
      return (key) => key.includes(word);
  }
}

/** The word of the asset's sign; one whose check warns is fresh, and being late says nothing about being stale. */
function stateWord(key: AssetKey, data: UiData): string {
  const sign = assetSign(key, data);
  if (sign === "overdue") return data.statuses.get(key)?.status ?? "fresh";
  return sign === "warned" ? "fresh" : sign;
}
