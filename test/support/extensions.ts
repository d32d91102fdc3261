import { fileURLToPath } from "node:url";
import { ensureExtensions } from "../../framework/lakehouse/duckdb/extensions/install-extensions.ts";

const stateDir = fileURLToPath(new URL("../../.moraine", import.meta.url));

/** A folder with DuckDB's Iceberg extensions, as the product fetches them: once per checkout, by whichever test asks first. */
export function testExtensions(): Promise<string> {
  return ensureExtensions({ stateDir });
}
