import { changedOrganizationId, readNow } from "./database.ts";
import type { Cell, SandboxDatabase } from "./database.ts";
import { addressParts, keepForLocator, readRecords, readResults } from "./result-set.ts";
import type { ResultSet } from "./result-set.ts";
import { SalesforceError } from "./salesforce-error.ts";
import { restDatetime } from "./soql/date-literals.ts";
import { parseSoql } from "./soql/parse.ts";
import { planQuery } from "./soql/plan.ts";
import type { QueryPlan } from "./soql/plan.ts";
import type { SandboxField } from "./user-fields.ts";
import { visibleUsers } from "./visibility.ts";
import type { Visibility } from "./visibility.ts";

/** JSON of one record or group, in the order of the query. */
type RestRecord = Record<string, unknown>;

/** The body of an answer to a query. */
export interface QueryAnswer {
  readonly totalSize: number;
  readonly done: boolean;
  readonly nextRecordsUrl?: string;
  readonly records: readonly RestRecord[];
}

/** How an answer is written: its API version, and how many records a page has. */
export interface PageOptions {
  readonly version: string;
  readonly batchSize: number;
}

/**
 * Answers a SOQL query with its first page. A longer answer is kept and led to by `nextRecordsUrl`; of those the newest 50 stay.
 *
 * @throws SalesforceError in Salesforce's words for a query it would refuse.
 */
export async function runQuery(
  db: SandboxDatabase,
  soql: string,
  visibility: Visibility,
  options: PageOptions,
): Promise<QueryAnswer> {
  const plan = planQuery(soql, await parseSoql(db, soql), readNow(db), visibility.hiddenFields);
  const { shape } = plan;
  if (shape.kind === "count") return { totalSize: countRows(db, plan, visibility), done: true, records: [] };
  if (shape.kind === "aggregate") return runAggregate(db, plan, visibility, shape);
  const results = { object: plan.entity.name, fields: shape.fields, rows: findRows(db, plan, visibility) };
  const locator = results.rows.length > options.batchSize ? keepForLocator(db, results) : "";
  return pageOf(db, results, locator, 0, options, visibility);
}

/** The page that a `nextRecordsUrl` leads to. @throws SalesforceError `INVALID_QUERY_LOCATOR` when it leads nowhere. */
export function runQueryMore(
  db: SandboxDatabase,
  locator: string,
  visibility: Visibility,
  options: PageOptions,
): QueryAnswer {
  const [id = "", offsetText = ""] = locator.split("-");
  const offset = Number(offsetText);
  const results = readResults(db, id);
  if (results === undefined || !/^\d+$/.test(offsetText) || offset > results.rows.length)
    throw invalidLocator();
  return pageOf(db, results, id, offset, options, visibility);
}

/** The answer to a locator that is unknown or too old. */
export function invalidLocator(): SalesforceError {
  return new SalesforceError(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
}

/** The numbers of the rows that a plan selects, in its order. */
export function findRows(db: SandboxDatabase, plan: QueryPlan, visibility: Visibility): Uint32Array {
  const { text, values } = source(db, plan, visibility);
  const statement = db.prepare<Cell[], number>(
    `SELECT number FROM ${text} ORDER BY ${plan.orderBy} LIMIT ${plan.limit ?? -1} OFFSET ${plan.offset ?? 0}`,
  );
  return Uint32Array.from(statement.pluck().all(...values));
}

function countRows(db: SandboxDatabase, plan: QueryPlan, visibility: Visibility): number {
  const { text, values } = source(db, plan, visibility);
  const count =
    db
      .prepare<Cell[], number>(`SELECT count(*) FROM ${text}`)
      .pluck()
      .get(...values) ?? 0;
  return Math.min(count, plan.limit ?? count);
}

function source(db: SandboxDatabase, plan: QueryPlan, visibility: Visibility) {
  const visible =
    plan.entity.name === "User" ? visibleUsers(db, visibility) : ({ text: "TRUE", values: [] } as const);
  return {
    text: `"${plan.entity.name}" WHERE ${visible.text} AND ${plan.where.text}`,
    values: [...visible.values, ...plan.where.values],
  };
}

function runAggregate(
  db: SandboxDatabase,
  plan: QueryPlan,
  visibility: Visibility,
  shape: Extract<QueryPlan["shape"], { kind: "aggregate" }>,
): QueryAnswer {
  const { text, values } = source(db, plan, visibility);
  const columns = shape.columns.map((column) => column.sql).join(", ");
  const grouped = shape.groupBy.length > 0 ? ` GROUP BY ${shape.groupBy.join(", ")}` : "";
  const rows = db
    .prepare<Cell[], Cell[]>(
      `SELECT ${columns} FROM ${text}${grouped} LIMIT ${Math.min(plan.limit ?? 2000, 2000)}`,
    )
    .raw()
    .all(...values);
  const records = rows.map((row) => ({
    attributes: { type: "AggregateResult" },
    ...Object.fromEntries(
      shape.columns.map(({ name, field }, index) => {
        const cell = row[index] ?? null;
        return [name, field === undefined ? cell : restValue(field, cell)];
      }),
    ),
  }));
  return { totalSize: records.length, done: true, records };
}

function pageOf(
  db: SandboxDatabase,
  results: ResultSet,
  locator: string,
  offset: number,
  options: PageOptions,
  visibility: Visibility,
): QueryAnswer {
  const end = offset + options.batchSize;
  const records = readRecords(db, results, offset, end).map((cells) =>
    restRecord(results, cells, options.version, visibility),
  );
  const totalSize = results.rows.length;
  if (end >= totalSize) return { totalSize, done: true, records };
  const nextRecordsUrl = `/services/data/${options.version}/query/${locator}-${end}`;
  return { totalSize, done: false, nextRecordsUrl, records };
}

function restRecord(
  results: ResultSet,
  cells: Readonly<Record<string, Cell>>,
  version: string,
  visibility: Visibility,
): RestRecord {
  const isOtherOrganization = results.object === "Organization" && visibility.isOrganizationChanged;
  const row = isOtherOrganization ? { ...cells, Id: changedOrganizationId } : cells;
  const record: RestRecord = {
    attributes: {
      type: results.object,
      url: `/services/data/${version}/sobjects/${results.object}/${row["Id"]}`,
    },
  };
  for (const field of results.fields) {
    record[field.name] =
      field.type === "address" ? restAddress(row) : restValue(field, row[field.name] ?? null);
  }
  return record;
}

function restAddress(cells: Readonly<Record<string, Cell>>): unknown {
  const cell = (name: string): Cell => cells[name] ?? null;
  if (addressParts.every((name) => cell(name) === null)) return null;
  return {
    city: cell("City"),
    country: cell("Country"),
    geocodeAccuracy: cell("GeocodeAccuracy"),
    latitude: cell("Latitude"),
    longitude: cell("Longitude"),
    postalCode: cell("PostalCode"),
    state: cell("State"),
    street: cell("Street"),
  };
}

function restValue(field: SandboxField, cell: Cell): unknown {
  if (cell === null) return null;
  if (field.type === "boolean") return cell === 1;
  return field.type === "datetime" ? restDatetime(cell as number) : cell;
}
