import { fail } from "../event/failure.ts";
import { type DescribedObject, describeObject } from "./describe.ts";
import type { ApiUsage } from "./org-transport.ts";
import { QueryInterrupted } from "./query-interrupted.ts";
import { chooseReader, countRange, type Range, type ReadMethod, readRange } from "./read-range.ts";
import { readByRest, type SourceRecord } from "./rest-query.ts";
import { explainVersion } from "./unknown-version.ts";
import { Session, type SessionOptions } from "./session.ts";

/** Ids in one `WHERE Id IN (...)`: 300 of 18 characters stay far below the longest URI. */
const idsPerQuery = 300;
const maxTries = 4;

/** A signed-in Salesforce org, for reading. All methods throw FailureError. */
export interface SalesforceOrg {
  /** The 18-character id, as the org itself says. */
  readonly id: string;
  readonly instanceUrl: string;
  /** The org's clock at its last answer, whole seconds. */
  serverTime(): Date;
  /** HTTP requests sent so far, sign-in and retries included. */
  calls(): number;
  usage(): ApiUsage | undefined;
  describe(object: string): Promise<DescribedObject>;
  count(range: Range): Promise<number>;
  /** Pages in the order of cursor and Id; see {@link readRange} on rows that come twice. */
  read(
    range: Range,
    options: { readonly method: ReadMethod; readonly count: number },
  ): AsyncIterable<readonly SourceRecord[]>;
  /**
   * Ids of all visible records, each with its value of `field` as the source writes it. `expectedRows` chooses between
   * REST and Bulk.
   */
  sweep(
    object: string,
    field: string,
    options: { readonly method: ReadMethod; readonly expectedRows: number },
  ): Promise<ReadonlyMap<string, string>>;
  /** Records by id, those that are visible. */
  byId(object: string, fields: readonly string[], ids: readonly string[]): Promise<readonly SourceRecord[]>;
}

/** Signs in and asks the org who it is. */
export async function openSalesforce(options: SessionOptions): Promise<SalesforceOrg> {
  const session = await Session.open(options);
  const id = await readOrganizationId(session);
  return {
    id,
    instanceUrl: session.instanceUrl,
    serverTime: () => session.transport.serverTime ?? options.clock.now(),
    calls: () => session.transport.calls,
    usage: () => session.transport.usage,
    describe: (object) => describeObject(session, object),
    count: (range) => insist(session, () => countRange(session, range)),
    read: (range, how) => readRange(session, range, how),
    sweep: (object, field, how) =>
      insist(session, async () => {
        const found = new Map<string, string>();
        const reading = { method: how.method, count: how.expectedRows };
        const soql = `SELECT Id, ${field} FROM ${object} ORDER BY Id`;
        for await (const page of chooseReader(session, soql, reading)) {
          for (const { Id, [field]: value } of page) {
            if (typeof Id === "string") found.set(Id, typeof value === "string" ? value : "");
          }
        }
        return found;
      }),
    async byId(object, fields, ids) {
      const records: SourceRecord[] = [];
      for (let from = 0; from < ids.length; from += idsPerQuery) {
        const list = ids.slice(from, from + idsPerQuery).map((one) => `'${one}'`);
        const soql = `SELECT ${fields.join(", ")} FROM ${object} WHERE Id IN (${list.join(", ")})`;
        records.push(...(await insist(session, () => readAll(session, soql))));
      }
      return records;
    },
  };
}

async function readAll(session: Session, soql: string): Promise<readonly SourceRecord[]> {
  const records: SourceRecord[] = [];
  for await (const page of readByRest(session, soql)) records.push(...page);
  return records;
}

async function readOrganizationId(session: Session): Promise<string> {
  const soql = "SELECT Id FROM Organization";
  // jsforce's identity() would put the token into an address, which proxies write down.
  const [record] = await insist(session, () => readAll(session, soql)).catch((error: unknown) =>
    explainVersion(session, error),
  );
  const id = record?.["Id"];
  if (typeof id === "string" && id.length === 18) return id;
  return fail({
    reason: "bad-response",
    message: "the org does not say which one it is",
    retryable: false,
    expected: "one Organization with an 18-character Id",
    where: session.instanceUrl,
  });
}

/** Asks a query that can't be cut into windows again from its beginning when Salesforce broke it off. */
async function insist<T>(session: Session, run: () => Promise<T>): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof QueryInterrupted)) throw error;
      if (number === maxTries) {
        fail(
          {
            reason: error.kind === "query-timeout" ? "timeout" : "bad-response",
            message: `Salesforce broke a query off ${maxTries} times`,
            retryable: true,
            got: error.got,
            where: session.instanceUrl,
          },
          error,
        );
      }
      session.options.log(`Salesforce broke a query off (${error.kind}); asking again`, "warn");
    }
  }
}
