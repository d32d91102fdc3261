import { spawn } from "node:child_process";
import type { Catalog } from "../../framework/lakehouse/catalog/start-catalog.ts";
import { testClientPython } from "../support/python-environment.ts";
import { finished } from "../support/scripts.ts";

const script = new URL("./iceberg_client.py", import.meta.url).pathname;

/** Where a catalog is served. */
export type Served = Pick<Catalog, "url" | "token">;

/** Runs a step of `iceberg_client.py` against a served catalog; gives what it printed. */
export async function pyIceberg(
  { url, token }: Served,
  step: string,
  ...args: readonly string[]
): Promise<unknown> {
  const python = spawn(await testClientPython(), [script, url, token, step, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  return JSON.parse(await finished(python));
}
