import type { QueryExecution } from "@aws-sdk/client-athena";
import { FailureError } from "../../event/failure.ts";
import type { Clock } from "../../util/clock.ts";
import { retryConflicts } from "../retry-conflicts.ts";
import { asAwsFailure, isScanLimit, queryFailure } from "./athena-failure.ts";
import type { AwsClients } from "./aws-clients.ts";
import type { Spending } from "./spending.ts";

/** A statement of at most 262,144 bytes. */
export interface Statement {
  readonly sql: string;
  /** SQL literals for its question marks. */
  readonly parameters?: readonly string[];
  /** The table that it is for, in messages and for what it costs. */
  readonly table?: string | undefined;
  /** What it can scan at the very most, bytes, where that is known. */
  readonly scansAtMost?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A statement that ended well. */
export interface Executed {
  /** Of the query execution. */
  readonly id: string;
  readonly bytesScanned: number;
  /** The file with its answer, `s3://...`; undefined where Athena keeps it itself. */
  readonly location: string | undefined;
}

/** What {@link QueryRunner} works with. */
export interface QueryRunnerOptions {
  readonly clients: AwsClients;
  readonly clock: Clock;
  readonly random: () => number;
  readonly spending: Spending;
  readonly workgroup: string;
  /** Glue's catalog as Athena names it. */
  readonly catalog: string;
  /** Where results go; undefined: where the workgroup says. */
  readonly results: string | undefined;
}

const firstPollMs = 100;
const lastPollMs = 5_000;
/** How long the end of a query is waited for that was told to stop. */
const stopWaitMs = 30_000;

/** Sends statements to Athena and waits for their end. */
export class QueryRunner {
  readonly #options: QueryRunnerOptions;

  constructor(options: QueryRunnerOptions) {
    this.#options = options;
  }

  /**
   * Runs one statement to its end; again, when it lost its commit against another one: it then did nothing. An aborted
   * signal stops it, and the query has ended when this returns: a write that could no longer be stopped is done.
   *
   * @throws FailureError with the reason that Athena gives and the query's id
   */
  async run(statement: Statement): Promise<Executed> {
    const { clock, random } = this.#options;
    expectLength(statement.sql, statement.table);
    return retryConflicts(() => this.#runOnce(statement), { clock, random, signal: statement.signal });
  }

  async #runOnce(statement: Statement): Promise<Executed> {
    const { table, signal } = statement;
    signal?.throwIfAborted();
    this.#options.spending.expect(statement.scansAtMost);
    try {
      const id = await this.#start(statement);
      return await this.#ended(id, statement);
    } catch (error) {
      throw asAwsFailure(error, { where: table, profile: this.#options.clients.profile, signal });
    }
  }

  async #start({ sql, parameters = [], signal }: Statement): Promise<string> {
    const { clients, workgroup, catalog, results } = this.#options;
    const { StartQueryExecutionCommand } = await import("../aws-sdk/athena.ts");
    // The SDK gives each command a token, so that its own retries start no second query.
    const command = new StartQueryExecutionCommand({
      QueryString: sql,
      WorkGroup: workgroup,
      QueryExecutionContext: { Catalog: catalog },
      ...(parameters.length === 0 ? {} : { ExecutionParameters: [...parameters] }),
      ...(results === undefined ? {} : { ResultConfiguration: { OutputLocation: results } }),
    });
    const { QueryExecutionId: id } = await (await clients.athena()).send(command, abortOptions(signal));
    if (id === undefined) throw new Error("Internal error: expected the id of a query, got none");
    return id;
  }

  async #ended(id: string, { table, signal }: Statement): Promise<Executed> {
    const { clock, random, spending } = this.#options;
    let execution: QueryExecution;
    try {
      execution = await this.#poll(id, async (delayMs) => clock.sleep(delayMs * (0.5 + random()), signal));
    } catch (error) {
      // Whatever ended the waiting, nobody would stop the query any more.
      await this.#stop(id);
      throw error;
    }
    const bytesScanned = execution.Statistics?.DataScannedInBytes ?? 0;
    spending.add(bytesScanned, table);
    const status = execution.Status;
    const location = execution.ResultConfiguration?.OutputLocation;
    if (status?.State === "SUCCEEDED") return { id, bytesScanned, location };
    const isCutOff = isScanLimit(status?.StateChangeReason);
    if (status?.State === "CANCELLED" && !isCutOff) throw stopped(id, table, status.StateChangeReason);
    throw queryFailure({ id, reason: status?.StateChangeReason, error: status?.AthenaError }, table);
  }

  /** Asks until the query has ended. */
  async #poll(id: string, wait: (delayMs: number) => Promise<void>): Promise<QueryExecution> {
    const { GetQueryExecutionCommand } = await import("../aws-sdk/athena.ts");
    const athena = await this.#options.clients.athena();
    for (let delayMs = firstPollMs; ; delayMs = Math.min(lastPollMs, delayMs * 1.5)) {
      const { QueryExecution: execution } = await athena.send(
        new GetQueryExecutionCommand({ QueryExecutionId: id }),
      );
      const state = execution?.Status?.State;
      if (execution !== undefined && state !== "QUEUED" && state !== "RUNNING") return execution;
      await wait(delayMs);
    }
  }

  async #stop(id: string): Promise<void> {
    const { clients, clock } = this.#options;
    const { StopQueryExecutionCommand } = await import("../aws-sdk/athena.ts");
    const patience = AbortSignal.timeout(stopWaitMs);
    try {
      await (await clients.athena()).send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
      await this.#poll(id, async (delayMs) => clock.sleep(delayMs, patience));
    } catch {
      // It ends by itself then, at the latest by the workgroup's limits.
    }
  }
}

/** How a signal goes to the SDK. */
export function abortOptions(signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

const maxStatementBytes = 262_144;

function expectLength(sql: string, table: string | undefined): void {
  const bytes = Buffer.byteLength(sql);
  if (bytes <= maxStatementBytes) return;
  throw new FailureError({
    reason: "query-failed",
    message: "the statement is longer than Athena takes",
    expected: `at most ${maxStatementBytes} bytes`,
    got: `${bytes} bytes`,
    ...(table === undefined ? {} : { where: table }),
    retryable: false,
  });
}

function stopped(id: string, table: string | undefined, reason: string | undefined): FailureError {
  return new FailureError({
    reason: "query-failed",
    message: "somebody stopped the query",
    ...(reason === undefined ? {} : { got: reason }),
    where: table === undefined ? `query ${id}` : `${table}, query ${id}`,
    retryable: true,
  });
}
