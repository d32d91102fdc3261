/** What shall go wrong, `times` times (once by default); `match` is a regular expression for the query's text. */
export type Fault = { readonly match?: string; readonly times?: number } & (
  | {
      /** An operation of the API is refused, `ThrottlingException` by default. */
      readonly kind: "refuse-operation";
      readonly operation: string;
      readonly error?: string;
      readonly message?: string;
    }
  | {
      /** A query fails before it does anything, or after all of it. */
      readonly kind: "fail-query";
      /** The error's name, e.g. `ICEBERG_COMMIT_ERROR`. */
      readonly error: string;
      readonly message?: string;
      /** @default false */
      readonly afterwards?: boolean;
    }
  /** A query succeeds and has done nothing, as VACUUM does for a role that may not delete objects. */
  | { readonly kind: "skip-query" }
  /** A query runs for so much longer, unless it is stopped. */
  | { readonly kind: "delay-query"; readonly delayMs: number }
  /** The object with a query's result is gone although the query succeeded. */
  | { readonly kind: "lose-result" }
);

type FaultOf<K extends Fault["kind"]> = Extract<Fault, { readonly kind: K }>;

/** The faults that are still to happen. */
export class Faults {
  #pending: { readonly fault: Fault; left: number }[] = [];

  add(faults: readonly Fault[]): void {
    this.#pending.push(...faults.map((fault) => ({ fault, left: fault.times ?? 1 })));
  }

  clear(): void {
    this.#pending = [];
  }

  /** The first fault of a kind that is meant for a query and an operation, counted as having happened. */
  take<K extends Fault["kind"]>(kind: K, query: string, operation?: string): FaultOf<K> | undefined {
    const found = this.#pending.find(
      ({ fault }) =>
        fault.kind === kind &&
        (fault.kind !== "refuse-operation" || fault.operation === operation) &&
        (fault.match === undefined || new RegExp(fault.match, "is").test(query)),
    );
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.#pending = this.#pending.filter((other) => other !== found);
    return found.fault as FaultOf<K>;
  }
}
