import type { DefinitionProblem } from "../definition/problem.ts";
import { nearest } from "../util/nearest.ts";
import type { Place } from "./selection-syntax.ts";

/** Longest excerpt of an argument, in characters, so that the caret stays under its term on 80 columns. */
const excerptWidth = 64;

/** A problem of one term, which is pointed at unless it is the whole argument: the message names that. */
export function problemAt(at: Place, problem: Omit<DefinitionProblem, "where">): DefinitionProblem {
  const isWhole = at.source.slice(at.start, at.end) === at.source.trim();
  return isWhole ? problem : { ...problem, where: pointAt(at) };
}

/** `did you mean a or b?`, to be spread into a problem; nothing when no name is near. */
export function didYouMean(text: string, names: Iterable<string>): Pick<DefinitionProblem, "next"> {
  const near = nearest(text, new Set(names));
  return near.length === 0 ? {} : { next: `did you mean ${near.join(" or ")}?` };
}

/** The argument, and a line of carets under the place; a long argument is cut around it. */
export function pointAt({ source, start, end }: Place): string {
  const from = Math.max(0, Math.min(start - excerptWidth / 4, source.length + 1 - excerptWidth));
  const to = Math.min(source.length, from + excerptWidth);
  const before = from > 0 ? "…" : "";
  const after = to < source.length ? "…" : "";
  // One blank for each control character, so that the columns of both lines stay the same.
  const shown = source.slice(from, to).replaceAll(/\p{Cc}/gu, " ");
  const width = Math.max(1, Math.min(end, to) - start);
  return `${before}${shown}${after}\n${" ".repeat(before.length + start - from)}${"^".repeat(width)}`;
}
