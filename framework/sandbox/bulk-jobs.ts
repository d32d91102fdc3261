import { instance, integrationUserId, nextNumber, readNow } from "./database.ts";
import type { Cell, SandboxDatabase } from "./database.ts";
import { findRows } from "./query.ts";
import { recordId } from "./record-id.ts";
import { countResults, dropResults, keepForJob, readRecords, readResults } from "./result-set.ts";
import { malformed, notFound, SalesforceError } from "./salesforce-error.ts";
import { bulkDatetime, restDatetime } from "./soql/date-literals.ts";
import { parseSoql } from "./soql/parse.ts";
import { planQuery } from "./soql/plan.ts";
import type { SandboxField } from "./user-fields.ts";
import type { Visibility } from "./visibility.ts";

const delimiters = { BACKQUOTE: "`", CARET: "^", COMMA: ",", PIPE: "|", SEMICOLON: ";", TAB: "\t" } as const;
const defaultPage = 50_000;

/** The states of a query job that this org passes through. */
type JobState = "UploadComplete" | "JobComplete" | "Aborted" | "Failed";

/** What a client asks for when it creates a query job. */
export interface JobRequest {
  readonly operation: "query" | "queryAll";
  readonly query: string;
  readonly columnDelimiter: keyof typeof delimiters;
  readonly lineEnding: "LF" | "CRLF";
  readonly version: string;
}

interface StoredJob {
  readonly id: string;
  readonly state: JobState;
  readonly definition: JobRequest & { readonly createdAt: number };
  readonly error: string | null;
}

/** One page of a job's results: CSV with its own header, and where the next begins. */
export interface ResultPage {
  readonly csv: string;
  readonly recordCount: number;
  /** `null` in words on the last page, as Salesforce writes it. */
  readonly locator: string;
}

/**
 * Reads the body of `POST jobs/query`.
 *
 * @throws SalesforceError `INVALIDJOB` for what a job cannot be.
 */
export function readJobRequest(body: unknown, version: string): JobRequest {
  const {
    operation,
    query,
    columnDelimiter = "COMMA",
    lineEnding = "LF",
  } = (body ?? {}) as Record<string, unknown>;
  const refuse = (message: string): never => {
    throw new SalesforceError(400, "INVALIDJOB", `InvalidJob : ${message}`);
  };
  if (operation !== "query" && operation !== "queryAll")
    return refuse(`Unknown operation: ${String(operation)}`);
  if (typeof query !== "string") return refuse("Must provide a query");
  if (lineEnding !== "LF" && lineEnding !== "CRLF")
    return refuse(`Invalid lineEnding: ${String(lineEnding)}`);
  if (typeof columnDelimiter !== "string" || !Object.hasOwn(delimiters, columnDelimiter)) {
    return refuse(`Invalid columnDelimiter: ${String(columnDelimiter)}`);
  }
  return {
    operation,
    query,
    lineEnding,
    version,
    columnDelimiter: columnDelimiter as JobRequest["columnDelimiter"],
  };
}

