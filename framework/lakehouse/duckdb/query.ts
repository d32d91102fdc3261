import {
  type DuckDBPreparedStatement,
  type DuckDBResult,
  type DuckDBValue,
  StatementType,
} from "@duckdb/node-api";
import { fail } from "../../event/failure.ts";
import type { QueryResult, Row, Value } from "../lakehouse.ts";
import { quoteName } from "../ddl/quoting.ts";
import { catalogName } from "./duckdb-dialect.ts";
import { asFailure } from "./failures.ts";
import type { Session } from "./session.ts";
import { toValue } from "./values.ts";

/** What {@link query} takes. */
export interface QueryRequest {
  readonly sql: string;
  readonly parameters: readonly (string | number | boolean | null)[];
  readonly readOnly: boolean;
  /** A namespace of the lake, so that `namespace.table` is looked up there. */
  readonly namespace: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Runs one statement; closes the session when the rows have been read or left, or on an error. */
export async function query(session: Session, request: QueryRequest): Promise<QueryResult> {
  try {
    if (request.namespace !== undefined) {
      await session.run(`USE ${quoteName(catalogName)}.${quoteName(request.namespace)}`);
    }
    const statement = await session.prepare(request.sql);
    if (statement === undefined) return refuse("expected exactly one statement");
    if (request.readOnly) expectQuery(statement);
    bind(statement, request.parameters);
    const result = await session.interruptibly(() => statement.stream());
    const columns = columnsOf(result);
    return { columns, rows: rows(session, result, columns, request.signal) };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** The engine for queries can't write anyway; this says so in plain words, and refuses what it would allow. */
function expectQuery(statement: DuckDBPreparedStatement): void {
  const type = statement.statementType;
  if (type === StatementType.SELECT || type === StatementType.EXPLAIN) return;
  refuse(`expected a query, got ${StatementType[type]}`);
}

function refuse(words: string): never {
  return fail({
    reason: "query-failed",
    message: "only a single query is allowed here",
    expected: "one SELECT, WITH, FROM, VALUES, SHOW, DESCRIBE, SUMMARIZE or EXPLAIN",
    got: words,
    retryable: false,
  });
}

function bind(statement: DuckDBPreparedStatement, parameters: QueryRequest["parameters"]): void {
  if (parameters.length !== statement.parameterCount) {
    fail({
      reason: "query-failed",
      message: "the number of parameters differs",
      expected: `${statement.parameterCount} parameters`,
      got: String(parameters.length),
      retryable: false,
    });
  }
  // Whole numbers go as integers: as doubles they couldn't be a LIMIT, and would lose digits against a BIGINT.
  const values = parameters.map((value): DuckDBValue =>
    typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value,
  );
  if (values.length > 0) statement.bind(values);
}

function columnsOf(result: DuckDBResult): QueryResult["columns"] {
  return result
    .deduplicatedColumnNames()
    .map((name, index) => ({ name, type: String(result.columnType(index)) }));
}

async function* rows(
  session: Session,
  result: DuckDBResult,
  columns: QueryResult["columns"],
  signal: AbortSignal | undefined,
): AsyncGenerator<Row> {
  try {
    for (;;) {
      const chunk = await session.interruptibly(() => result.fetchChunk());
      if (chunk === null || chunk.rowCount === 0) return;
      for (const values of chunk.getRows()) {
        const entries = columns.map(({ name }, index): [string, Value] => [
          name,
          toValue(values[index] ?? null),
        ]);
        yield Object.fromEntries(entries);
      }
    }
  } catch (error) {
    throw asFailure(error, { signal });
  } finally {
    await session.close();
  }
}
