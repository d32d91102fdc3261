import { homedir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { FailureError } from "../../event/failure.ts";

/** In the order in which they need each other. */
const names = ["avro", "httpfs", "iceberg"] as const;

/** Where DuckDB's extensions are. */
export interface Extensions {
  readonly directory: string;
  /** Why the folder is DuckDB's own, into which it may install; undefined when the extensions are already there. */
  readonly fallbackBecause: unknown;
}

/** Asks for the folder; when it can't be had, takes the one where DuckDB keeps what it installs itself. */
export async function findExtensions(directory: () => Promise<string>): Promise<Extensions> {
  try {
    return { directory: await directory(), fallbackBecause: undefined };
  } catch (error) {
    if (error instanceof FailureError && error.failure.reason === "cancelled") throw error;
    return { directory: join(homedir(), ".duckdb", "extensions"), fallbackBecause: error };
  }
}

/**
 * Loads what Iceberg needs.
 *
 * @throws FailureError with the reason why the folder could not be had, or `unreachable`, when an extension is missing
 * and can't be installed
 */
export async function loadExtensions(connection: DuckDBConnection, extensions: Extensions): Promise<void> {
  for (const name of names) {
    try {
      await connection.run(`LOAD ${name}`);
    } catch (error) {
      if (extensions.fallbackBecause === undefined) throw extensionFailure(name, error, extensions);
      await install(connection, name).catch((reason: unknown) => {
        throw extensionFailure(name, reason, extensions);
      });
    }
  }
}

async function install(connection: DuckDBConnection, name: string): Promise<void> {
  await connection.run(`INSTALL ${name}`);
  await connection.run(`LOAD ${name}`);
}

function extensionFailure(
  name: string,
  error: unknown,
  { directory, fallbackBecause }: Extensions,
): FailureError {
  const words = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  // Why there is no environment is the thing to mend; that DuckDB could not help itself only adds to it.
  if (fallbackBecause instanceof FailureError) {
    const detail = `DuckDB's ${name} extension could not be installed either: ${words}`;
    return new FailureError({ detail, ...fallbackBecause.failure }, { cause: error });
  }
  return new FailureError(
    {
      reason: "unreachable",
      message: `DuckDB's ${name} extension can't be loaded`,
      got: words,
      where: directory,
      next: "connect to the internet and run the same command again, so that DuckDB can install it",
      retryable: true,
    },
    { cause: error },
  );
}
