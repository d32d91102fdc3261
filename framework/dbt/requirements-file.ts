import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The lock of the Python environment: the project's own when it has one, else moraine's. */
export function requirementsFile(projectDir: string): string {
  const own = join(projectDir, "dbt", "requirements.txt");
  // Beside the bundle, or in the sources' own place.
  const candidates = [
    own,
    ...["./requirements.txt", "../../dbt/requirements.txt"].map((path) =>
      fileURLToPath(new URL(path, import.meta.url)),
    ),
  ];
  return candidates.find((file) => existsSync(file)) ?? own;
}
