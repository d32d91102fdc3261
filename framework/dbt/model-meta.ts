import * as z from "zod";
import type { FreshnessPolicy } from "../definition/freshness.ts";
import type { DefinitionProblem } from "../definition/problem.ts";
import { freshnessSchema, policyOf } from "../definition/written-freshness.ts";
import { nearest } from "../util/nearest.ts";
import type { DbtNode } from "./dbt-manifest.ts";

/** What `meta.moraine` of a model, seed or snapshot may say. */
const metaSchema = z.strictObject({
  freshness: freshnessSchema.optional(),
  publish: z.enum(["at-once", "after-checks"]).optional(),
});

/** A node's `meta.moraine`, or what is wrong with it. */
export interface ModelMeta {
  readonly freshness: FreshnessPolicy | undefined;
  readonly publish: "at-once" | "after-checks";
  readonly problems: readonly DefinitionProblem[];
}

/** Reads what a node's meta says to moraine; meta of others is left alone. @param where path of the node's file */
export function readModelMeta(node: DbtNode, where: string): ModelMeta {
  const written = node.meta["moraine"];
  const read = metaSchema.safeParse(written ?? {});
  if (read.success) {
    const { freshness, publish = "at-once" } = read.data;
    return { freshness: freshness === undefined ? undefined : policyOf(freshness), publish, problems: [] };
  }
  return {
    freshness: undefined,
    publish: "at-once",
    problems: read.error.issues.flatMap((issue) =>
      issueTexts(issue, written).map((text) => ({
        message: `dbt ${node.resourceType} ${node.name}: ${text}`,
        where,
      })),
    ),
  };
}

function issueTexts(issue: z.core.$ZodIssue, written: unknown): readonly string[] {
  const name = ["meta", "moraine", ...issue.path].join(".");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const [near] = nearest(key, issue.path.length === 0 ? Object.keys(metaSchema.shape) : freshnessNames);
      return `unknown ${name}.${key}${near === undefined ? "" : `; did you mean ${near}?`}`;
    });
  }
  const got = issue.path.reduce<unknown>(
    (value, part) => (value as Record<PropertyKey, unknown> | undefined)?.[part],
    written,
  );
  return [`${name}: ${issue.message}, got ${JSON.stringify(got) ?? "nothing"}`];
}

const freshnessNames = ["max_age", "deadline", "cron", "timezone", "grace"];
