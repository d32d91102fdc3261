import type {
  Condition,
  ConditionWithValueQuery,
  LiteralType,
  NegationCondition,
  WhereClause,
} from "@jetstreamapp/soql-parser-js";

import { unreachable } from "../../util/unreachable.ts";
import type { Cell } from "../database.ts";
import { errorAt, malformed } from "../salesforce-error.ts";
import type { SalesforceError } from "../salesforce-error.ts";
import type { SandboxField } from "../user-fields.ts";
import { resolveField } from "./entity.ts";
import type { Entity } from "./entity.ts";
import { readLiteral, unquote } from "./literals.ts";

/** A piece of SQL with the values that its question marks stand for. */
export interface Sql {
  readonly text: string;
  readonly values: readonly Cell[];
}

type Leaf = Exclude<ConditionWithValueQuery, NegationCondition>;
type Token = "(" | ")" | "NOT" | "AND" | "OR" | Leaf;

// The parser hangs everything to the right and only counts parentheses, so the tree is laid flat and read again. It loses
// one of three NOTs that stand directly in one another; the parentheses then do not match and the query is refused.
function flatten(clause: WhereClause, tokens: Token[] = []): Token[] {
  const open = (count = 0): void => void tokens.push(...Array<Token>(count).fill("("));
  const { left } = clause;
  if (left !== null && "operator" in left) {
    open(left.openParen);
    tokens.push(left);
    tokens.push(...Array<Token>(left.closeParen ?? 0).fill(")"));
  } else {
    open(left?.openParen);
  }
  if ("operator" in clause) {
    tokens.push(clause.operator);
    flatten(clause.right, tokens);
  }
  return tokens;
}

/**
 * Turns a WHERE clause into SQL with bound values. Salesforce knows two truth values: a comparison with null is false, so
 * `!=`, `NOT IN` and `NOT` hold for empty fields. AND and OR may not be mixed without parentheses.
 *
 * @throws SalesforceError `INVALID_FIELD`, `MALFORMED_QUERY` or `INVALID_QUERY_FILTER_OPERATOR`.
 */
export function compileWhere(entity: Entity, clause: WhereClause, now: number): Sql {
  const tokens = flatten(clause);
  let position = 0;

  const group = (): Sql => {
    let result = term();
    let joined: Token | undefined;
    for (let token = tokens[position]; token === "AND" || token === "OR"; token = tokens[position]) {
      if (joined !== undefined && joined !== token) throw malformed(`unexpected token: '${token}'`);
      joined = token;
      position += 1;
      const right = term();
      result = { text: `${result.text} ${token} ${right.text}`, values: [...result.values, ...right.values] };
    }
    return { text: `(${result.text})`, values: result.values };
  };

  const term = (): Sql => {
    const token = tokens[position];
    position += 1;
    if (token === "NOT") {
      const negated = term();
      return { text: `(${negated.text} IS NOT TRUE)`, values: negated.values };
    }
    if (token === "(") {
      const inner = group();
      if (tokens[position] !== ")") throw malformed("expecting a right parentheses, found end of query");
      position += 1;
      return inner;
    }
    if (token === undefined || typeof token === "string")
      throw malformed(`unexpected token: '${token ?? "<EOF>"}'`);
    return comparison(entity, token, now);
  };

  const result = group();
  if (position !== tokens.length) throw malformed(`unexpected token: ')'`);
  return result;
}

/** Whether the field is text, so that case is ignored and '' counts as empty. */
export const isTextual = (field: SandboxField): boolean =>
  !["boolean", "datetime", "double", "id", "int", "reference"].includes(field.type);

/** How a field's column is compared and sorted: text without regard to case. */
export function comparable(field: SandboxField): string {
  return isTextual(field) ? `fold("${field.name}")` : `"${field.name}"`;
}

const isEmpty = (field: SandboxField): string =>
  isTextual(field) ? `("${field.name}" IS NULL OR "${field.name}" = '')` : `("${field.name}" IS NULL)`;

