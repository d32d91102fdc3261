import { join, relative } from "node:path";
import type { AthenaLakehouse, EmbeddedLakehouse } from "../../definition/config.ts";
import { DefinitionError } from "../../definition/problem.ts";
import { ensurePythonEnvironment } from "../../dbt/python-environment.ts";
import { requirementsFile } from "../../dbt/requirements-file.ts";
import type { Lakehouse, SnapshotsInUse } from "../../lakehouse/lakehouse.ts";
import type { SecretProvider } from "../../secrets/secret-provider.ts";
import { unreachable } from "../../util/unreachable.ts";
import type { LoadedConfig, OpenContext } from "./load-project.ts";

/** What a project has that its lakehouse may ask for. */
interface ProjectOfLake {
  readonly secrets: SecretProvider;
  readonly snapshotsInUse: SnapshotsInUse;
}

/** Loads the code of the target's lakehouse, and gives what opens it. Nothing heavy is loaded until a table is read or written. */
export async function loadLakehouse(
  project: LoadedConfig,
): Promise<(context: OpenContext, opened: ProjectOfLake) => Lakehouse> {
  const { lakehouse } = project.target;
  switch (lakehouse.type) {
    case "embedded": {
      const { openEmbeddedLakehouse } = await import("../../lakehouse/duckdb/embedded-lakehouse.ts");
      const dir = embeddedDir(project, lakehouse);
      return (context, { snapshotsInUse }) =>
        openEmbeddedLakehouse({
          dir,
          extensionDirectory: () => extensionDirectory(project, context),
          snapshotsInUse,
        });
    }
    case "athena": {
      const { type: _, ...options } = lakehouse;
      await expectS3Locations(project, lakehouse);
      const { openAthenaLakehouse } = await import("../../lakehouse/athena/athena-lakehouse.ts");
      return (_context, { snapshotsInUse }) =>
        openAthenaLakehouse({ ...options, workDir: project.stateDir, snapshotsInUse });
    }
    case "rest": {
      const { type: _, secret, ...options } = lakehouse;
      const { openRestLakehouse } = await import("../../lakehouse/rest/rest-lakehouse.ts");
      return (context, opened) =>
        openRestLakehouse({
          ...options,
          workDir: project.stateDir,
          extensionDirectory: () => extensionDirectory(project, context),
          snapshotsInUse: opened.snapshotsInUse,
          ...(secret === undefined ? {} : { secret: (asked) => opened.secrets.get(secret, asked) }),
        });
    }
    default:
      return unreachable(lakehouse);
  }
}

/** @throws DefinitionError with every place of the target that is none in S3 */
async function expectS3Locations(project: LoadedConfig, lakehouse: AthenaLakehouse): Promise<void> {
  const { isS3Uri } = await import("../../lakehouse/athena/s3-uri.ts");
  const problems = (["location", "results", "staging"] as const).flatMap((name) => {
    const uri = lakehouse[name];
    if (uri === undefined ? name !== "location" : isS3Uri(uri)) return [];
    return [
      {
        message: `target ${project.targetName}: expected s3://bucket/prefix as ${name}, got ${JSON.stringify(uri)}`,
        where: relative(project.projectDir, project.configFile),
      },
    ];
  });
  if (problems.length > 0) throw new DefinitionError(problems);
}

/** DuckDB's Iceberg extension comes with the Python environment, in the same version that dbt uses. */
async function extensionDirectory(project: LoadedConfig, context: OpenContext): Promise<string> {
  const environment = await ensurePythonEnvironment({
    stateDir: project.stateDir,
    requirementsFile: requirementsFile(project.projectDir),
    onProgress: (progress) => context.progress({ resource: "python", ...progress }),
    signal: context.signal,
  });
  return environment.extensionDirectory;
}

/** The folder of an embedded lake. */
export function embeddedDir(
  { projectDir }: Pick<LoadedConfig, "projectDir">,
  { dir = ".moraine/lake" }: EmbeddedLakehouse,
): string {
  return join(projectDir, dir);
}
