import { parse } from "csv-parse/sync";
import { QueryJobV2 } from "jsforce/lib/api/bulk2.js";
import * as z from "zod";
import { fail } from "../event/failure.ts";
import type { OrgConnection } from "./org-connection.ts";
import { checkAnswer } from "./parse-answer.ts";
import { QueryInterrupted } from "./query-interrupted.ts";
import type { SourceRecord } from "./rest-query.ts";
import type { Session } from "./session.ts";

const jobSchema = z.object({
  id: z.string(),
  state: z.enum(["UploadComplete", "InProgress", "JobComplete", "Aborted", "Failed"]),
  numberRecordsProcessed: z.int().optional(),
  errorMessage: z.string().nullish(),
});

const rowsPerPage = 50_000;
const firstPollMs = 500;
const lastPollMs = 10_000;
/** A day, as long as Salesforce lets a query job run. */
const longestWaitMs = 24 * 3_600_000;

/**
 * Reads a query's answer by a Bulk API 2.0 job, which is deleted afterwards. Values are text; the empty string, which
 * Bulk can't tell from no value, is null.
 *
 * @throws QueryInterrupted
 * @throws FailureError `query-failed`, `bad-response`, `timeout`
 */
export async function* readByBulk(session: Session, soql: string): AsyncGenerator<readonly SourceRecord[]> {
  const id = await openJob(session, soql);
  try {
    const announced = await waitForJob(session, id);
    let rows = 0;
    let locator: string | undefined;
    do {
      const page = await readPage(session, id, locator);
      const records = recordsOf(page, session.instanceUrl);
      rows += records.length;
      yield records;
      locator = page.nextLocator;
    } while (locator !== undefined);
    if (announced !== undefined && rows !== announced) {
      fail({
        reason: "bad-response",
        message: "the Bulk job's pages hold another number of records than it processed",
        retryable: true,
        expected: `${announced} records`,
        got: `${rows} records`,
        where: `job ${id}`,
      });
    }
  } finally {
    await deleteJob(session, id);
  }
}

async function openJob(session: Session, soql: string): Promise<string> {
  const bodyParams = { operation: "query", query: soql } as const;
  const opened = await session.once((connection) =>
    new QueryJobV2(connection, { bodyParams, pollingOptions: connection.bulk2 }).open(),
  );
  return checkAnswer(opened, jobSchema, `${session.instanceUrl} jobs/query`).id;
}

/** A handle on a job. A new one each time: it takes its id from the last answer, whatever that was. */
function jobOf(connection: OrgConnection, id: string) {
  return connection.bulk2.job("query", { id });
}

/** Our own loop: jsforce's ends after 30 s, knows neither signal nor clock, and drops why a job failed. */
async function waitForJob(session: Session, id: string): Promise<number | undefined> {
  const { clock, signal } = session.options;
  let waitedMs = 0;
  for (let delayMs = firstPollMs; waitedMs < longestWaitMs; delayMs = Math.min(lastPollMs, delayMs * 1.5)) {
    const info = await session.ask(
      (connection) => jobOf(connection, id).check(),
      jobSchema,
      `jobs/query/${id}`,
    );
    if (info.state === "JobComplete") return info.numberRecordsProcessed;
    if (info.state === "Failed" || info.state === "Aborted") {
      const got = info.errorMessage ?? info.state;
      if (got.includes("QUERY_TIMEOUT")) throw new QueryInterrupted("query-timeout", got);
      fail({
        reason: "query-failed",
        message: "the Bulk job ended without a result",
        retryable: info.state === "Aborted",
        got,
        where: `job ${id}`,
      });
    }
    await clock.sleep(delayMs, signal);
    waitedMs += delayMs;
  }
  return fail({
    reason: "timeout",
    message: "the Bulk job did not end within a day",
    retryable: true,
    where: `job ${id}`,
  });
}

/** A page of a job's result, as Salesforce sent it. */
interface ResultPage {
  /** CSV with a header line of its own. */
  readonly csv: string;
  readonly recordCount: number | undefined;
  readonly nextLocator: string | undefined;
}

/** Asks for one page; without a locator for the first. jsforce's `result()` gives neither locator nor number of records. */
async function readPage(session: Session, jobId: string, locator: string | undefined): Promise<ResultPage> {
  const from = locator === undefined ? "" : `&locator=${encodeURIComponent(locator)}`;
  const path = `jobs/query/${jobId}/results?maxRecords=${rowsPerPage}${from}`;
  const { headers, body } = await session.repeat((connection) => connection.text(path, "text/csv"));
  const announced = headers["sforce-numberofrecords"];
  const next = headers["sforce-locator"];
  return {
    csv: body,
    recordCount: announced === undefined ? undefined : Number(announced),
    // Salesforce writes "null" in words on the last page.
    nextLocator: next === undefined || next === "null" || next === "" ? undefined : next,
  };
}

function recordsOf({ csv, recordCount }: ResultPage, where: string): readonly SourceRecord[] {
  const records = parsePage(csv, where);
  if (recordCount !== undefined && recordCount !== records.length) {
    fail({
      reason: "bad-response",
      message: "a page of the Bulk job holds another number of records than its header says",
      retryable: true,
      expected: `${recordCount} records`,
      got: `${records.length} records`,
      where,
    });
  }
  return records;
}

/** Reads one page: CSV with a header of its own. */
export function parsePage(csv: string, where: string): readonly SourceRecord[] {
  try {
    const records: Record<string, string | null>[] = parse(csv, { columns: true, bom: true });
    // Not by the parser's own `cast`, which takes four fifths of a large page's time.
    for (const record of records) for (const name in record) if (record[name] === "") record[name] = null;
    return records;
  } catch (error) {
    return fail(
      {
        reason: "bad-response",
        message: "a page of the Bulk job can't be read as CSV",
        retryable: true,
        where,
      },
      error,
    );
  }
}

async function deleteJob(session: Session, id: string): Promise<void> {
  const { signal } = session.transport;
  // Also after Ctrl-C: results of users must not lie about for the 7 days that Salesforce keeps them.
  session.transport.signal = AbortSignal.timeout(5_000);
  try {
    await session.once((connection) => jobOf(connection, id).delete());
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    session.options.log(
      `Bulk job ${id} could not be deleted (${reason}); Salesforce drops it after 7 days`,
      "warn",
    );
  } finally {
    session.transport.signal = signal;
  }
}
