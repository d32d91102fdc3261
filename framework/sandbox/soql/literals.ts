import type { LiteralType } from "@jetstreamapp/soql-parser-js";

import type { Cell } from "../database.ts";
import { longId } from "../record-id.ts";
import { errorAt } from "../salesforce-error.ts";
import type { SalesforceError } from "../salesforce-error.ts";
import type { SandboxField } from "../user-fields.ts";
import { dateLiteralSpan, parseDatetime } from "./date-literals.ts";
import type { Span } from "./date-literals.ts";
import type { Entity } from "./entity.ts";

/** What stands right of an operator: one value, a span of time, or nothing. */
export type Literal =
  | { readonly kind: "null" }
  | { readonly kind: "value"; readonly value: Exclude<Cell, null> }
  | { readonly kind: "span"; readonly span: Span };

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

/** The text between the quotes with its escapes undone; `\_` and `\%` stay for LIKE when `keepWildcards` is set. */
export function unquote(quoted: string, keepWildcards = false): string {
  return quoted.slice(1, -1).replaceAll(/\\(u[0-9a-fA-F]{4}|.)/gs, (whole, escaped: string) => {
    if (escaped.length === 5) return String.fromCodePoint(Number.parseInt(escaped.slice(1), 16));
    if (keepWildcards && "_%\\".includes(escaped)) return whole;
    return escapes[escaped] ?? escaped;
  });
}

/**
 * Reads a literal as the field's type wants it. Text is folded to lower case, because Salesforce ignores case; ids are
 * brought to 18 characters.
 *
 * @throws SalesforceError `INVALID_FIELD` when it is of another type, `INVALID_QUERY_FILTER_OPERATOR` for what is no id.
 */
export function readLiteral(
  entity: Entity,
  field: SandboxField,
  literal: { readonly text: string; readonly type: LiteralType | undefined },
  now: number,
): Literal {
  const { text, type } = literal;
  if (type === "NULL" || text.toLowerCase() === "null") return { kind: "null" };
  if (field.type === "boolean") {
    if (type !== "BOOLEAN") throw wrongType(entity, field, "boolean", false);
    return { kind: "value", value: text.toLowerCase() === "true" ? 1 : 0 };
  }
  if (field.type === "datetime") return readInstant(entity, field, text, type, now);
  if (field.type === "int" || field.type === "double") {
    if (type !== "INTEGER" && type !== "DECIMAL") throw wrongType(entity, field, field.type, false);
    return { kind: "value", value: Number(text) };
  }
  if (type !== "STRING") throw wrongType(entity, field, "string", true);
  if (field.type === "id" || field.type === "reference") return readId(entity, field, unquote(text));
  const value = unquote(text).toLowerCase();
  return value === "" ? { kind: "null" } : { kind: "value", value };
}

function readInstant(
  entity: Entity,
  field: SandboxField,
  text: string,
  type: LiteralType | undefined,
  now: number,
): Literal {
  if (type === "DATE_LITERAL" || type === "DATE_N_LITERAL") {
    const span = dateLiteralSpan(text, now);
    if (span !== undefined) return { kind: "span", span };
  }
  const value = type === "DATETIME" ? parseDatetime(text) : undefined;
  if (value === undefined) throw wrongType(entity, field, "dateTime", false);
  return { kind: "value", value };
}

function readId(entity: Entity, field: SandboxField, text: string): Literal {
  if (text === "") return { kind: "null" };
  const value = longId(text);
  if (value !== undefined) return { kind: "value", value };
  throw errorAt(entity.query, field.name, "INVALID_QUERY_FILTER_OPERATOR", `invalid ID field: ${text}`);
}

function wrongType(entity: Entity, field: SandboxField, type: string, isQuoted: boolean): SalesforceError {
  const quotes = isQuoted ? "should be enclosed in quotes" : "should not be enclosed in quotes";
  return errorAt(
    entity.query,
    field.name,
    "INVALID_FIELD",
    `value of filter criterion for field '${field.name}' must be of type ${type} and ${quotes}`,
  );
}
