import { nearest } from "../util/nearest.ts";
import type { ColumnType } from "./column-type.ts";
import type { DefinitionProblem } from "./problem.ts";
import type { RowSchema } from "./row-type.ts";
import type { TableDefinition } from "./table.ts";

/** The part of JSON Schema that says what the columns of a row are. */
interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
}

/**
 * Where a schema can never fit a row of a table: it wants a column that the table has not, or another type than the
 * column's, or refuses a column that the table has. Known only of a schema that can describe what it takes as JSON Schema
 * (https://standardschema.dev/json-schema); nothing is said of any other.
 */
export function rowContradictions(schema: RowSchema, table: TableDefinition): readonly DefinitionProblem[] {
  const { properties, required = [], additionalProperties } = describe(schema) ?? {};
  if (properties === undefined) return [];
  const names = Object.keys(table.columns);
  const wanted = Object.entries(properties).flatMap(([name, property]): readonly string[] => {
    const column = table.columns[name];
    if (column === undefined) {
      const [meant] = nearest(name, names);
      const needed = required.includes(name) ? "needs" : "has";
      return [
        `the schema ${needed} column ${name}, which the table has not${meant === undefined ? "" : `; did you mean ${meant}?`}`,
      ];
    }
    const taken = jsonTypes(property);
    const held = heldTypes(column.type);
    if (taken === undefined || held.some((type) => taken.has(type))) return [];
    return [
      `column ${name} is ${column.type} in the table, read as ${held.join(" or ")}, and the schema takes ${[...taken].join(" or ")}`,
    ];
  });
  const refused = additionalProperties === false ? names.filter((name) => !(name in properties)) : [];
  return [...wanted, ...refused.map((name) => `the schema refuses column ${name} of the table`)].map(
    (message) => ({ message: `${table.key}: ${message}` }),
  );
}

/** What the schema takes, where it can tell. */
function describe(schema: RowSchema): JsonSchema | undefined {
  const standard = schema["~standard"] as RowSchema["~standard"] & {
    readonly jsonSchema?: { input(options: object): object };
  };
  // zod alone refuses to describe a schema of which it can't describe every column.
  const libraryOptions = standard.vendor === "zod" ? { unrepresentable: "any" } : undefined;
  try {
    return standard.jsonSchema?.input({
      target: "draft-2020-12",
      ...(libraryOptions === undefined ? {} : { libraryOptions }),
    });
  } catch {
    // By the specification, how a library says that it can't.
    return undefined;
  }
}

/** JSON types that a property takes; undefined when it does not tell them plainly. */
function jsonTypes({ type, anyOf, oneOf }: JsonSchema): ReadonlySet<string> | undefined {
  if (type !== undefined) return new Set([type].flat().map((name) => (name === "integer" ? "number" : name)));
  const branches = (anyOf ?? oneOf)?.map(jsonTypes);
  if (branches === undefined) return undefined;
  const known = branches.filter((branch) => branch !== undefined);
  return known.length < branches.length ? undefined : new Set(known.flatMap((branch) => [...branch]));
}

/** JSON types of the values that a column holds beside null; see `ColumnValue`. */
function heldTypes(type: ColumnType): readonly string[] {
  switch (type) {
    case "boolean":
      return ["boolean"];
    case "int":
      return ["number"];
    case "long":
    case "float":
    case "double":
      return ["number", "string"];
    case "date":
    case "timestamp":
    case "string":
    case "binary":
    default:
      return ["string"];
  }
}