function comparison(entity: Entity, leaf: Leaf, now: number): Sql {
  if (!("field" in leaf) || !("value" in leaf))
    throw malformed("functions and subqueries in WHERE are not supported here");
  const field = resolveField(entity, leaf.field);
  if (field.type === "address") {
    throw errorAt(
      entity.query,
      leaf.field,
      "INVALID_FIELD",
      `field '${field.name}' can not be filtered in a query call`,
    );
  }
  const texts = Array.isArray(leaf.value) ? leaf.value : [leaf.value];
  const types = Array.isArray(leaf.literalType)
    ? leaf.literalType
    : texts.map(() => leaf.literalType as LiteralType);
  if (leaf.operator === "LIKE") return like(entity, field, leaf, types[0]);

  const literals = texts.map((text, index) => readLiteral(entity, field, { text, type: types[index] }, now));
  const column = comparable(field);
  if (leaf.operator === "INCLUDES" || leaf.operator === "EXCLUDES") throw wrongOperator(entity, leaf);
  if (leaf.operator !== "IN" && leaf.operator !== "NOT IN")
    return compareOne(entity, field, leaf, literals[0]);

  if (literals.some((literal) => literal.kind === "span")) throw wrongOperator(entity, leaf);
  const values = literals.flatMap((literal) => (literal.kind === "value" ? [literal.value] : []));
  const orEmpty = literals.some((literal) => literal.kind === "null") ? ` OR ${isEmpty(field)}` : "";
  const text = `(${column} IN (SELECT value FROM json_each(?))${orEmpty})`;
  return { text: leaf.operator === "IN" ? text : `(${text} IS NOT TRUE)`, values: [JSON.stringify(values)] };
}

function compareOne(
  entity: Entity,
  field: SandboxField,
  leaf: Condition & { readonly operator: string; readonly field: string },
  literal: ReturnType<typeof readLiteral> | undefined,
): Sql {
  const { operator } = leaf;
  const column = comparable(field);
  const isOrdering = operator !== "=" && operator !== "!=";
  if (literal === undefined || (isOrdering && field.type === "boolean")) throw wrongOperator(entity, leaf);
  switch (literal.kind) {
    case "null":
      if (isOrdering) return { text: "(FALSE)", values: [] };
      return { text: operator === "=" ? isEmpty(field) : `(NOT ${isEmpty(field)})`, values: [] };
    case "span": {
      const { from, to } = literal.span;
      const within = `(${column} >= ? AND ${column} < ?)`;
      if (operator === "=") return { text: within, values: [from, to] };
      if (operator === "!=") return { text: `(${within} IS NOT TRUE)`, values: [from, to] };
      // "Before or in" ends where the span ends; "after" begins there.
      if (operator === "<" || operator === ">=") return { text: `(${column} ${operator} ?)`, values: [from] };
      return { text: `(${column} ${operator === "<=" ? "<" : ">="} ?)`, values: [to] };
    }
    case "value": {
      const text = `(${column} ${operator === "!=" ? "=" : operator} ?)`;
      // The empty string counts as null, and null is neither less nor more than anything.
      const guarded = isOrdering && isTextual(field) ? `(${text} AND NOT ${isEmpty(field)})` : text;
      return { text: operator === "!=" ? `(${text} IS NOT TRUE)` : guarded, values: [literal.value] };
    }
    default:
      return unreachable(literal);
  }
}

function like(
  entity: Entity,
  field: SandboxField,
  leaf: { readonly field: string; readonly value: string | string[]; readonly operator: string },
  type: LiteralType | undefined,
): Sql {
  if (!isTextual(field) || type !== "STRING" || typeof leaf.value !== "string")
    throw wrongOperator(entity, leaf);
  const pattern = unquote(leaf.value, true).toLowerCase();
  return { text: String.raw`(${comparable(field)} LIKE ? ESCAPE '\')`, values: [pattern] };
}

function wrongOperator(
  entity: Entity,
  leaf: { readonly field: string; readonly operator: string },
): SalesforceError {
  return errorAt(
    entity.query,
    leaf.field,
    "INVALID_QUERY_FILTER_OPERATOR",
    `invalid operator '${leaf.operator}' on field '${leaf.field}'`,
  );
}
