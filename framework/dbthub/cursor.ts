import * as z from "zod";
import { hashJson, type Json } from "../util/hash.ts";
import type { Spec } from "./spec.ts";

const cursorSchema = z.object({
  /** Upper bound, exclusive, of what has been read as closed; ISO 8601. */
  hi: z.string(),
  /** 18 characters. */
  orgId: z.string(),
  /** Users that were visible at the end, for people. */
  visibleUsers: z.int(),
  loadId: z.string(),
  /** The newest load of which rows are in the table; null before the first. */
  landedLoadId: z.string().nullable(),
  /** {@link fieldsHash} of the load. */
  fields: z.string(),
  /** The table's data version that holds all this; null when another writer came between. */
  tableVersion: z.string().nullable().default(null),
  /** `settledHash` when everything that the source showed had landed; null when that is not certain. */
  settled: z.string().nullable().default(null),
});

/** Where ingestion stopped; stored in the transaction that records success. */
export type IngestionCursor = z.output<typeof cursorSchema>;

/** Reads a stored cursor. @throws Error when another program wrote it */
export function readCursor(stored: Json | undefined): IngestionCursor | undefined {
  if (stored === undefined || stored === null) return undefined;
  const parsed = cursorSchema.safeParse(stored);
  if (parsed.success) return parsed.data;
  throw new Error(`Internal error: expected an ingestion cursor, got ${JSON.stringify(stored)}`);
}

/** Changes when another field is read or another column filled: then what was read before lacks something. */
export function fieldsHash(spec: Spec): string {
  return hashJson(
    Object.fromEntries(Object.entries(spec.fields).map(([name, { column }]) => [name, column])),
  );
}
