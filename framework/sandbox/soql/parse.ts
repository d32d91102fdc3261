import type { Query } from "@jetstreamapp/soql-parser-js";

import type { SandboxDatabase } from "../database.ts";
import { malformed, SalesforceError } from "../salesforce-error.ts";

/** The parser's version: what another one made of a query is not believed. */
export const parserVersion = "6.3.1";

/** Queries that are kept; the oldest go. */
const keptQueries = 100;
/** Longer ones are lists of ids, which nobody asks for twice. */
const longestKept = 2_000;

/**
 * Reads a SOQL query. The parser works its grammar out anew in every process, which takes longer than all else that a
 * small run asks of the org. So what it makes of a query is kept in the org's file, and it is loaded only for a query of
 * a form that never came before: the instants in a query are no part of its form.
 *
 * @throws SalesforceError `MALFORMED_QUERY`, `QUERY_TOO_COMPLICATED`
 */
export async function parseSoql(db: SandboxDatabase, text: string): Promise<Query> {
  if (text.length > 100_000) {
    throw new SalesforceError(
      400,
      "QUERY_TOO_COMPLICATED",
      "SOQL statements cannot be longer than 100000 characters.",
    );
  }
  const { form, instants } = formOf(text);
  const known = db
    .prepare<[string, string], string>("SELECT query FROM parsed_query WHERE form = ? AND parser = ?")
    .pluck()
    .get(form, parserVersion);
  if (known !== undefined) return JSON.parse(filled(known, instants)) as Query;
  const { parseQuery } = await import("@jetstreamapp/soql-parser-js");
  try {
    const query = parseQuery(text);
    if (form.length <= longestKept) keep(db, form, JSON.stringify(parseQuery(form)));
    return query;
  } catch (error) {
    const [reason = "the query cannot be read"] = error instanceof Error ? error.message.split("\n") : [];
    throw malformed(`unexpected token: ${reason}`);
  }
}

function keep(db: SandboxDatabase, form: string, query: string): void {
  db.transaction(() => {
    db.prepare("INSERT OR REPLACE INTO parsed_query VALUES (?, ?, ?)").run(form, parserVersion, query);
    db.prepare("DELETE FROM parsed_query WHERE rowid <= (SELECT max(rowid) FROM parsed_query) - ?").run(
      keptQueries,
    );
  }).immediate();
}

/** An instant to the second; a fraction and the zone behind it are part of the form. */
const instant = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?=(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))/g;

/** A query with its instants numbered from 0, as instants of the same length: `0000-00-00T00:00:01`. */
function formOf(text: string): { readonly form: string; readonly instants: readonly string[] } {
  const instants: string[] = [];
  const form = text.replaceAll(instant, (found) => {
    const number = String(instants.push(found) - 1).padStart(14, "0");
    return number.replace(/^(....)(..)(..)(..)(..)(..)$/, "$1-$2-$3T$4:$5:$6");
  });
  return { form, instants };
}

/** JSON with the instants in place of their numbers. */
function filled(json: string, instants: readonly string[]): string {
  return json.replaceAll(instant, (found) => instants[Number(found.replaceAll(/\D/g, ""))] ?? found);
}
