import { fail } from "../../event/failure.ts";

/** Blanks and comments at a statement's beginning. */
const leading = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/;

/** A statement from its first word on. */
export function withoutLeadingComments(sql: string): string {
  return sql.replace(leading, "");
}

/**
 * Refuses what is not a query. Athena runs one statement at a time, so that its first word tells.
 *
 * @throws FailureError `query-failed`
 */
export function expectQuery(sql: string): void {
  const text = withoutLeadingComments(sql);
  const [word = ""] = /^\(*\s*\w+/.exec(text) ?? [];
  const verb = word.replaceAll(/[(\s]/g, "").toUpperCase();
  const isQuery = ["SELECT", "WITH", "VALUES", "TABLE", "SHOW", "DESCRIBE", "EXPLAIN"].includes(verb);
  // It runs what it explains.
  const isRun = /^explain\s+analyze\b/i.test(text);
  if (isQuery && !isRun) return;
  fail({
    reason: "query-failed",
    message: "only a single query is allowed here",
    expected: "one SELECT, WITH, VALUES, TABLE, SHOW, DESCRIBE or EXPLAIN",
    got: isRun ? "EXPLAIN ANALYZE" : verb === "" ? "no statement" : verb,
    retryable: false,
  });
}
