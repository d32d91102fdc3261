import type { AssetKey } from "../definition/asset-key.ts";
import type { Check } from "../definition/check.ts";
import type { CheckContext } from "../definition/context.ts";
import type { CheckOutcome, Severity } from "../event/event.ts";
import { collectRows, type Row, type Value } from "../lakehouse/lakehouse.ts";
import { latestRowsSql, quoted } from "./latest-rows.ts";
import { columnOf, type FieldSpec, type Spec } from "./spec.ts";
import { textOf } from "./text-of.ts";

/** One rule on one column. `broken` is SQL that is true, and `breaks` a function that says so, for a row that breaks it. */
interface ColumnRule {
  readonly name: string;
  readonly description: string;
  readonly column: string;
  readonly severity: Severity;
  readonly quarantine: boolean;
  readonly broken: string;
  readonly breaks: (value: Value) => boolean;
  readonly expected: unknown;
}

/** Name of the check that compares the source's COUNT() with the rows read. */
export const sourceCountCheck = "source_count";

const sampleRows = 5;

/** Every rule of the YAML as a check, and the proof of the count. */
export function qualityChecks(spec: Spec, key: AssetKey): readonly Check[] {
  const columnChecks = columnRules(spec).map((rule) => {
    const rows = (table: string) => brokenRows(spec, table, rule.broken);
    return toCheck(key, { ...rule, rows, expected: rule.expected });
  });
  const uniqueChecks = Object.values(spec.fields).flatMap(({ column, unique }) => {
    if (unique === undefined) return [];
    const name = quoted(column);
    const rows = (table: string) =>
      `WITH present AS (${presentRows(spec, table)}) SELECT * FROM present WHERE ${name} IN (SELECT ${name} FROM present GROUP BY ${name} HAVING count(*) > 1)`;
    return [
      toCheck(key, {
        name: `unique_${column}`,
        description: `No two present users have the same ${column}`,
        severity: unique.severity,
        rows,
        expected: "unique",
      }),
    ];
  });
  return [...columnChecks, ...uniqueChecks, ...volumeCheck(spec, key), sourceCount(key)];
}

/** Why a row must go to the `__rejected` table; undefined when it may land. */
export function quarantineOf(spec: Spec): (row: Row) => string | undefined {
  const rules = columnRules(spec).filter((rule) => rule.quarantine);
  return (row) => rules.find((rule) => rule.breaks(row[rule.column] ?? null))?.name;
}

/** Whether any rule sends rows to the `__rejected` table. */
export function hasQuarantine(spec: Spec): boolean {
  return columnRules(spec).some((rule) => rule.quarantine);
}

function columnRules(spec: Spec): readonly ColumnRule[] {
  return Object.values(spec.fields).flatMap(rulesOf);
}

function rulesOf(field: FieldSpec): readonly ColumnRule[] {
  const { column, required, accepted_values: accepted, pattern, range } = field;
  const name = quoted(column);
  const rules: ColumnRule[] = [];
  const add = (rule: Omit<ColumnRule, "column">) => rules.push({ column, ...rule });
  if (required !== undefined) {
    add({
      ...required,
      name: `required_${column}`,
      description: `${column} is never null`,
      broken: `${name} IS NULL`,
      breaks: (value) => value === null,
      expected: "no nulls",
    });
  }
  if (accepted !== undefined) {
    const values = new Set<Value>(accepted.values);
    add({
      ...accepted,
      name: `accepted_values_${column}`,
      description: `${column} is null or one of ${accepted.values.join(", ")}`,
      broken: `${name} NOT IN (${accepted.values.map(text).join(", ")})`,
      breaks: (value) => value !== null && !values.has(value),
      expected: accepted.values,
    });
  }
  if (pattern !== undefined) {
    const regex = new RegExp(`^(?:${pattern.regex})$`);
    add({
      ...pattern,
      name: `pattern_${column}`,
      description: `${column} is null or matches ${pattern.regex}`,
      // Matching functions have another name in each engine; that a whole match leaves nothing behind holds in all.
      broken: `regexp_replace(${name}, ${text(`^(?:${pattern.regex})$`)}, '') <> ''`,
      breaks: (value) => value !== null && !regex.test(textOf(value)),
      expected: pattern.regex,
    });
  }
  if (range !== undefined) {
    const { min, max } = range;
    const bounds = [
      ...(min === undefined ? [] : [`${name} < ${min}`]),
      ...(max === undefined ? [] : [`${name} > ${max}`]),
    ];
    add({
      ...range,
      name: `range_${column}`,
      description: `${column} is null or from ${min ?? "anything"} to ${max ?? "anything"}`,
      broken: bounds.length === 0 ? "FALSE" : bounds.join(" OR "),
      breaks: (value) =>
        value !== null &&
        ((min !== undefined && Number(value) < min) || (max !== undefined && Number(value) > max)),
      expected: { min: min ?? null, max: max ?? null },
    });
  }
  return rules;
}

