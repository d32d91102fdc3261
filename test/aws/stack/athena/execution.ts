import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Faults } from "./faults.ts";
import type { Engine, Plan, Session, Step } from "./plan.ts";
import { type ColumnInfo, columnInfo, csvLine, render, type TrinoValue } from "./rendering.ts";
import { QueryError } from "./sql-reader.ts";
import type { Storage } from "./storage.ts";
import { translate } from "./translate.ts";
import { queryTrino, type TrinoAnswer } from "./trino-client.ts";

/** What an execution works with. */
export interface ExecutionContext {
  readonly trinoUrl: string;
  readonly storage: Storage;
  readonly faults: Faults;
}

/** What was asked for. */
export interface ExecutionRequest {
  readonly query: string;
  readonly workGroup: string;
  readonly session: Session;
  /** Bytes that it may read from data files. */
  readonly scanCutoffBytes: number | undefined;
}

/** One query of Athena, from the moment it was accepted. */
export class Execution {
  readonly id = randomUUID();
  readonly request: ExecutionRequest;
  readonly plan: Plan;
  readonly outputLocation: string;
  readonly submittedAt = Date.now();
  completedAt: number | undefined;
  state: "QUEUED" | "RUNNING" | "SUCCEEDED" | "FAILED" | "CANCELLED" = "QUEUED";
  reason: string | undefined;
  error: { readonly category: number; readonly type: number; readonly isRetryable: boolean } | undefined;
  columns: readonly ColumnInfo[] = [];
  rows: readonly (readonly (string | undefined)[])[] = [];
  updateCount: number | undefined;
  scannedBytes = 0;
  /** What Trino was given. */
  readonly trinoStatements: string[] = [];
  readonly #context: ExecutionContext;
  readonly #stopping = new AbortController();

  constructor(request: ExecutionRequest, context: ExecutionContext) {
    this.request = request;
    this.#context = context;
    this.plan = planOf(request);
    const extension = this.plan.result === "rows" ? "csv" : "txt";
    this.outputLocation = `${request.session.outputLocation}${this.id}.${extension}`;
  }

  /** Has no effect on what has ended. */
  stop(reason = "Query cancelled by user"): void {
    this.#stopping.abort(new Cancelled(reason));
  }

  /** Runs to the end, whatever that is; never throws. */
  async run(): Promise<void> {
    try {
      this.state = "RUNNING";
      await this.#work();
      this.state = "SUCCEEDED";
    } catch (error) {
      this.#fail(error);
    }
    this.completedAt = Date.now();
  }

  async #work(): Promise<void> {
    const { query } = this.request;
    const { faults, storage } = this.#context;
    const { signal } = this.#stopping;
    const slow = faults.take("delay-query", query);
    if (slow !== undefined) await waitFor(slow.delayMs, signal);
    const failing = faults.take("fail-query", query);
    const failure = failing && new QueryError(failing.error, failing.message ?? "injected", false);
    if (failure !== undefined && failing?.afterwards !== true) throw failure;
    if (faults.take("skip-query", query) !== undefined) return;
    let answer: TrinoAnswer | undefined;
    for (const step of this.plan.steps) answer = (await this.#step(step)) ?? answer;
    if (failure !== undefined) throw failure;
    await this.#keep(answer);
    if (faults.take("lose-result", query) !== undefined) await storage.remove(this.outputLocation);
  }

  async #step(step: Step): Promise<TrinoAnswer | undefined> {
    const sql = typeof step === "string" ? step : await step(this.#engine());
    if (sql === undefined) return undefined;
    this.trinoStatements.push(sql);
    return this.#query(sql);
  }

  #query(sql: string, prepared?: string): Promise<TrinoAnswer> {
    return queryTrino(sql, {
      url: this.#context.trinoUrl,
      database: this.request.session.database,
      signal: this.#stopping.signal,
      ...(prepared === undefined ? {} : { prepared }),
      onScanned: (bytes) => this.#scanned(bytes),
    });
  }

  #scanned(bytes: number): void {
    const { scanCutoffBytes = Number.POSITIVE_INFINITY } = this.request;
    this.scannedBytes = Math.min(bytes, scanCutoffBytes);
    if (bytes > scanCutoffBytes) this.stop("Bytes scanned limit was exceeded");
  }

  #engine(): Engine {
    const { storage } = this.#context;
    return {
      values: async (sql) => (await this.#query(sql)).rows.map(([value]) => textOf(value)),
      outputTypes: async (sql) =>
        (await this.#query("DESCRIBE OUTPUT prepared", sql)).rows.map((row) => ({
          name: textOf(row[0]),
          type: textOf(row[4]),
        })),
      createGlueTable: async (database, table, ifNotExists) => {
        if (ifNotExists && (await storage.hasTable(database, table.Name ?? ""))) return;
        await storage.createTable(database, table).catch((error: unknown) => {
          throw new QueryError("FAILED: Execution Error", String(error));
        });
      },
    };
  }

  /** Keeps the answer, and writes it where results go. */
  async #keep(answer: TrinoAnswer | undefined): Promise<void> {
    const { result } = this.plan;
    // A query that ended before its cutoff was noticed has read too much all the same. What has been written stays.
    if (result === "rows") this.#stopping.signal.throwIfAborted();
    this.updateCount = answer?.updateCount ?? (result === "rows" ? 0 : undefined);
    if (answer === undefined || (result !== "rows" && result !== "text")) return;
    const signatures = answer.columns.map((column) => column.typeSignature);
    this.rows = answer.rows.map((row) => row.map((value, index) => render(value, signatures[index])));
    const { storage } = this.#context;
    if (result === "rows") {
      this.columns = answer.columns.map(columnInfo);
      const lines = [this.columns.map((column) => column.Name), ...this.rows].map(csvLine);
      await storage.put(this.outputLocation, lines.join(""));
      await storage.put(`${this.outputLocation}.metadata`, JSON.stringify(this.columns));
    } else {
      const lines = this.rows.map((row) => `${row.map((value) => value ?? "").join("\t")}\n`);
      await storage.put(this.outputLocation, lines.join(""));
    }
  }

  #fail(error: unknown): void {
    const stopReason: unknown = this.#stopping.signal.reason;
    if (stopReason instanceof Cancelled) {
      this.state = "CANCELLED";
      this.reason = stopReason.message;
      return;
    }
    this.state = "FAILED";
    const { errorName, message, isUserError } =
      error instanceof QueryError ? error : new QueryError("GENERIC_INTERNAL_ERROR", String(error), false);
    this.reason = `${errorName}: ${message}`;
    const isIceberg = errorName.startsWith("ICEBERG_");
    const isUsers = isUserError && !isIceberg;
    this.error = {
      category: isUsers ? 2 : 1,
      type: isIceberg ? 233 : isUsers ? 1301 : 1,
      isRetryable: errorName === "ICEBERG_COMMIT_ERROR",
    };
  }
}

const textOf = (value: TrinoValue) => render(value, undefined) ?? "";

class Cancelled extends Error {}

async function waitFor(delayMs: number, signal: AbortSignal): Promise<void> {
  // Its own error when aborted, where the reason is what counts.
  await delay(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted());
}

/** Athena accepts a statement that it cannot read, and fails it. */
function planOf({ query, session }: ExecutionRequest): Plan {
  try {
    return translate(query, session);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const steps = [() => Promise.reject(error)];
    return { type: "DDL", subtype: undefined, result: "none", steps };
  }
}
