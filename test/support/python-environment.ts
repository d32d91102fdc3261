import { fileURLToPath } from "node:url";
import { ensurePythonEnvironment, type PythonEnvironment } from "../../framework/dbt/python-environment.ts";

const inRepository = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const stateDir = inRepository(".moraine");
const requirementsFile = inRepository("dbt/requirements.txt");

/** Python with dbt, as the product makes it: once per checkout, by whichever test asks first. */
export function testPythonEnvironment(): Promise<PythonEnvironment> {
  return ensurePythonEnvironment({ stateDir, requirementsFile });
}

/** Another Python, with an Iceberg client that is not ours; made once per checkout as well. */
export async function testClientPython(): Promise<string> {
  const { python } = await ensurePythonEnvironment({
    stateDir,
    requirementsFile,
    extraRequirementsFiles: [inRepository("test/requirements.txt")],
    venvDir: inRepository(".moraine/test-venv"),
  });
  return python;
}
