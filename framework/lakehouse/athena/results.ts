import type { ColumnInfo, GetQueryResultsCommandOutput } from "@aws-sdk/client-athena";
import type { QueryResult, Row, Value } from "../lakehouse.ts";
import { asAwsFailure } from "./athena-failure.ts";
import type { AwsClients } from "./aws-clients.ts";
import { abortOptions } from "./query-runner.ts";
import { readResultFile } from "./result-file.ts";
import type { S3Objects } from "./s3-objects.ts";

/** Where answers are read. */
interface ResultSource {
  readonly clients: AwsClients;
  readonly objects: S3Objects;
}

/** A query that ended well, to be read. */
interface Answered {
  readonly id: string;
  /** Whether its first row is the names of the columns, as that of a SELECT is. */
  readonly hasHeader: boolean;
  /** Where its answer lies, where Athena says that. */
  readonly location: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A query's answer. The first thousand rows are asked of Athena, which is all of most answers; what is longer is read from
 * the file that Athena keeps it in, since a million rows would be a thousand requests, one after the other.
 */
export async function openResult(source: ResultSource, query: Answered): Promise<QueryResult> {
  const first = await readPage(source.clients, query, undefined);
  const columns = (first.ResultSet?.ResultSetMetadata?.ColumnInfo ?? []).map((column) => ({
    name: column.Name ?? "",
    type: typeName(column),
  }));
  const { location } = query;
  const lines =
    first.NextToken !== undefined && location?.endsWith(".csv") === true
      ? linesOfFile(source, query, location)
      : linesOfPages(source.clients, query, first);
  return { columns, rows: rowsOf(lines, columns, query.hasHeader) };
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
    const { GetQueryResultsCommand } = await import("../aws-sdk/athena.ts");
    const athena = await clients.athena();
    const command = new GetQueryResultsCommand({ QueryExecutionId: id, NextToken: token, MaxResults: 1000 });
    return await athena.send(command, abortOptions(signal));
  } catch (error) {
    throw asAwsFailure(error, { where: `result of query ${id}`, profile: clients.profile, signal });
  }
}

type Cells = readonly (string | undefined)[];

async function* rowsOf(
  lines: AsyncIterable<Cells>,
  columns: QueryResult["columns"],
  hasHeader: boolean,
): AsyncGenerator<Row> {
  let isHeader = hasHeader;
  for await (const cells of lines) {
    if (!isHeader)
      yield Object.fromEntries(columns.map(({ name, type }, index) => [name, toValue(cells[index], type)]));
    isHeader = false;
  }
}

/** The next page is asked for while the present one is walked. */
async function* linesOfPages(
  clients: AwsClients,
  query: Answered,
  first: GetQueryResultsCommandOutput,
): AsyncGenerator<Cells> {
  let page: GetQueryResultsCommandOutput | undefined = first;
  while (page !== undefined) {
    const next: Promise<GetQueryResultsCommandOutput> | undefined =
      page.NextToken === undefined ? undefined : readPage(clients, query, page.NextToken);
    // It may fail while nobody waits for it yet.
    next?.catch(() => undefined);
    for (const { Data: cells = [] } of page.ResultSet?.Rows ?? [])
      yield cells.map(({ VarCharValue: text }) => text);
    page = await next;
  }
}

async function* linesOfFile(
  { clients, objects }: ResultSource,
  { id, signal }: Answered,
  location: string,
): AsyncGenerator<Cells> {
  try {
    yield* readResultFile(objects.streamText(location, signal));
  } catch (error) {
    throw asAwsFailure(error, { where: `result of query ${id}`, profile: clients.profile, signal });
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
