import type { AssetKey } from "../definition/asset-key.ts";

/** What `state:` may ask for. */
export const selectableStates = ["fresh", "stale", "missing", "failed", "unchecked", "overdue"] as const;

/** One of {@link selectableStates}. */
export type SelectableState = (typeof selectableStates)[number];

/** What a selection needs to know of the present; asked only when a `state:` is used. */
export type StateOf = (key: AssetKey) => ReadonlySet<SelectableState>;

/** What the records say; asked only when `changed since` is used. */
export interface Changes {
  /** What ages like `2d` count from. */
  readonly now: Date;
  /** Assets with a materialization, finished at or after the instant, that gave them another data version. */
  changedSince(instant: Date): ReadonlySet<AssetKey>;
}

/** Everything that a selection may ask about the present. */
export interface Present {
  readonly stateOf: StateOf;
  /** Undefined where no records are at hand: `changed since` is then refused. */
  readonly changes?: Changes;
}
