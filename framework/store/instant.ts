/** Every instant in the store is ISO 8601, UTC, milliseconds, so that text order is time order. */
export type Instant = string;

/** Names and values that a person gives a run, to find it by. */
export type Tags = Readonly<Record<string, string>>;
