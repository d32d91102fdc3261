import * as z from "zod";
import type { DefinitionProblem } from "../definition/problem.ts";
import { nearest } from "../util/nearest.ts";
import { specSchema } from "./spec.ts";
import type { YamlSource } from "./yaml-source.ts";

type Issue = z.core.$ZodIssue;

/** Says each of zod's issues with file, line and column, and with the valid names that are nearest. */
export function specProblems(issues: readonly Issue[], source: YamlSource): readonly DefinitionProblem[] {
  return issues.flatMap((issue) => problemsOf(issue, source));
}

function problemsOf(issue: Issue, source: YamlSource): readonly DefinitionProblem[] {
  const name = issue.path.map(String).join(".");
  switch (issue.code) {
    case "unrecognized_keys": {
      const valid = validKeys(issue.path);
      return issue.keys.map((key) => ({
        message: `unknown key ${JSON.stringify(key)}${name === "" ? "" : ` in ${name}`}`,
        where: source.whereKey(issue.path, key),
        next: suggestion(key, valid),
      }));
    }
    case "invalid_key": {
      const key = String(issue.path.at(-1));
      const [inner] = issue.issues;
      return [
        {
          message: `${JSON.stringify(key)}: ${inner?.message ?? issue.message}`,
          where: source.whereKey(issue.path.slice(0, -1), key),
        },
      ];
    }
    case "invalid_value": {
      const got = valueAt(source.value, issue.path);
      const valid = issue.values.map(String);
      if (got === undefined)
        return [
          { message: `${name} is missing`, where: source.where(issue.path), next: suggestion("", valid) },
        ];
      return [
        {
          message: `${name}: expected ${valid.length === 1 ? valid[0] : `one of ${valid.join(", ")}`}, got ${JSON.stringify(got)}`,
          where: source.where(issue.path),
          ...(typeof got === "string" ? { next: suggestion(got, valid) } : {}),
        },
      ];
    }
    case "invalid_union": {
      // The last member is the object that says more; its own issues are the ones that help.
      const got = valueAt(source.value, issue.path);
      const inner = issue.errors.at(-1) ?? [];
      if (typeof got === "object" && got !== null && inner.length > 0) {
        return inner.flatMap((one) => problemsOf({ ...one, path: [...issue.path, ...one.path] }, source));
      }
      return [
        {
          message: `${name}: expected true or an object, got ${JSON.stringify(got)}`,
          where: source.where(issue.path),
        },
      ];
    }
    case "custom":
    case "invalid_element":
    case "invalid_format":
    case "invalid_type":
    case "not_multiple_of":
    case "too_big":
    case "too_small":
    default: {
      const got = valueAt(source.value, issue.path);
      if (issue.code === "invalid_type" && got === undefined) {
        return [{ message: `${name} is missing`, where: source.where(issue.path) }];
      }
      const text = issue.code === "invalid_type" ? `expected ${issue.expected}` : issue.message;
      return [
        {
          message: `${name === "" ? "the file" : name}: ${text}, got ${JSON.stringify(got)}`,
          where: source.where(issue.path),
        },
      ];
    }
  }
}

/** `did you mean x?`, else the whole list. */
export function suggestion(name: string, valid: readonly string[]): string {
  const near = nearest(name, valid);
  return near.length > 0 ? `did you mean ${near.join(", ")}?` : `valid: ${valid.join(", ")}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== "object" || current === null) return undefined;
    current = (current as Record<PropertyKey, unknown>)[part];
  }
  return current;
}

/** Names that the schema knows at a path. */
function validKeys(path: readonly PropertyKey[]): readonly string[] {
  let schema: unknown = specSchema;
  for (const part of path) {
    schema = unwrap(schema);
    if (schema instanceof z.ZodObject) schema = (schema.shape as Record<PropertyKey, unknown>)[part];
    else if (schema instanceof z.ZodRecord) schema = schema.valueType;
    else return [];
  }
  const object = unwrap(schema);
  return object instanceof z.ZodObject ? Object.keys(object.shape) : [];
}

function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrap(schema.unwrap());
  }
  return schema instanceof z.ZodUnion ? unwrap(schema.options.at(-1)) : schema;
}
