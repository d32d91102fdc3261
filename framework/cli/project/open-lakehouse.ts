import { join, relative } from "node:path";
import type { AthenaLakehouse, EmbeddedLakehouse } from "../../definition/config.ts";
import { DefinitionError } from "../../definition/problem.ts";
import type { Lakehouse, SnapshotsInUse } from "../../lakehouse/lakehouse.ts";
import type { SecretProvider } from "../../secrets/secret-provider.ts";
import { findExtensions } from "../../lakehouse/duckdb/extensions/extension-files.ts";
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
          ...extensionsOf(project, context),
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
          ...extensionsOf(project, context),
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

/** DuckDB's extensions: fetched once by all who ask for them at the same time. */
function extensionsOf({ stateDir }: LoadedConfig, context: OpenContext) {
  let fetching: Promise<string> | undefined;
  return {
    lacksExtensions: () => findExtensions(stateDir) === undefined,
    extensionDirectory: async (): Promise<string> => {
      const present = findExtensions(stateDir);
      if (present !== undefined) return present;
      fetching ??= fetchExtensions(stateDir, context).finally(() => (fetching = undefined));
      return fetching;
    },
  };
}

/** Finds or fetches DuckDB's extensions, with progress shown. */
async function fetchExtensions(stateDir: string, context: OpenContext): Promise<string> {
  const { ensureExtensions } = await import("../../lakehouse/duckdb/extensions/install-extensions.ts");
  return ensureExtensions({
    stateDir,
    onProgress: (progress) => context.progress({ resource: "extensions", ...progress }),
    signal: context.signal,
  });
}

/** The folder of an embedded lake. */
export function embeddedDir(
  { projectDir }: Pick<LoadedConfig, "projectDir">,
  { dir = ".moraine/lake" }: EmbeddedLakehouse,
): string {
  return join(projectDir, dir);
}
