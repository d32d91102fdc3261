import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The lock of the Python environment: the project's own when it has one, else moraine's. */
export function requirementsFile(projectDir: string): string {
  const own = join(projectDir, "dbt", "requirements.txt");
  return existsSync(own) ? own : fileURLToPath(new URL("./requirements.txt", import.meta.url));
}
