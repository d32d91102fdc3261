import type { DefinitionProblem } from "../definition/problem.ts";
import type { TableDefinition } from "../definition/table.ts";
import { suggestion } from "./spec-problems.ts";
import { type Spec, systemColumns } from "./spec.ts";
import type { YamlSource } from "./yaml-source.ts";

/** What the schema can't know: whether fields, cursor, keys and the table's columns fit each other. */
export function checkSpec(
  spec: Spec,
  table: TableDefinition,
  source: YamlSource,
): readonly DefinitionProblem[] {
  return [
    ...checkColumns(spec, table, source),
    ...checkTable(spec, table, source),
    ...checkFieldNames(spec, source),
    ...checkRules(spec, source),
  ];
}

function checkColumns(spec: Spec, table: TableDefinition, source: YamlSource): DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  const takenBy = new Map<string, string>();
  for (const [field, { column, type }] of Object.entries(spec.fields)) {
    const where = source.where(["fields", field, "column"]);
    const other = takenBy.get(column);
    if (other !== undefined)
      problems.push({ message: `column ${column} is filled by both ${other} and ${field}`, where });
    takenBy.set(column, field);
    const defined = table.columns[column];
    if (column in systemColumns) {
      problems.push({ message: `column ${column} is filled by the load itself`, where });
    } else if (defined === undefined) {
      const free = Object.keys(table.columns).filter((name) => !(name in systemColumns));
      problems.push({
        message: `table ${table.key} has no column ${column}`,
        where,
        next: suggestion(column, free),
      });
    } else if (defined.type !== type) {
      problems.push({
        message: `field ${field}: type ${type}, but column ${column} of ${table.key} is ${defined.type}`,
        where: source.where(["fields", field, "type"]),
      });
    }
  }
  return problems;
}

function checkTable(spec: Spec, table: TableDefinition, source: YamlSource): DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  const mapped = Object.values(spec.fields).map((field) => field.column);
  for (const [column, type] of Object.entries(systemColumns)) {
    const defined = table.columns[column];
    if (defined?.type !== type) {
      const got = defined === undefined ? "no such column" : defined.type;
      problems.push({
        message: `table ${table.key}: expected column ${column} of type ${type}, got ${got}`,
        where: source.where(["object"]),
      });
    }
  }
  for (const column of Object.keys(table.columns)) {
    if (mapped.includes(column) || column in systemColumns) continue;
    problems.push({
      message: `column ${column} of ${table.key} is filled by no field`,
      where: source.where(["fields"]),
    });
  }
  const isMerge = spec.write_disposition === "merge";
  if (isMerge && spec.merge_key.length === 0) {
    problems.push({
      message: "merge_key is missing: write_disposition is merge",
      where: source.where(["write_disposition"]),
    });
  }
  for (const [index, column] of spec.merge_key.entries()) {
    if (mapped.includes(column)) continue;
    const where = source.where(["merge_key", index]);
    problems.push({
      message: `merge_key: no field fills column ${column}`,
      where,
      next: suggestion(column, mapped),
    });
  }
  return problems;
}

function checkFieldNames(spec: Spec, source: YamlSource): DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  const expectField = (name: string, type: string, path: readonly string[], use: string) => {
    const field = spec.fields[name];
    if (field === undefined) {
      const where = source.where(path);
      problems.push({
        message: `${use}: field ${name} is not under fields`,
        where,
        next: suggestion(name, Object.keys(spec.fields)),
      });
    } else if (field.type !== type) {
      problems.push({
        message: `${use}: field ${name} must be of type ${type}`,
        where: source.where(["fields", name]),
      });
    }
  };
  expectField("Id", "string", ["fields"], "the key");
  expectField(spec.cursor.field, "timestamp", ["cursor", "field"], "cursor.field");
  if (spec.deletes.deleted_when !== "absent") {
    expectField(spec.deletes.active_field, "boolean", ["deletes", "active_field"], "deletes.active_field");
  }
  return problems;
}

function checkRules(spec: Spec, source: YamlSource): DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  for (const [field, { pattern, range, type }] of Object.entries(spec.fields)) {
    if (pattern !== undefined) {
      const error = regexError(pattern.regex);
      const where = source.where(["fields", field, "pattern", "regex"]);
      if (error !== undefined) problems.push({ message: `pattern of ${field}: ${error}`, where });
    }
    if (range !== undefined && !["int", "long", "double"].includes(type)) {
      problems.push({
        message: `range of ${field}: its type is ${type}, not a number`,
        where: source.where(["fields", field, "range"]),
      });
    }
  }
  return problems;
}

function regexError(text: string): string | undefined {
  try {
    RegExp(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : "not a regular expression";
  }
}