/** The newest row of every user who is not deleted: what is wrong in history can't be put right any more. */
function presentRows(spec: Spec, table: string): string {
  const columns = [
    ...Object.values(spec.fields).map((field) => field.column),
    "extracted_at",
    "load_id",
    "op",
  ];
  return `SELECT * FROM (${latestRowsSql(spec, table, columns)}) AS latest WHERE op = 'upsert'`;
}

function brokenRows(spec: Spec, table: string, broken: string): string {
  return `SELECT * FROM (${presentRows(spec, table)}) AS present WHERE ${broken} ORDER BY ${quoted(columnOf(spec, "Id"))}`;
}

function toCheck(
  key: AssetKey,
  rule: {
    readonly name: string;
    readonly description: string;
    readonly severity: Severity;
    readonly rows: (table: string) => string;
    readonly expected: unknown;
  },
): Check {
  // Rules are part of the asset's code version, and read nothing but its table.
  const run = async ({ lakehouse, sql, signal, unchanged }: CheckContext): Promise<CheckOutcome> => {
    if (unchanged !== undefined) return unchanged;
    const [count] = await collectRows(
      await lakehouse.query(`SELECT count(*) AS n FROM (${rule.rows(sql)}) AS broken`, { signal }),
    );
    const broken = Number(count?.["n"]);
    if (broken === 0) return { passed: true, value: 0, expected: rule.expected };
    const samples = await collectRows(
      await lakehouse.query(`${rule.rows(sql)} LIMIT ${sampleRows}`, { signal }),
    );
    return { passed: false, value: broken, expected: rule.expected, samples };
  };
  return makeCheck(key, rule, { type: "body", run }, rule.rows);
}

function volumeCheck(spec: Spec, key: AssetKey): readonly Check[] {
  const { volume } = spec;
  if (volume === undefined) return [];
  const run = async ({ lakehouse, sql, signal, unchanged }: CheckContext): Promise<CheckOutcome> => {
    if (unchanged !== undefined) return unchanged;
    const query = `SELECT count(*) AS n FROM (${presentRows(spec, sql)}) AS present`;
    const [row] = await collectRows(await lakehouse.query(query, { signal }));
    const value = Number(row?.["n"]);
    const passed = value >= (volume.min_rows ?? 0) && value <= (volume.max_rows ?? Number.POSITIVE_INFINITY);
    return { passed, value, expected: { min: volume.min_rows ?? 0, max: volume.max_rows ?? null } };
  };
  const rule = {
    name: "volume",
    description: "The number of present users is as expected",
    severity: volume.severity,
  };
  return [makeCheck(key, rule, { type: "body", run }, undefined)];
}

function sourceCount(key: AssetKey): Check {
  const rule = {
    name: sourceCountCheck,
    description: "COUNT() at the source equals the rows read for the closed window",
    severity: "error",
  } as const;
  return makeCheck(key, rule, { type: "report" }, undefined);
}

function makeCheck(
  asset: AssetKey,
  rule: { readonly name: string; readonly description: string; readonly severity: Severity },
  source: Check["source"],
  rowsSql: Check["rowsSql"],
): Check {
  return Object.freeze({
    kind: "check",
    asset,
    name: rule.name,
    description: rule.description,
    severity: rule.severity,
    blocking: rule.severity === "error",
    holds: undefined,
    source,
    rowsSql,
    problems: [],
  } satisfies Check);
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
