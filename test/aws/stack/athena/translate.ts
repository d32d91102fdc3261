import { translateAlter } from "./translate-alter.ts";
import { translateCreate } from "./translate-create.ts";
import { translateOptimize, translateVacuum } from "./translate-upkeep.ts";
import { tableName } from "./names.ts";
import type { Plan, Session } from "./plan.ts";
import { literal, quoted, SqlReader, tokensOf, valueOf } from "./sql-reader.ts";

/**
 * Turns a statement of Athena's SQL into what Trino does for it. Athena sends queries and writes to an engine that is
 * Trino, as they are; its DDL is Hive's, and OPTIMIZE and VACUUM are its own.
 *
 * @throws QueryError of the name and message that Athena would fail with
 */
export function translate(sql: string, session: Session): Plan {
  const reader = new SqlReader(sql);
  const first = reader.peek()?.text.toLowerCase() ?? "";
  switch (first) {
    case "select":
    case "with":
    case "values":
    case "table":
    case "(":
      return { type: "DML", subtype: "SELECT", result: "rows", steps: [asWritten(reader, session)] };
    case "insert":
    case "update":
    case "delete":
    case "merge":
      return {
        type: "DML",
        subtype: first.toUpperCase(),
        result: "count",
        steps: [asWritten(reader, session)],
      };
    case "explain":
      return { type: "UTILITY", subtype: "EXPLAIN", result: "text", steps: [asWritten(reader, session)] };
    case "show":
    case "describe":
      return {
        type: "UTILITY",
        subtype: first.toUpperCase(),
        result: "text",
        steps: [withoutBackticks(reader)],
      };
    case "create":
      return translateCreate(reader, session);
    case "drop":
      return translateDrop(reader, session);
    case "alter":
      return translateAlter(reader, session);
    case "optimize":
      return translateOptimize(reader, session);
    case "vacuum":
      return translateVacuum(reader, session);
    default:
      return reader.refuse("'ALTER', 'ANALYZE', 'CALL', 'CREATE', ...");
  }
}

function asWritten(reader: SqlReader, { parameters }: Session): string {
  const sql = reader.rest();
  return parameters.length === 0 ? sql : `EXECUTE IMMEDIATE ${literal(sql)} USING ${parameters.join(", ")}`;
}

function withoutBackticks(reader: SqlReader): string {
  return tokensOf(reader.rest())
    .map((token) => (token.kind === "backticked" ? quoted(valueOf(token)) : token.text))
    .join("");
}

function translateDrop(reader: SqlReader, session: Session): Plan {
  const whole = reader.rest();
  const drop = new SqlReader(whole);
  drop.need("drop");
  if (drop.is("view")) return { type: "DDL", subtype: "DROP_VIEW", result: "none", steps: [whole] };
  const isTable = drop.take("table");
  if (!isTable && !drop.take("schema") && !drop.take("database")) drop.refuse("'TABLE', 'DATABASE', 'VIEW'");
  const ifExists = drop.take("if", "exists") ? "IF EXISTS " : "";
  const name = drop.name();
  const cascade = drop.take("cascade") ? " CASCADE" : "";
  drop.take("restrict");
  drop.end();
  const statement = isTable
    ? `DROP TABLE ${ifExists}${tableName(name, session)}`
    : `DROP SCHEMA ${ifExists}${quoted(name.at(-1) ?? "")}${cascade}`;
  return {
    type: "DDL",
    subtype: isTable ? "DROP_TABLE" : "DROP_DATABASE",
    result: "none",
    steps: [statement],
  };
}
