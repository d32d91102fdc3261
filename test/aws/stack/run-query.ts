import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  type StartQueryExecutionCommandInput,
} from "@aws-sdk/client-athena";
import { setTimeout as delay } from "node:timers/promises";

/** What a query came to, and the rows of all pages; a query's first row is the names of its columns. */
export interface QueryOutcome {
  readonly execution: QueryExecution;
  readonly rows: readonly (readonly (string | null)[])[];
  readonly columns: readonly string[];
  readonly updateCount: number | undefined;
}

/** Runs one query with the SDK alone, to judge the stack or what others did to it. Waits for its end, whatever that is. */
export async function runQuery(
  sql: string,
  input: Partial<StartQueryExecutionCommandInput> & { readonly pageSize?: number } = {},
): Promise<QueryOutcome> {
  const client = new AthenaClient({});
  const { pageSize, ...rest } = input;
  const { QueryExecutionId } = await client.send(
    new StartQueryExecutionCommand({ QueryString: sql, ...rest }),
  );
  const execution = await endedQuery(client, QueryExecutionId);
  const rows: (string | null)[][] = [];
  let columns: readonly string[] = [];
  let updateCount: number | undefined;
  let NextToken: string | undefined;
  if (execution.Status?.State !== "SUCCEEDED") return { execution, rows, columns, updateCount };
  do {
    const page = await client.send(
      new GetQueryResultsCommand({ QueryExecutionId, NextToken, MaxResults: pageSize }),
    );
    for (const row of page.ResultSet?.Rows ?? [])
      rows.push((row.Data ?? []).map((value) => value.VarCharValue ?? null));
    columns = (page.ResultSet?.ResultSetMetadata?.ColumnInfo ?? []).map(
      (column) => `${column.Name} ${column.Type}`,
    );
    updateCount = page.UpdateCount;
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return { execution, rows, columns, updateCount };
}

/** Waits for the end of a query, whatever that is. */
export async function endedQuery(
  client: AthenaClient,
  QueryExecutionId: string | undefined,
): Promise<QueryExecution> {
  for (;;) {
    const { QueryExecution: execution } = await client.send(
      new GetQueryExecutionCommand({ QueryExecutionId }),
    );
    const state = execution?.Status?.State;
    if (execution !== undefined && state !== "QUEUED" && state !== "RUNNING") return execution;
    await delay(50);
  }
}
