import * as z from "zod";
import { fail } from "../event/failure.ts";
import type { OrgConnection } from "./org-connection.ts";
import type { Session } from "./session.ts";

/** A record as read: field values by API name. Bulk gives text and null only, REST JSON's types. */
export type SourceRecord = Readonly<Record<string, unknown>>;

const pageSchema = z.object({
  totalSize: z.int(),
  done: z.boolean(),
  nextRecordsUrl: z.string().optional(),
  // Looked at, not copied value by value: pages are large.
  records: z.array(z.custom<SourceRecord>((value) => typeof value === "object" && value !== null)),
});

type Page = z.output<typeof pageSchema>;

/** Longest URI that Salesforce takes, bytes. */
const maxUriBytes = 16_384;

/** Whether a query fits into a URI; longer ones go by Bulk. */
export function fitsRest(soql: string): boolean {
  return Buffer.byteLength(encodeURIComponent(soql)) + 256 <= maxUriBytes;
}

/**
 * Reads a query's answer page by page, to the very end.
 *
 * @throws QueryInterrupted
 * @throws FailureError `bad-response` when the pages hold another number of records than the first page announced
 */
export async function* readByRest(session: Session, soql: string): AsyncGenerator<readonly SourceRecord[]> {
  let page: Page | undefined = await askPage(session, (connection) => connection.query(soql));
  const announced = page.totalSize;
  let rows = 0;
  while (page !== undefined) {
    rows += page.records.length;
    yield page.records.map(withoutAttributes);
    const next: string | undefined = page.done ? undefined : page.nextRecordsUrl;
    page =
      next === undefined ? undefined : await askPage(session, (connection) => connection.queryMore(next));
  }
  if (rows !== announced) {
    fail({
      reason: "bad-response",
      message: "Salesforce's pages hold another number of records than it announced",
      retryable: true,
      expected: `${announced} records`,
      got: `${rows} records`,
      where: session.instanceUrl,
    });
  }
}

/** `SELECT COUNT()` over an object. */
export async function countRecords(
  session: Session,
  object: string,
  where: string | undefined,
): Promise<number> {
  const soql = `SELECT COUNT() FROM ${object}${where === undefined ? "" : ` WHERE ${where}`}`;
  return (await askPage(session, (connection) => connection.query(soql))).totalSize;
}

/** One page: jsforce's own `autoFetch` ends at 10,000 records and says nothing (3.10.26). */
async function askPage(
  session: Session,
  ask: (connection: OrgConnection) => PromiseLike<unknown>,
): Promise<Page> {
  const read = async (connection: OrgConnection): Promise<unknown> => {
    try {
      return await ask(connection);
    } catch (error) {
      // jsforce goes through the records of an answer before it knows that it has any.
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  };
  return session.ask(read, pageSchema, "query");
}

/** REST says of each record its type and address; Bulk does not. */
function withoutAttributes(record: SourceRecord): SourceRecord {
  const { attributes: _attributes, ...fields } = record;
  return fields;
}
