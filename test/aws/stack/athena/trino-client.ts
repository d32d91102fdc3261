import { parse } from "lossless-json";
import { setTimeout as delay } from "node:timers/promises";
import { catalog } from "../trino.ts";
import type { TrinoValue } from "./rendering.ts";
import { QueryError } from "./sql-reader.ts";

/** Trino's description of a type, with what it is made of. */
export interface TypeSignature {
  readonly rawType: string;
  readonly arguments: readonly { readonly kind: string; readonly value: unknown }[];
}

/** A column of an answer. */
export interface TrinoColumn {
  readonly name: string;
  readonly type: string;
  readonly typeSignature: TypeSignature;
}

/** All that Trino answered to one statement. */
export interface TrinoAnswer {
  readonly columns: readonly TrinoColumn[];
  /** Numbers as the text that Trino wrote, so that none loses a digit. */
  readonly rows: readonly (readonly TrinoValue[])[];
  /** Rows written, for a statement that writes. */
  readonly updateCount: number | undefined;
  /** Bytes read from data files. */
  readonly scannedBytes: number;
}

interface Page {
  readonly nextUri?: string;
  readonly columns?: readonly TrinoColumn[];
  readonly data?: readonly (readonly TrinoValue[])[];
  readonly updateCount?: string;
  readonly stats?: { readonly physicalInputBytes?: string };
  readonly error?: { readonly errorName: string; readonly errorType: string; readonly message: string };
}

/** What {@link queryTrino} takes beside the statement. */
export interface TrinoOptions {
  readonly url: string;
  readonly database: string | undefined;
  readonly signal: AbortSignal;
  /** A statement that the SQL names `prepared`. */
  readonly prepared?: string;
  /** Called after each answer with the bytes read until then; may abort the signal. */
  readonly onScanned?: (bytes: number) => void;
}

/**
 * Runs a statement to its end, by Trino's client protocol: https://trino.io/docs/476/develop/client-protocol.html
 *
 * @throws QueryError with Trino's error, or the signal's reason once Trino was told to stop
 */
export async function queryTrino(sql: string, options: TrinoOptions): Promise<TrinoAnswer> {
  const { url, signal, onScanned } = options;
  let page = await request(`${url}/v1/statement`, { method: "POST", body: sql, headers: headersOf(options) });
  let columns: readonly TrinoColumn[] = [];
  const rows: (readonly TrinoValue[])[] = [];
  for (;;) {
    columns = page.columns ?? columns;
    for (const row of page.data ?? []) rows.push(row);
    const scannedBytes = Number(page.stats?.physicalInputBytes ?? 0);
    onScanned?.(scannedBytes);
    if (page.error !== undefined) throw queryError(page.error);
    if (page.nextUri === undefined) {
      const updateCount = page.updateCount === undefined ? undefined : Number(page.updateCount);
      return { columns, rows, updateCount, scannedBytes };
    }
    if (signal.aborted) {
      await fetch(page.nextUri, { method: "DELETE" });
      signal.throwIfAborted();
    }
    page = await request(page.nextUri, {});
  }
}

function headersOf({ database, prepared }: TrinoOptions): Record<string, string> {
  return {
    "X-Trino-User": "athena",
    "X-Trino-Catalog": catalog,
    "X-Trino-Time-Zone": "UTC",
    "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME,PATH",
    ...(database === undefined ? {} : { "X-Trino-Schema": database }),
    ...(prepared === undefined
      ? {}
      : { "X-Trino-Prepared-Statement": `prepared=${encodeURIComponent(prepared)}` }),
  };
}

function queryError({ errorName, errorType, message }: NonNullable<Page["error"]>): QueryError {
  return new QueryError(errorName, message, errorType === "USER_ERROR");
}

/** The protocol lets the server answer 503 while it is busy. */
async function request(url: string, init: RequestInit): Promise<Page> {
  for (let attempt = 0; ; attempt += 1) {
    const response = await fetch(url, init);
    const text = await response.text();
    if (response.ok) return parse(text, undefined, { parseNumber: (digits) => digits }) as Page;
    if (response.status !== 503 || attempt === 50)
      throw new Error(`Trino answered ${response.status}: ${text.slice(0, 300)}`);
    await delay(100);
  }
}
