import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testPythonEnvironment } from "../support/python-environment.ts";

test("the environment has Python, dbt and DuckDB's extensions", { timeout: 240_000 }, async () => {
  const { python, dir } = await testPythonEnvironment();
  expect(existsSync(python)).toBe(true);
  expect(existsSync(join(dir, "bin", "dbt"))).toBe(true);
});
