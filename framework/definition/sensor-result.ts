import { jsonLoss } from "../util/plain-json.ts";
import type { PolicyProblem } from "./policy-problem.ts";
import { runTagProblems } from "./run-tags.ts";
import type { SensorResult } from "./sensor.ts";

/** Takes what a poll gave as it can be stored, or says what is wrong with it. No result is an empty one. */
export function readSensorResult(
  given: unknown,
): { readonly result: SensorResult } | { readonly problems: readonly PolicyProblem[] } {
  if (given === undefined || given === null) return { result: {} };
  if (typeof given !== "object" || Array.isArray(given))
    return { problems: [{ path: [], expected: "expected { runs?, cursor?, skip? }", got: given }] };
  const { runs, cursor, skip } = given as Readonly<Record<string, unknown>>;
  const loss = cursor === undefined ? undefined : jsonLoss(cursor, "cursor");
  const problems = [
    ...(runs === undefined || Array.isArray(runs)
      ? ((runs ?? []) as readonly unknown[]).flatMap(runProblems)
      : [{ path: ["runs"], expected: "expected a list", got: runs }]),
    ...(loss === undefined
      ? []
      : [{ path: [loss.path], expected: "expected what JSON holds", got: loss.got }]),
    ...(skip === undefined || typeof skip === "string"
      ? []
      : [{ path: ["skip"], expected: "expected a text", got: skip }]),
  ];
  return problems.length === 0 ? { result: given } : { problems };
}

function runProblems(run: unknown, index: number): readonly PolicyProblem[] {
  const path = ["runs", String(index)];
  if (typeof run !== "object" || run === null)
    return [{ path, expected: "expected { selection, ... }", got: run }];
  const { selection, partitions, tags = {} } = run as Readonly<Record<string, unknown>>;
  return [
    ...textsProblems(selection, [...path, "selection"]),
    ...(partitions === undefined ? [] : textsProblems(partitions, [...path, "partitions"])),
    ...runTagProblems(tags, [...path, "tags"]),
  ];
}

function textsProblems(given: unknown, path: readonly string[]): readonly PolicyProblem[] {
  const texts: readonly unknown[] = Array.isArray(given) ? given : [given];
  return texts.every((text) => typeof text === "string" && text !== "")
    ? []
    : [{ path, expected: "expected a text or a list of texts", got: given }];
}