/** Creates a query job; with `failure` it is one that Salesforce accepts and then fails. */
export async function createJob(
  db: SandboxDatabase,
  request: JobRequest,
  visibility: Visibility,
  failure?: string,
) {
  const query = await parseSoql(db, request.query);
  const plan = planQuery(request.query, query, readNow(db), visibility.hiddenFields);
  const { shape } = plan;
  if (shape.kind !== "rows") throw malformed("Aggregate Relationships not supported in Bulk Query");
  if (plan.offset !== undefined) throw malformed("OFFSET clause not supported in Bulk Query");
  if (/\bFIELDS\s*\(/i.test(request.query)) throw malformed("FIELDS function not supported in Bulk Query");
  const compound = shape.fields.find((field) => field.type === "address");
  if (compound !== undefined) {
    const message = `Selecting compound data not supported in Bulk Query: ${compound.name}`;
    throw new SalesforceError(400, "FUNCTIONALITY_NOT_ENABLED", message);
  }
  const number = nextNumber(db, "job-number");
  const id = recordId("750", instance, number);
  const results = { object: plan.entity.name, fields: shape.fields, rows: findRows(db, plan, visibility) };
  const definition = JSON.stringify({ ...request, createdAt: readNow(db) });
  db.transaction(() => {
    db.prepare("INSERT INTO job VALUES (?, ?, 'UploadComplete', ?, ?)").run(
      id,
      number,
      definition,
      failure ?? null,
    );
    keepForJob(db, id, results);
  }).immediate();
  return jobInfo(db, findJob(db, id));
}

/** A job as its status shows it. Being asked is what completes it: the first status after creation says `JobComplete`. */
export function pollJob(db: SandboxDatabase, id: string) {
  const job = findJob(db, id);
  if (job.state === "UploadComplete") setState(db, id, job.error === null ? "JobComplete" : "Failed");
  return jobInfo(db, findJob(db, id));
}

/** All jobs, newest first. */
export function listJobs(db: SandboxDatabase) {
  const ids = db.prepare("SELECT id FROM job ORDER BY number DESC").pluck().all() as string[];
  return { done: true, nextRecordsUrl: null, records: ids.map((id) => jobInfo(db, findJob(db, id))) };
}

/** Stops a job; one that has ended stays as it is, with an error. */
export function abortJob(db: SandboxDatabase, id: string) {
  const job = findJob(db, id);
  if (job.state !== "UploadComplete")
    throw invalidState(`Job object is in state ${job.state}, cannot be aborted`);
  setState(db, id, "Aborted");
  return jobInfo(db, findJob(db, id));
}

/** Removes a job and its results. */
export function deleteJob(db: SandboxDatabase, id: string): void {
  findJob(db, id);
  db.prepare("DELETE FROM job WHERE id = ?").run(id);
  dropResults(db, id);
}

/**
 * A page of a finished job's results.
 *
 * @throws SalesforceError `INVALIDJOBSTATE` before the job is complete, `INVALIDLOCATOR` for a locator that is none.
 */
export function readResultPage(
  db: SandboxDatabase,
  id: string,
  options: { readonly locator: string | undefined; readonly maxRecords: number | undefined },
): ResultPage {
  const job = findJob(db, id);
  if (job.state !== "JobComplete") throw invalidState(`Job not complete: it is in state ${job.state}`);
  const results = readResults(db, id);
  if (results === undefined) throw notFound();
  const from = options.locator === undefined ? 0 : decodeLocator(options.locator);
  if (from > results.rows.length) throw invalidLocator();
  const to = from + (options.maxRecords ?? defaultPage);
  const records = readRecords(db, results, from, to);
  return {
    csv: writeCsv(results.fields, records, job.definition),
    recordCount: records.length,
    locator: to < results.rows.length ? encodeLocator(to) : "null",
  };
}

/** Salesforce quotes every value, so a doubled quote is all the escaping there is; half of a big page's time with a library. */
function writeCsv(
  fields: readonly SandboxField[],
  records: readonly Readonly<Record<string, Cell>>[],
  request: JobRequest,
): string {
  const delimiter = delimiters[request.columnDelimiter];
  const lineEnding = request.lineEnding === "LF" ? "\n" : "\r\n";
  const line = (values: readonly string[]): string =>
    values.map((value) => `"${value.replaceAll('"', '""')}"`).join(delimiter) + lineEnding;
  const rows = records.map((record) =>
    line(fields.map((field) => csvValue(field, record[field.name] ?? null))),
  );
  return line(fields.map((field) => field.name)) + rows.join("");
}

/** Null and '' are both an empty field, and whole numbers come with a fraction, as Bulk writes them. */
function csvValue(field: SandboxField, cell: Cell): string {
  if (cell === null) return "";
  if (field.type === "boolean") return cell === 1 ? "true" : "false";
  if (field.type === "datetime") return bulkDatetime(cell as number);
  return field.type === "int" && Number.isInteger(cell) ? `${cell}.0` : String(cell);
}

const encodeLocator = (offset: number): string => Buffer.from(String(offset)).toString("base64url");

function decodeLocator(locator: string): number {
  const offset = Buffer.from(locator, "base64url").toString();
  if (!/^\d+$/.test(offset)) throw invalidLocator();
  return Number(offset);
}

function invalidLocator(): SalesforceError {
  return new SalesforceError(400, "INVALIDLOCATOR", "InvalidLocator : The provided locator is invalid");
}

function invalidState(message: string): SalesforceError {
  return new SalesforceError(400, "INVALIDJOBSTATE", `InvalidJobState : ${message}`);
}

function setState(db: SandboxDatabase, id: string, state: JobState): void {
  db.prepare("UPDATE job SET state = ? WHERE id = ?").run(state, id);
}

function findJob(db: SandboxDatabase, id: string): StoredJob {
  const job = db
    .prepare<[string], StoredJob & { definition: string }>("SELECT * FROM job WHERE id = ?")
    .get(id);
  if (job === undefined) throw notFound();
  return { ...job, definition: JSON.parse(job.definition) as StoredJob["definition"] };
}

function jobInfo(db: SandboxDatabase, job: StoredJob) {
  const { operation, version, columnDelimiter, lineEnding, createdAt } = job.definition;
  const created = restDatetime(createdAt);
  const info = {
    id: job.id,
    operation,
    object: "User",
    createdById: integrationUserId,
    createdDate: created,
    systemModstamp: created,
    state: job.state,
    concurrencyMode: "Parallel",
    contentType: "CSV",
    apiVersion: Number(version.slice(1)),
    lineEnding,
    columnDelimiter,
  };
  if (job.state === "UploadComplete") return info;
  return {
    ...info,
    jobType: "V2Query",
    numberRecordsProcessed: job.state === "JobComplete" ? countResults(db, job.id) : 0,
    retries: 0,
    totalProcessingTime: 100,
    ...(job.state === "Failed" ? { errorMessage: job.error } : {}),
  };
}
