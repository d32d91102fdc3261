import type { DefinitionProblem } from "../../definition/problem.ts";
import type { Failure } from "../../event/failure.ts";
import { countOf } from "./numbers.ts";
import { createPaint, type Paint } from "./paint.ts";
import { cleanText } from "./text.ts";

const plain = createPaint(false);

/** `[rate-limited]`: a reason as columns show it. */
export function reasonTag(failure: Failure): string {
  return `[${failure.reason}]`;
}

/**
 * A failure in full: `error[reason]: message`, then expected, got, where, next. `detail` (a stack, a raw answer) only
 * with `verbose`.
 */
export function failureBlock(
  failure: Failure,
  options: { readonly key?: string; readonly verbose?: boolean; readonly paint?: Paint } = {},
): readonly string[] {
  const paint = options.paint ?? plain;
  const subject =
    options.key === undefined || failure.message.includes(options.key) ? "" : `${options.key}: `;
  const lines = [
    `${paint.as("failed", `error[${failure.reason}]`)}: ${subject}${cleanText(failure.message)}`,
    ...field("expected", failure.expected),
    ...field("got", failure.got),
    ...field("where", failure.where),
    ...field("next", failure.next),
  ];
  if (options.verbose === true && failure.detail !== undefined) {
    lines.push(...failure.detail.split("\n").map((line) => `  ${paint.dim(cleanText(line))}`));
  }
  return lines;
}

/** `  expected  ...`; further lines of the value stand under the first. */
function field(name: string, value: string | undefined): readonly string[] {
  if (value === undefined || value === "") return [];
  return value
    .split("\n")
    .map((line, index) => `  ${(index === 0 ? name : "").padEnd(8)}  ${cleanText(line)}`);
}

/** Every wrong definition, in the form of {@link failureBlock}; the count comes last. */
export function definitionErrorBlock(
  problems: readonly DefinitionProblem[],
  paint: Paint = plain,
): readonly string[] {
  const blocks = problems.flatMap((problem) => [
    `${paint.as("failed", "error[definition]")}: ${cleanText(problem.message)}`,
    ...field("where", problem.where),
    ...field("next", problem.next),
  ]);
  return problems.length > 1
    ? [...blocks, `${countOf(problems.length, "definition")} to correct; nothing ran`]
    : blocks;
}
