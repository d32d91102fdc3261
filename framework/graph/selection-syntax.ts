/** Where in an argument a part of a selection stands; `end` is exclusive. For error messages alone. */
export interface Place {
  readonly source: string;
  readonly start: number;
  readonly end: number;
}

/**
 * A selection as it was written, without any knowledge of a project: whether names, fields, functions and instants
 * exist is asked when it is evaluated over a graph. `a,b` is an `and`, `^a` is a `not`.
 */
export type Selection =
  /** A key, the name of a table, or a glob over keys. */
  | { readonly type: "name"; readonly pattern: string; readonly at: Place }
  /** `field:value`, the value a glob. */
  | { readonly type: "attribute"; readonly field: string; readonly value: string; readonly at: Place }
  /** `name()`. */
  | { readonly type: "call"; readonly name: string; readonly at: Place }
  | { readonly type: "changed-since"; readonly since: string; readonly at: Place }
  | Reach
  | { readonly type: "not"; readonly operand: Selection }
  /** Two operands or more. */
  | { readonly type: "and" | "or"; readonly operands: readonly Selection[] };

/** `2+(...)+`: assets with what they read and what reads them. */
export interface Reach {
  readonly type: "reach";
  readonly of: Selection;
  /** Hops towards the upstreams: `Infinity` for all, undefined for none written. */
  readonly up: number | undefined;
  /** The same towards the downstreams. */
  readonly down: number | undefined;
}

/** Words that stand between terms. One of them alone, as a whole argument, is a table's name. */
export const operatorWords: ReadonlySet<string> = new Set(["and", "or", "not"]);
