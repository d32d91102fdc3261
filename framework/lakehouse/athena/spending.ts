import { fail } from "../../event/failure.ts";
import type { QueryCosts } from "../lakehouse.ts";

/** What Athena charges at least for a statement that scans, bytes. */
const leastCharged = 10_000_000;
const bytesPerTerabyte = 1_000_000_000_000;
const defaultPricePerTerabyte = 5;

/** What statements scanned, in all and by table, and the limit that a process may not go beyond. */
export class Spending {
  readonly #maxBytes: number | undefined;
  readonly #pricePerTerabyte: number;
  readonly #byTable = new Map<string, { statements: number; bytesScanned: number; charged: number }>();
  #charged = 0;

  constructor(options: {
    readonly maxBytes?: number | undefined;
    readonly pricePerTerabyte?: number | undefined;
  }) {
    this.#maxBytes = options.maxBytes;
    this.#pricePerTerabyte = options.pricePerTerabyte ?? defaultPricePerTerabyte;
  }

  /**
   * Called before a statement is sent. `atMost`: what it can scan at the very most, where that is known.
   *
   * @throws FailureError `budget-exhausted`
   */
  expect(atMost = 0): void {
    const max = this.#maxBytes;
    if (max === undefined || this.#charged + Math.max(atMost, leastCharged) <= max) return;
    fail({
      reason: "budget-exhausted",
      message: "the statement could scan more than is left of the run's budget",
      expected: `at most ${max} bytes in one run`,
      got: `${this.#charged} bytes charged so far, up to ${Math.max(atMost, leastCharged)} more`,
      next: "raise maxBytesPerRun of the target's lakehouse, or let the tables be optimized first",
      retryable: false,
    });
  }

  /** Notes what a statement scanned; a statement that scans nothing (DDL) is free. `table`: for which it ran. */
  add(bytesScanned: number, table: string | undefined): void {
    const charged = chargedFor(bytesScanned);
    this.#charged += charged;
    if (table === undefined) return;
    const known = this.#byTable.get(table) ?? { statements: 0, bytesScanned: 0, charged: 0 };
    this.#byTable.set(table, {
      statements: known.statements + 1,
      bytesScanned: known.bytesScanned + bytesScanned,
      charged: known.charged + charged,
    });
  }

  /** What was spent for a table since it was last asked for; undefined when nothing ran. */
  take(table: string): QueryCosts | undefined {
    const spent = this.#byTable.get(table);
    this.#byTable.delete(table);
    if (spent === undefined) return undefined;
    const { charged, ...rest } = spent;
    return { ...rest, usd: this.#price(charged) };
  }

  /** What one statement cost. */
  of(bytesScanned: number): QueryCosts {
    return { statements: 1, bytesScanned, usd: this.#price(chargedFor(bytesScanned)) };
  }

  #price(charged: number): number {
    return (charged / bytesPerTerabyte) * this.#pricePerTerabyte;
  }
}

function chargedFor(bytesScanned: number): number {
  return bytesScanned === 0 ? 0 : Math.max(bytesScanned, leastCharged);
}
