/**
 * A query that Salesforce broke off and that can go on another way: `locator-expired` by asking again from the last row
 * read, `query-timeout` by asking for less. Stays inside this room; `readRange` deals with it or turns it into a failure.
 */
export class QueryInterrupted extends Error {
  readonly kind: "locator-expired" | "query-timeout";
  /** The server's own words. */
  readonly got: string;

  constructor(kind: "locator-expired" | "query-timeout", got: string) {
    super(`query interrupted: ${kind}`);
    this.name = "QueryInterrupted";
    this.kind = kind;
    this.got = got;
  }
}
