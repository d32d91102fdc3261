import { fail } from "../event/failure.ts";
import { readByBulk } from "./bulk-query.ts";
import { QueryInterrupted } from "./query-interrupted.ts";
import { countRecords, fitsRest, readByRest, type SourceRecord } from "./rest-query.ts";
import type { Session } from "./session.ts";

/** What to read: rows whose cursor lies in `[lo, hi)`, without a bound where one is undefined. */
export interface Range {
  readonly object: string;
  readonly fields: readonly string[];
  /** A datetime field. */
  readonly cursorField: string;
  readonly lo: Date | undefined;
  readonly hi: Date | undefined;
}

/** REST below this many rows, Bulk 2.0 from there on. */
const bulkFromRows = 10_000;
const maxRestarts = 5;
const narrowestMs = 1_000;

/** How a range is read. @default "auto" */
export type ReadMethod = "auto" | "rest" | "bulk";

/** `SystemModstamp >= ... AND SystemModstamp < ...`; undefined without bounds. */
export function rangeCondition(range: Pick<Range, "cursorField" | "lo" | "hi">): string | undefined {
  const bounds = [
    ...(range.lo === undefined ? [] : [`${range.cursorField} >= ${range.lo.toISOString()}`]),
    ...(range.hi === undefined ? [] : [`${range.cursorField} < ${range.hi.toISOString()}`]),
  ];
  return bounds.length === 0 ? undefined : bounds.join(" AND ");
}

/** `COUNT()` over a range. */
export async function countRange(session: Session, range: Range): Promise<number> {
  return countRecords(session, range.object, rangeCondition(range));
}

/**
 * Reads a range in the order of cursor and Id. When a locator expires it goes on from the last cursor read, when a query
 * takes too long it halves what is left: rows at such a seam come twice, so deduplicate by Id and cursor.
 *
 * @throws FailureError `timeout` when even a second's worth takes too long, `bad-response` when locators keep expiring
 */
export async function* readRange(
  session: Session,
  range: Range,
  options: { readonly method: ReadMethod; readonly count: number },
): AsyncGenerator<readonly SourceRecord[]> {
  const pending: Range[] = [range];
  let restarts = 0;
  for (let part = pending.shift(); part !== undefined; part = pending.shift()) {
    let lo = part.lo;
    try {
      for await (const page of chooseReader(session, rangeQuery(part), options)) {
        const last = page.at(-1)?.[range.cursorField];
        if (typeof last === "string") lo = new Date(last);
        yield page;
      }
    } catch (error) {
      if (!(error instanceof QueryInterrupted)) throw error;
      const rest = { ...part, lo };
      if (error.kind === "query-timeout") {
        const halves = await halve(session, rest, error);
        session.options.log(`a query took Salesforce too long; reading in halves`, "warn");
        pending.unshift(...halves);
      } else {
        restarts += 1;
        if (restarts > maxRestarts) expired(session, error);
        session.options.log(
          `a query locator expired; reading on from ${lo?.toISOString() ?? "the beginning"}`,
          "warn",
        );
        pending.unshift(rest);
      }
    }
  }
}

/** Reads one query by REST or Bulk 2.0; the choice is logged. */
export function chooseReader(
  session: Session,
  soql: string,
  options: { readonly method: ReadMethod; readonly count: number },
): AsyncGenerator<readonly SourceRecord[]> {
  const isBulk =
    options.method === "bulk" ||
    (options.method === "auto" && (options.count >= bulkFromRows || !fitsRest(soql)));
  const why = options.method === "auto" ? `${options.count} rows by COUNT()` : "as configured";
  session.options.log(`reading by ${isBulk ? "Bulk 2.0" : "REST"}: ${why}`, "debug");
  return isBulk ? readByBulk(session, soql) : readByRest(session, soql);
}

function rangeQuery(range: Range): string {
  const condition = rangeCondition(range);
  const where = condition === undefined ? "" : ` WHERE ${condition}`;
  return `SELECT ${range.fields.join(", ")} FROM ${range.object}${where} ORDER BY ${range.cursorField}, Id`;
}

async function halve(
  session: Session,
  range: Range,
  error: QueryInterrupted,
): Promise<readonly [Range, Range]> {
  const lo = range.lo ?? (await oldest(session, range));
  const hi = range.hi ?? session.transport.serverTime ?? session.options.clock.now();
  const middle =
    lo === undefined ? undefined : new Date(Math.floor((lo.getTime() + hi.getTime()) / 2000) * 1000);
  if (lo === undefined || middle === undefined || middle.getTime() - lo.getTime() < narrowestMs) {
    return fail({
      reason: "timeout",
      message: "a query takes Salesforce too long even over the shortest window",
      retryable: true,
      got: error.got,
      where: `${range.object}, ${rangeCondition(range) ?? "all rows"}`,
    });
  }
  return [
    { ...range, hi: middle },
    { ...range, lo: middle },
  ];
}

async function oldest(session: Session, range: Range): Promise<Date | undefined> {
  const condition = rangeCondition(range);
  const soql = `SELECT ${range.cursorField} FROM ${range.object}${condition === undefined ? "" : ` WHERE ${condition}`} ORDER BY ${range.cursorField} LIMIT 1`;
  for await (const page of readByRest(session, soql)) {
    const value = page[0]?.[range.cursorField];
    if (typeof value === "string") return new Date(value);
  }
  return undefined;
}

function expired(session: Session, error: QueryInterrupted): never {
  return fail({
    reason: "bad-response",
    message: `query locators expired ${maxRestarts + 1} times in one window`,
    retryable: true,
    got: error.got,
    where: session.instanceUrl,
  });
}
