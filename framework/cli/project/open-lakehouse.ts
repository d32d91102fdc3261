import { join } from "node:path";
import { ensurePythonEnvironment } from "../../dbt/python-environment.ts";
import type { Lakehouse } from "../../lakehouse/lakehouse.ts";
import { openEmbeddedLakehouse } from "../../lakehouse/duckdb/embedded-lakehouse.ts";
import type { LoadedConfig, OpenContext } from "./load-project.ts";
import { requirementsFile } from "../../dbt/requirements-file.ts";

/** Opens the target's lakehouse. Nothing heavy is loaded until a table is read or written. */
export function openLakehouse(project: LoadedConfig, context: OpenContext): Lakehouse {
  const { lakehouse } = project.target;
  return openEmbeddedLakehouse({
    dir: join(project.projectDir, lakehouse.dir ?? ".moraine/lake"),
    // DuckDB's Iceberg extension comes with the Python environment, in the same version that dbt uses.
    extensionDirectory: async () => {
      const { extensionDirectory } = await ensurePythonEnvironment({
        stateDir: project.stateDir,
        requirementsFile: requirementsFile(project.projectDir),
        onProgress: (progress) => context.progress({ resource: "python", ...progress }),
        signal: context.signal,
      });
      return extensionDirectory;
    },
  });
}
