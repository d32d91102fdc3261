import { z } from "zod";
import { type Json } from "../util/hash.ts";

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
