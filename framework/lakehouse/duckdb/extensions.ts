import { homedir } from "node:os";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { FailureError } from "../../event/failure.ts";

/** In the order in which they need each other. */
const extensions = ["avro", "httpfs", "iceberg"] as const;

/** Where DuckDB keeps extensions that it installed itself. */
export const defaultExtensionDirectory = join(homedir(), ".duckdb", "extensions");

/**
 * Loads what Iceberg needs from the connection's `extension_directory`; what is missing there is installed from
 * DuckDB's own repository when `mayInstall`.
 *
 * @throws FailureError `unreachable` (or what `unavailable` says, the reason why there is no directory) when neither works
 */
export async function loadExtensions(
  connection: DuckDBConnection,
  options: { readonly mayInstall: boolean; readonly unavailable?: unknown },
): Promise<void> {
  for (const extension of extensions) {
    try {
      await connection.run(`LOAD ${extension}`);
    } catch (error) {
      if (!options.mayInstall) throw extensionFailure(extension, error, options.unavailable);
      await install(connection, extension).catch((reason: unknown) => {
        throw extensionFailure(extension, reason, options.unavailable);
      });
    }
  }
}

async function install(connection: DuckDBConnection, extension: string): Promise<void> {
  await connection.run(`INSTALL ${extension}`);
  await connection.run(`LOAD ${extension}`);
}

function extensionFailure(extension: string, error: unknown, unavailable: unknown): FailureError {
  const words = error instanceof Error ? error.message.split("\n")[0] : String(error);
  const known = unavailable instanceof FailureError ? unavailable.failure : undefined;
  return new FailureError(
    {
      reason: known?.reason ?? "unreachable",
      message: `DuckDB's ${extension} extension can't be loaded${known === undefined ? "" : `: ${known.message}`}`,
      got: words ?? "",
      next: known?.next ?? "connect to the internet once, so that DuckDB can install it",
      retryable: known?.retryable ?? true,
    },
    { cause: unavailable ?? error },
  );
}
