import { fileURLToPath } from "node:url";
import { ensurePythonEnvironment, type PythonEnvironment } from "../../framework/dbt/python-environment.ts";

const repository = new URL("../../", import.meta.url);

/** Python with dbt and DuckDB's extensions, as the product makes it: once per checkout, by whichever test asks first. */
export function testPythonEnvironment(): Promise<PythonEnvironment> {
  return ensurePythonEnvironment({
    stateDir: fileURLToPath(new URL(".moraine", repository)),
    requirementsFile: fileURLToPath(new URL("dbt/requirements.txt", repository)),
  });
}
