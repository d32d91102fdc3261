import jsTokens from "js-tokens";
import { hashJson } from "../util/hash.ts";

/** By text: the functions of assets that a loop declares have one text, and taking text apart is slow. */
const versions = new Map<string, string>();

/**
 * The code version of an asset's function, sha256 over its text without comments and layout: the same before and after a
 * reformat, another after any change of code.
 */
export function functionVersion(materialize: (...args: never[]) => unknown): string {
  const text = materialize.toString();
  const known = versions.get(text);
  if (known !== undefined) return known;
  const version = hashJson({ materialize: codeOf(text) });
  versions.set(text, version);
  return version;
}

function codeOf(text: string): string {
  const kept: string[] = [];
  for (const token of jsTokens(text)) {
    if (
      token.type.endsWith("Comment") ||
      token.type === "WhiteSpace" ||
      token.type === "LineTerminatorSequence"
    )
      continue;
    kept.push(token.value);
  }
  return kept.join("\n");
}
