import { readFileSync } from "node:fs";

import { parseQuery } from "@jetstreamapp/soql-parser-js";
import * as fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";

import { openDatabase } from "../../framework/sandbox/database.ts";
import { runQuery } from "../../framework/sandbox/query.ts";
import { parserVersion, parseSoql } from "../../framework/sandbox/soql/parse.ts";
import { upsertRecords } from "../../framework/sandbox/records.ts";
import { fullVisibility } from "../../framework/sandbox/visibility.ts";
import { unreachable } from "../../framework/util/unreachable.ts";
import { temporaryFile } from "./rig.ts";

interface User {
  readonly Username: string;
  readonly Division: string | null;
  readonly IsActive: boolean;
  readonly NumberOfFailedLogins: number;
  readonly SystemModstamp: string;
}

type Field = "Division" | "IsActive" | "NumberOfFailedLogins" | "SystemModstamp";
type Value = string | boolean | number | null;
type Clause =
  | { readonly kind: "compare"; readonly field: Field; readonly operator: string; readonly value: Value }
  | { readonly kind: "in"; readonly negated: boolean; readonly values: readonly Value[] }
  | { readonly kind: "like"; readonly pattern: string }
  | { readonly kind: "not"; readonly clause: Clause }
  | { readonly kind: "and" | "or"; readonly clauses: readonly Clause[] };

const text = fc.constantFrom(
  "Sales",
  "sales",
  "Økonomi",
  "økonomi",
  "NA",
  "N/A",
  "o'x",
  "a_b",
  "a%b",
  "b\\c",
  "",
);
const instant = fc.integer({ min: 0, max: 5 }).map((day) => `2026-01-0${day + 1}T0${day}:00:00.000+0000`);
const user = fc.record({
  Division: fc.option(text),
  IsActive: fc.boolean(),
  NumberOfFailedLogins: fc.integer({ min: 0, max: 4 }),
  SystemModstamp: instant,
});

const anyOperator = fc.constantFrom("=", "!=", "<", "<=", ">", ">=");
const compare = fc.oneof(
  fc.record({ field: fc.constant<Field>("Division"), operator: anyOperator, value: fc.option(text) }),
  fc.record({
    field: fc.constant<Field>("IsActive"),
    operator: fc.constantFrom("=", "!="),
    value: fc.boolean(),
  }),
  fc.record({
    field: fc.constant<Field>("NumberOfFailedLogins"),
    operator: anyOperator,
    value: fc.integer({ min: -1, max: 5 }),
  }),
  fc.record({ field: fc.constant<Field>("SystemModstamp"), operator: anyOperator, value: instant }),
);
const clause = fc.letrec<{ clause: Clause }>((tie) => ({
  clause: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    compare.map((leaf): Clause => ({ kind: "compare", ...leaf })),
    fc.record({
      kind: fc.constant<"in">("in"),
      negated: fc.boolean(),
      values: fc.array(fc.option(text), { minLength: 1, maxLength: 3 }),
    }),
    fc
      .array(fc.constantFrom("s", "%", "_", "a", "N", "ø"), { minLength: 1, maxLength: 4 })
      .map((parts): Clause => ({ kind: "like", pattern: parts.join("") })),
    tie("clause").map((inner): Clause => (inner.kind === "not" ? inner : { kind: "not", clause: inner })),
    fc.record({
      kind: fc.constantFrom<"and" | "or">("and", "or"),
      clauses: fc.array(tie("clause"), { minLength: 2, maxLength: 3 }),
    }),
  ),
})).clause;

function literal(value: Value, field: Field): string {
  if (typeof value !== "string") return String(value);
  return field === "SystemModstamp" ? value : `'${value.replaceAll(/['\\]/g, String.raw`\$&`)}'`;
}

function write(node: Clause): string {
  switch (node.kind) {
    case "compare":
      return `${node.field} ${node.operator} ${literal(node.value, node.field)}`;
    case "in":
      return `Division ${node.negated ? "NOT IN" : "IN"} (${node.values.map((value) => literal(value, "Division")).join(", ")})`;
    case "like":
      return `Division LIKE '${node.pattern}'`;
    case "not":
      return `(NOT ${node.clause.kind === "and" || node.clause.kind === "or" ? `(${write(node.clause)})` : write(node.clause)})`;
    case "and":
    case "or":
      return node.clauses.map((each) => `(${write(each)})`).join(node.kind === "and" ? " AND " : " OR ");
    default:
      return unreachable(node);
  }
}

const folded = (value: Value): Value => (typeof value === "string" ? value.toLowerCase() || null : value);

function holds(node: Clause, row: User): boolean {
  switch (node.kind) {
    case "compare": {
      const [left, right] = [folded(row[node.field]), folded(node.value)];
      if (node.operator === "=") return left === right;
      if (node.operator === "!=") return left !== right;
      if (left === null || right === null) return false;
      if (node.operator === "<") return left < right;
      if (node.operator === "<=") return left <= right;
      return node.operator === ">" ? left > right : left >= right;
    }
    case "in":
      return node.values.some((value) => folded(value) === folded(row.Division)) !== node.negated;
    case "like": {
      const pattern = node.pattern.replaceAll("%", ".*").replaceAll("_", ".");
      return row.Division !== null && new RegExp(`^${pattern}$`, "isu").test(row.Division);
    }
    case "not":
      return !holds(node.clause, row);
    case "and":
      return node.clauses.every((each) => holds(each, row));
    case "or":
      return node.clauses.some((each) => holds(each, row));
    default:
      return unreachable(node);
  }
}

test("any WHERE clause selects the users that a plain reading of it selects", async () => {
  const db = openDatabase(temporaryFile());
  onTestFinished(() => void db.close());
  await fc.assert(
    fc.asyncProperty(fc.array(user, { minLength: 1, maxLength: 12 }), clause, async (drawn, where) => {
      const users: User[] = drawn.map((each, index) => ({ ...each, Username: `u${index}@x.example` }));
      db.exec(`DELETE FROM "User"`);
      upsertRecords(
        db,
        users.map((each) => ({ ...each })),
      );
      const soql = `SELECT Username FROM User WHERE ${write(where)} ORDER BY Username`;
      const { records } = await runQuery(db, soql, fullVisibility, { version: "v60.0", batchSize: 2000 });
      const expected = users.filter((each) => holds(where, each)).map((each) => each.Username);
      expect(records.map((record) => record["Username"])).toEqual(expected.toSorted());
    }),
    { numRuns: 400 },
  );
});

test("a query of a known form is read as the parser reads it, whatever instants it names", async () => {
  const db = openDatabase(temporaryFile());
  onTestFinished(() => void db.close());
  const kept = db.prepare("SELECT count(*) FROM parsed_query").pluck();
  await fc.assert(
    fc.asyncProperty(clause, async (where) => {
      const soql = `SELECT Username FROM User WHERE CreatedDate < 2020-01-01T00:00:00Z AND ${write(where)}`;
      expect(await parseSoql(db, soql)).toEqual(parseQuery(soql));
      const before = kept.get();
      const later = soql.replaceAll(/20(20|26)-01-0(\d)T/g, "2031-12-1$2T");
      expect(later).not.toBe(soql);
      expect(await parseSoql(db, later)).toEqual(parseQuery(later));
      expect(kept.get()).toBe(before);
    }),
    { numRuns: 200 },
  );
  expect(kept.get()).toBe(100);
});

test("what is kept of a query is the work of the parser that is installed", () => {
  const file = new URL("../../node_modules/@jetstreamapp/soql-parser-js/package.json", import.meta.url);
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ version: parserVersion });
});
