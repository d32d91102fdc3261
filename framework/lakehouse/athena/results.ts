import type { ColumnInfo, GetQueryResultsCommandOutput } from "@aws-sdk/client-athena";
import type { QueryResult, Row, Value } from "../lakehouse.ts";
import { asAwsFailure } from "./athena-failure.ts";
import type { AwsClients } from "./aws-clients.ts";
import { abortOptions } from "./query-runner.ts";

/** A query's answer, page by page; the next one is asked for while the present one is walked. */
export async function openResult(
  clients: AwsClients,
  query: { readonly id: string; readonly hasHeader: boolean; readonly signal?: AbortSignal | undefined },
): Promise<QueryResult> {
  const first = await readPage(clients, query, undefined);
  const columns = (first.ResultSet?.ResultSetMetadata?.ColumnInfo ?? []).map((column) => ({
    name: column.Name ?? "",
    type: typeName(column),
  }));
  return { columns, rows: rowsOf(clients, query, first, columns) };
}

/** How many rows a write inserted, updated or deleted, in all. */
export async function readUpdateCount(
  clients: AwsClients,
  query: { readonly id: string; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  return (await readPage(clients, query, undefined)).UpdateCount ?? 0;
}

async function readPage(
  clients: AwsClients,
  { id, signal }: { readonly id: string; readonly signal?: AbortSignal | undefined },
  token: string | undefined,
): Promise<GetQueryResultsCommandOutput> {
  try {
    const { GetQueryResultsCommand } = await import("@aws-sdk/client-athena");
    const athena = await clients.athena();
    const command = new GetQueryResultsCommand({ QueryExecutionId: id, NextToken: token, MaxResults: 1000 });
    return await athena.send(command, abortOptions(signal));
  } catch (error) {
    throw asAwsFailure(error, { where: `result of query ${id}`, signal });
  }
}

async function* rowsOf(
  clients: AwsClients,
  query: { readonly id: string; readonly hasHeader: boolean; readonly signal?: AbortSignal | undefined },
  first: GetQueryResultsCommandOutput,
  columns: QueryResult["columns"],
): AsyncGenerator<Row> {
  let page: GetQueryResultsCommandOutput | undefined = first;
  // Athena gives the names of the columns as the first row of a SELECT.
  let skipped = query.hasHeader ? 1 : 0;
  while (page !== undefined) {
    const next: Promise<GetQueryResultsCommandOutput> | undefined =
      page.NextToken === undefined ? undefined : readPage(clients, query, page.NextToken);
    // It may fail while nobody waits for it yet.
    next?.catch(() => undefined);
    for (const { Data: cells = [] } of (page.ResultSet?.Rows ?? []).slice(skipped)) {
      yield Object.fromEntries(
        columns.map(({ name, type }, index) => [name, toValue(cells[index]?.VarCharValue, type)]),
      );
    }
    skipped = 0;
    page = await next;
  }
}

function typeName({ Type: type = "varchar", Precision: precision, Scale: scale }: ColumnInfo): string {
  return type === "decimal" ? `decimal(${precision ?? 38},${scale ?? 0})` : type;
}

/** A cell's text as the lakehouse's value. Arrays, maps and rows stay the text that Athena makes of them. */
export function toValue(text: string | undefined, type: string): Value {
  if (text === undefined) return null;
  switch (type) {
    case "boolean":
      return text === "true";
    case "tinyint":
    case "smallint":
    case "integer":
    case "bigint":
      return Number.isSafeInteger(Number(text)) ? Number(text) : text;
    case "float":
    case "real":
    case "double":
      return Number.isFinite(Number(text)) ? Number(text) : text;
    case "varbinary":
      return text.replaceAll(" ", "");
    case "timestamp":
      return withMicroseconds(text);
    case "timestamp with time zone":
      return inUtc(text);
    default:
      return text;
  }
}

/** `2026-01-31 09:30:00.123` with six digits of fraction; finer ones are cut off. */
function withMicroseconds(text: string): string {
  const [whole = text, fraction = ""] = text.split(".");
  return `${whole}.${fraction.slice(0, 6).padEnd(6, "0")}`;
}

/** `2026-01-31 09:30:00.123 UTC` or `... +02:00` as a timestamp in UTC. */
function inUtc(text: string): string {
  const [, local, zone] = /^(.*\d) (\S+)$/.exec(text) ?? [];
  if (local === undefined || zone === undefined) return text;
  const exact = withMicroseconds(local);
  if (zone === "UTC" || zone === "Z" || zone === "+00:00") return exact;
  const shifted = new Date(`${exact.slice(0, 19).replace(" ", "T")}${zone}`);
  if (Number.isNaN(shifted.getTime())) return text;
  return `${shifted.toISOString().slice(0, 19).replace("T", " ")}${exact.slice(19)}`;
}
