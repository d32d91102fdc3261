import type { FieldFunctionExpression, FieldType, OrderByClause, Query } from "@jetstreamapp/soql-parser-js";

import { errorAt, malformed, SalesforceError } from "../salesforce-error.ts";
import type { SandboxField } from "../user-fields.ts";
import { findEntity, resolveField } from "./entity.ts";
import type { Entity } from "./entity.ts";
import { comparable, compileWhere, isTextual } from "./where.ts";
import type { Sql } from "./where.ts";

/** One expression of an aggregate query: the name of its column in the answer, and its SQL. */
interface AggregateColumn {
  readonly name: string;
  readonly sql: string;
  /** Says how the value is written; undefined for counts. */
  readonly field: SandboxField | undefined;
}

/** A query understood: what to select, from where, in which order. */
export interface QueryPlan {
  readonly entity: Entity;
  readonly shape:
    | { readonly kind: "count" }
    | {
        readonly kind: "aggregate";
        readonly columns: readonly AggregateColumn[];
        readonly groupBy: readonly string[];
      }
    | { readonly kind: "rows"; readonly fields: readonly SandboxField[] };
  readonly where: Sql;
  /** SQL after ORDER BY; ends with the row's number, so that an answer can be repeated. */
  readonly orderBy: string;
  readonly limit: number | undefined;
  readonly offset: number | undefined;
}

/**
 * Understands a SOQL query, given as text and as the parser reads it. `now` (seconds) is what date literals are relative to, `hidden` the lower-case names of fields that
 * this user may not see.
 *
 * @throws SalesforceError `MALFORMED_QUERY`, `INVALID_FIELD`, `INVALID_TYPE` and others, worded as Salesforce does.
 */
export function planQuery(text: string, query: Query, now: number, hidden: ReadonlySet<string>): QueryPlan {
  const entity = findEntity(text, query.sObject ?? "", query.sObjectAlias, hidden);
  const shape = shapeOf(entity, query);
  if ((query.offset ?? 0) > 2000) {
    throw new SalesforceError(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000");
  }
  return {
    entity,
    shape,
    where: query.where === undefined ? { text: "TRUE", values: [] } : compileWhere(entity, query.where, now),
    orderBy: [...asList(query.orderBy).map((clause) => orderTerm(entity, clause)), "number"].join(", "),
    limit: query.limit,
    offset: query.offset,
  };
}

const asList = <T>(value: T | T[] | undefined): readonly T[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

function shapeOf(entity: Entity, query: Query): QueryPlan["shape"] {
  const selected = query.fields ?? [];
  if (query.having !== undefined) throw malformed("HAVING is not supported here");
  const [first] = selected;
  if (
    selected.length === 1 &&
    first?.type === "FieldFunctionExpression" &&
    first.rawValue?.toUpperCase() === "COUNT()"
  ) {
    return { kind: "count" };
  }
  const groupBy = asList(query.groupBy).map((clause) => {
    if (!("field" in clause)) throw malformed("functions in GROUP BY are not supported here");
    return resolveField(entity, clause.field);
  });
  const isAggregate = selected.some(
    (field) => field.type === "FieldFunctionExpression" && field.isAggregateFn === true,
  );
  if (isAggregate || groupBy.length > 0) {
    return {
      kind: "aggregate",
      columns: aggregateColumns(entity, selected, groupBy),
      groupBy: groupBy.map((field) => `"${field.name}"`),
    };
  }
  const fields = selected.flatMap((field) => selectedFields(entity, field, query));
  const names = fields.map((field) => field.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw malformed(`duplicate field selected: ${twice}`);
  return { kind: "rows", fields };
}

function selectedFields(entity: Entity, selected: FieldType, query: Query): readonly SandboxField[] {
  if (selected.type === "Field") return [resolveField(entity, selected.field)];
  if (selected.type === "FieldRelationship") {
    return [resolveField(entity, [...selected.relationships, selected.field].join("."))];
  }
  if (selected.type !== "FieldFunctionExpression")
    throw malformed("subqueries and TYPEOF are not supported here");
  const { functionName } = selected;
  if (functionName.toUpperCase() === "FIELDS") return fieldGroup(entity, parameterOf(selected), query);
  throw malformed(`the function ${functionName} is not supported here`);
}

function parameterOf({ functionName, parameters: [parameter] }: FieldFunctionExpression): string {
  if (typeof parameter === "string") return parameter;
  throw malformed(`${functionName} takes one plain name here`);
}

function fieldGroup(entity: Entity, group: string, query: Query): readonly SandboxField[] {
  const isWhole = group.toUpperCase() !== "STANDARD";
  if (isWhole && (query.limit === undefined || query.limit > 200)) {
    throw malformed("The SOQL FIELDS function must have a LIMIT of at most 200");
  }
  switch (group.toUpperCase()) {
    case "ALL":
      return entity.fields;
    case "STANDARD":
      return entity.fields.filter((field) => !field.custom);
    case "CUSTOM":
      return entity.fields.filter((field) => field.custom);
    default:
      throw malformed(`unexpected token: '${group}'`);
  }
}

const aggregates: Readonly<Record<string, (column: string) => string>> = {
  COUNT: (column) => `count(nullif(${column}, ''))`,
  COUNT_DISTINCT: (column) => `count(DISTINCT nullif(${column}, ''))`,
  MIN: (column) => `min(nullif(${column}, ''))`,
  MAX: (column) => `max(nullif(${column}, ''))`,
};

function aggregateColumns(
  entity: Entity,
  selected: readonly FieldType[],
  groupBy: readonly SandboxField[],
): readonly AggregateColumn[] {
  let unnamed = 0;
  return selected.map((item) => {
    if (item.type === "Field") {
      const field = resolveField(entity, item.field);
      if (!groupBy.includes(field)) throw malformed(`Field must be grouped or aggregated: ${field.name}`);
      return { name: item.alias ?? field.name, sql: `"${field.name}"`, field };
    }
    const build =
      item.type === "FieldFunctionExpression" ? aggregates[item.functionName.toUpperCase()] : undefined;
    if (item.type !== "FieldFunctionExpression" || build === undefined)
      throw malformed("unsupported aggregate");
    const field = resolveField(entity, parameterOf(item));
    const isExtreme = /^M/i.test(item.functionName);
    const name = item.alias ?? `expr${unnamed++}`;
    return { name, sql: build(`"${field.name}"`), field: isExtreme ? field : undefined };
  });
}

/** Empty values come first unless the query says otherwise, in both directions. */
function orderTerm(entity: Entity, clause: OrderByClause): string {
  if (!("field" in clause)) throw malformed("functions in ORDER BY are not supported here");
  const field = resolveField(entity, clause.field);
  if (field.type === "address") {
    throw errorAt(
      entity.query,
      clause.field,
      "INVALID_FIELD",
      `field '${field.name}' can not be sorted in a query call`,
    );
  }
  const column = isTextual(field) ? `nullif(${comparable(field)}, '')` : comparable(field);
  return `${column} ${clause.order ?? "ASC"} NULLS ${clause.nulls ?? "FIRST"}`;
}
