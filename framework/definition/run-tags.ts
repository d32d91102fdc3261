import type { PolicyProblem } from "./policy-problem.ts";

/** What a tag of a run is, in words. */
export const tagRule =
  "text without line breaks or other control characters, by a name of letters, digits and _ . / -";

/** Whether a run can have this tag: it stands in the store and on command lines. */
export function isRunTag(name: string, value: unknown): value is string {
  return /^[\w./-]+$/.test(name) && typeof value === "string" && /^[^\p{Cc}]+$/u.test(value);
}

/** What is wrong with the tags of a schedule or of a sensor's run, which has `schedule` and `tick` beside them. */
export function runTagProblems(tags: unknown, path: readonly string[]): readonly PolicyProblem[] {
  if (typeof tags !== "object" || tags === null || Array.isArray(tags))
    return [{ path, expected: "expected texts by name", got: tags }];
  return Object.entries(tags).flatMap(([name, value]) =>
    name !== "schedule" && name !== "tick" && isRunTag(name, value)
      ? []
      : [
          {
            path: [...path, name],
            expected: `expected ${tagRule}, other than schedule and tick`,
            got: value,
          },
        ],
  );
}
