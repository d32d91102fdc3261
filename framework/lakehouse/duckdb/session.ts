import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBValue } from "@duckdb/node-api";

/** A row as DuckDB gives it. */
export type EngineRow = Readonly<Record<string, DuckDBValue>>;

/** One connection whose statements end when a signal aborts. Used by one caller at a time. */
export class Session {
  private readonly connection: DuckDBConnection;
  private readonly signal: AbortSignal | undefined;
  private readonly onClose: () => void;
  /** What the connection is doing; it may not be closed meanwhile. */
  private busy: Promise<unknown> = Promise.resolve();
  private isOpen = true;

  constructor(connection: DuckDBConnection, signal: AbortSignal | undefined, onClose: () => void) {
    this.connection = connection;
    this.signal = signal;
    this.onClose = onClose;
  }

  /** Runs a statement; gives the rows, for the few that have some. */
  async run(sql: string): Promise<readonly EngineRow[]> {
    const reader = await this.interruptibly(() => this.connection.runAndReadAll(sql));
    return reader.getRowObjects();
  }

  /** Runs a statement to its end whatever the signal says. */
  async runAlways(sql: string): Promise<void> {
    await this.alone(() => this.connection.run(sql));
  }

  /** Runs a statement whose single value is a count. */
  async count(sql: string): Promise<number> {
    const [row] = await this.run(sql);
    return Number(Object.values(row ?? {})[0] ?? 0);
  }

  /** Runs `work` between BEGIN and COMMIT; rolls back when it throws or gives `"nothing"`. */
  async transaction<T>(work: () => Promise<T | "nothing">): Promise<T | "nothing"> {
    await this.run("BEGIN TRANSACTION");
    try {
      const result = await work();
      this.signal?.throwIfAborted();
      // Not interruptible: an interrupted commit may have happened all the same, and would be reported as cancelled.
      await this.runAlways(result === "nothing" ? "ROLLBACK" : "COMMIT");
      return result;
    } catch (error) {
      // A commit that the catalog refused has ended the transaction already.
      await this.runAlways("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }

  /** Prepares the only statement of a text and says what type it has; undefined when there are none or several. */
  async prepare(sql: string): Promise<DuckDBPreparedStatement | undefined> {
    const statements = await this.interruptibly(() => this.connection.extractStatements(sql));
    return statements.count === 1 ? this.interruptibly(() => statements.prepare(0)) : undefined;
  }

  /** Runs something on the connection that the signal, or closing, may interrupt. */
  async interruptibly<T>(work: () => Promise<T>): Promise<T> {
    this.signal?.throwIfAborted();
    const interrupt = () => this.connection.interrupt();
    this.signal?.addEventListener("abort", interrupt, { once: true });
    try {
      return await this.alone(work);
    } finally {
      this.signal?.removeEventListener("abort", interrupt);
    }
  }

  /** Ends the connection, after interrupting what it does; may be called twice. */
  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.connection.interrupt();
    await this.busy;
    this.connection.disconnectSync();
    this.onClose();
  }

  private async alone<T>(work: () => Promise<T>): Promise<T> {
    const running = work();
    this.busy = running.catch(() => undefined);
    return running;
  }
}
