import type { DuckDBConnection } from "@duckdb/node-api";
import { FailureError } from "../../../event/failure.ts";
import { extensionNames } from "./extension-files.ts";

/**
 * Loads what Iceberg needs from DuckDB's `extension_directory`. DuckDB checks the signature of each file.
 *
 * @throws FailureError `unreachable`, when a file is missing or DuckDB does not take it
 */
export async function loadExtensions(connection: DuckDBConnection, directory: string): Promise<void> {
  for (const name of extensionNames) {
    try {
      await connection.run(`LOAD ${name}`);
    } catch (error) {
      throw new FailureError(
        {
          reason: "unreachable",
          message: `DuckDB's ${name} extension can't be loaded`,
          got: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error),
          where: directory,
          next: "remove that folder and run the same command again: the extensions are then fetched anew",
          retryable: true,
        },
        { cause: error },
      );
    }
  }
}
