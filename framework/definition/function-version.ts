import jsTokens from "js-tokens";

/** A function's text without comments and layout: the same before and after a reformat, another after any change of code. */
export function functionVersion(body: (...args: never[]) => unknown): string {
  const kept: string[] = [];
  for (const token of jsTokens(body.toString())) {
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
