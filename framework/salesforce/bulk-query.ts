import { parse } from "csv-parse/sync";
import * as z from "zod";
import { fail } from "../event/failure.ts";
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
  const created = await session.json(
    {
      method: "POST",
      path: "jobs/query",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ operation: "query", query: soql }),
    },
    jobSchema,
  );
  try {
    const announced = await waitForJob(session, created.id);
    let rows = 0;
    let locator: string | undefined;
    do {
      const query = `maxRecords=${rowsPerPage}${locator === undefined ? "" : `&locator=${encodeURIComponent(locator)}`}`;
      const page = await readPage(session, `jobs/query/${created.id}/results?${query}`);
      rows += page.records.length;
      yield page.records;
      locator = page.nextLocator;
    } while (locator !== undefined);
    if (announced !== undefined && rows !== announced) {
      fail({
        reason: "bad-response",
        message: "the Bulk job's pages hold another number of records than it processed",
        retryable: true,
        expected: `${announced} records`,
        got: `${rows} records`,
        where: `job ${created.id}`,
      });
    }
  } finally {
    await deleteJob(session, created.id);
  }
}

async function waitForJob(session: Session, id: string): Promise<number | undefined> {
  const { clock, signal } = session.options;
  let waitedMs = 0;
  for (let delayMs = firstPollMs; waitedMs < longestWaitMs; delayMs = Math.min(lastPollMs, delayMs * 1.5)) {
    const job = await session.json({ method: "GET", path: `jobs/query/${id}` }, jobSchema);
    if (job.state === "JobComplete") return job.numberRecordsProcessed;
    if (job.state === "Failed" || job.state === "Aborted") {
      const got = job.errorMessage ?? job.state;
      if (got.includes("QUERY_TIMEOUT")) throw new QueryInterrupted("query-timeout", got);
      fail({
        reason: "query-failed",
        message: "the Bulk job ended without a result",
        retryable: job.state === "Aborted",
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

async function readPage(
  session: Session,
  path: string,
): Promise<{ readonly records: readonly SourceRecord[]; readonly nextLocator: string | undefined }> {
  const { headers, body } = await session.send({ method: "GET", path, headers: { accept: "text/csv" } });
  const records = parsePage(body, session.instanceUrl);
  const announced = headers["sforce-numberofrecords"];
  if (announced !== undefined && Number(announced) !== records.length) {
    fail({
      reason: "bad-response",
      message: "a page of the Bulk job holds another number of records than its header says",
      retryable: true,
      expected: `${announced} records`,
      got: `${records.length} records`,
      where: session.instanceUrl,
    });
  }
  const locator = headers["sforce-locator"];
  // Salesforce writes "null" in words on the last page.
  return {
    records,
    nextLocator: locator === undefined || locator === "null" || locator === "" ? undefined : locator,
  };
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
    await session.sendOnce({ method: "DELETE", path: `jobs/query/${id}` });
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
