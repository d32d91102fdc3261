import * as z from "zod";
import { fail } from "../event/failure.ts";
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
  let path: string | undefined = `query?q=${encodeURIComponent(soql)}`;
  let announced: number | undefined;
  let rows = 0;
  while (path !== undefined) {
    const page: z.output<typeof pageSchema> = await session.json({ method: "GET", path }, pageSchema);
    announced ??= page.totalSize;
    rows += page.records.length;
    yield page.records.map(withoutAttributes);
    path = page.done ? undefined : page.nextRecordsUrl;
  }
  if (rows !== announced) {
    fail({
      reason: "bad-response",
      message: "Salesforce's pages hold another number of records than it announced",
      retryable: true,
      expected: `${announced ?? 0} records`,
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
  const page = await session.json({ method: "GET", path: `query?q=${encodeURIComponent(soql)}` }, pageSchema);
  return page.totalSize;
}

/** REST says of each record its type and address; Bulk does not. */
function withoutAttributes(record: SourceRecord): SourceRecord {
  const { attributes: _attributes, ...fields } = record;
  return fields;
}
