import { existsSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { Asset } from "../definition/asset.ts";
import { defaultRetry } from "../definition/asset.ts";
import type { Condition } from "../definition/automation.ts";
import type { AssetSource, Definitions, LoadContext } from "../definition/asset-source.ts";
import type { Batch } from "../definition/batch.ts";
import type { Check } from "../definition/check.ts";
import type { DeclaredColumns } from "../definition/declared-columns.ts";
import type { DefinitionProblem } from "../definition/problem.ts";
import type { TableDefinition } from "../definition/table.ts";
import { sha256 } from "../util/hash.ts";
import { CodeVersions } from "./code-version.ts";
import { DbtBatch } from "./dbt-batch.ts";
import { type DbtAsset, type DbtGraph, type DbtTest, readGraph } from "./dbt-graph.ts";
import type { DbtManifest } from "./dbt-manifest.ts";
import { observeProject } from "./definitions-cache.ts";
import { declaredColumns, typeContradictions } from "./declared-columns.ts";
import { DbtSession } from "./dbt-session.ts";
import { DbtError } from "./dbt-worker.ts";
import { readModelMeta } from "./model-meta.ts";
import { parseProblem } from "./parse-problem.ts";
import { ensurePythonEnvironment } from "./python-environment.ts";
import { requirementsFile } from "./requirements-file.ts";
import { isBlocking, severityOf } from "./run-report.ts";

/** What {@link dbtProject} takes. */
export interface DbtProjectOptions {
  /** Where dbt_project.yml is, relative to moraine's project. */
  readonly dir: string;
  /** Iceberg definitions of models whose tables moraine makes before dbt first writes them. */
  readonly tables?: readonly TableDefinition[];
  /** Group of the models that have none in dbt. */
  readonly group?: string;
  /** When the daemon starts a model, seed or snapshot by itself. @default never */
  readonly automation?: Condition;
  /**
   * An interpreter that has dbt with its adapter. @default moraine's own environment, made on first use from
   * `dbt/requirements.txt` of the project, else from moraine's own lock
   */
  readonly python?: string;
}

/**
 * The models, seeds and snapshots of a dbt project as assets, and its tests as checks. A dbt source is the asset whose key is
 * its `schema/table`, unless its `meta` says `moraine: {external: true}`. Reading starts no process while the project
 * is unchanged.
 */
export function dbtProject(options: DbtProjectOptions): AssetSource {
  const sessions = new Map<string, DbtSession>();
  return {
    kind: "asset-source",
    name: `dbt project ${options.dir}`,
    load: async (context) => {
      const dir = resolve(context.projectDir, options.dir);
      const where = (path: string) => relative(context.projectDir, join(dir, path)).replaceAll("\\", "/");
      if (!existsSync(join(dir, "dbt_project.yml")))
        return onlyProblem({
          message: `expected a dbt project in ${options.dir}, got no dbt_project.yml`,
          where: where("dbt_project.yml"),
          next: "correct `dir` of dbtProject()",
        });
      const workDir = join(context.stateDir, "dbt", `${folderName(options.dir)}-${context.target}`);
      const session = sessions.get(workDir) ?? openSession(options, dir, workDir, context);
      sessions.set(workDir, session);
      const manifest = await readManifest(session, dir, where, context);
      if ("problem" in manifest) return onlyProblem(manifest.problem);
      return define(manifest, { options, where, session });
    },
  };
}

function openSession(
  options: DbtProjectOptions,
  dir: string,
  workDir: string,
  context: LoadContext,
): DbtSession {
  const { stateDir, projectDir, target } = context;
  const { python } = options;
  const lock = requirementsFile(projectDir);
  return new DbtSession({
    dir,
    target,
    workDir,
    pythonDigest: () => python ?? sha256(readFileSync(lock, "utf8")),
    findPython: async (call) =>
      python ?? (await ensurePythonEnvironment({ stateDir, requirementsFile: lock, ...call })).python,
  });
}

async function readManifest(
  session: DbtSession,
  dir: string,
  where: (path: string) => string,
  context: LoadContext,
): Promise<DbtManifest | { readonly problem: DefinitionProblem }> {
  try {
    return await session.manifest({
      signal: context.signal,
      onProgress: (update) => context.progress({ resource: "python", ...update }),
    });
  } catch (error) {
    if (!(error instanceof DbtError) || error.kind === "interrupted") throw error;
    await session.close();
    const files = Object.keys(observeProject(dir, "").stamps);
    // Of YAML files dbt tells the end of the path only.
    const locate = (path: string) =>
      where(files.find((file) => file === path || file.endsWith(`/${path}`)) ?? path);
    return { problem: parseProblem(error.message, locate) };
  }
}

/** What the definitions of one project share. */
interface ProjectView {
  readonly options: DbtProjectOptions;
  readonly where: (path: string) => string;
  readonly session: DbtSession;
}

function define(manifest: DbtManifest, view: ProjectView): Definitions {
  const graph = readGraph(manifest, view.where);
  const batch = new DbtBatch(view.session, graph, view.where);
  const versions = new CodeVersions(manifest);
  return {
    assets: graph.assets.map((asset) => defineDbtAsset(asset, { manifest, view, batch, versions })),
    checks: [],
    problems: [...graph.problems, ...unknownTables(graph, view.options)],
    columnsElsewhere: graph.sourceColumns,
  };
}

function defineDbtAsset(
  asset: DbtAsset,
  shared: {
    readonly manifest: DbtManifest;
    readonly view: ProjectView;
    readonly batch: Batch;
    readonly versions: CodeVersions;
  },
): Asset {
  const { key, node } = asset;
  const { manifest, view, batch, versions } = shared;
  const table = view.options.tables?.find((definition) => definition.key === key);
  const columns = declaredColumns(node.columns, node.config["column_types"] ?? {});
  const where = view.where(node.path);
  const meta = readModelMeta(node, where);
  let version: string | undefined;
  return Object.freeze({
    kind: "asset",
    key,
    deps: asset.deps,
    assetKind: "dbt",
    group: node.group ?? view.options.group,
    owners: ownersOf(asset, manifest),
    tags: node.tags,
    description: node.description.trim() === "" ? undefined : node.description.trim(),
    codeVersion: () => (version ??= versions.of(node, asset.folded)),
    refresh: undefined,
    freshness: meta.freshness,
    automation: view.options.automation,
    connection: undefined,
    retry: defaultRetry,
    timeoutMs: undefined,
    pool: "dbt",
    priority: 0,
    mappings: new Map(),
    partitions: undefined,
    failedWrite: "undo",
    publish: meta.publish,
    table: table === undefined ? undefined : withDescriptions(table, columns),
    declaredColumns: columns,
    rows: undefined,
    checks: asset.tests.map((test) => defineDbtCheck(test, batch)),
    where: () => where,
    source: { type: "batch", batch },
    problems: [...meta.problems, ...(table === undefined ? [] : typeContradictions(columns, table, where))],
  } satisfies Asset);
}

function defineDbtCheck(test: DbtTest, batch: Batch): Check {
  const { compiledCode } = test.node;
  return Object.freeze({
    kind: "check",
    asset: test.asset,
    name: test.name,
    description: test.node.description === "" ? undefined : test.node.description,
    severity: severityOf(test),
    blocking: isBlocking(test),
    holds: undefined,
    source: { type: "batch", batch },
    // dbt has put the tables' names in.
    rowsSql: compiledCode === null ? undefined : () => compiledCode.trim(),
    problems: [],
  } satisfies Check);
}

/** `meta.owner` of the model, else the owner of its group. */
function ownersOf({ node }: DbtAsset, manifest: DbtManifest): readonly string[] {
  const { owner, owners } = node.meta as { readonly owner?: unknown; readonly owners?: unknown };
  const own = [owner, owners].flat().filter((name): name is string => typeof name === "string");
  const group = node.group === null ? undefined : manifest.groups[node.group];
  const ofGroup = [group?.email ?? group?.name]
    .flat()
    .filter((name): name is string => typeof name === "string");
  return own.length > 0 ? own : ofGroup;
}

/** dbt's descriptions of columns where the table has none of its own. */
function withDescriptions(table: TableDefinition, declared: DeclaredColumns): TableDefinition {
  const columns = Object.entries(table.columns).map(([name, column]) => {
    const description = column.description ?? declared[name]?.description;
    return [name, description === undefined ? column : { ...column, description }] as const;
  });
  return { ...table, columns: Object.fromEntries(columns) };
}

function unknownTables(
  graph: DbtGraph,
  { tables = [], dir }: DbtProjectOptions,
): readonly DefinitionProblem[] {
  const keys = new Set(graph.assets.map((asset) => asset.key));
  return tables
    .filter((table) => !keys.has(table.key))
    .map((table) => ({
      message: `dbtProject({ dir: "${dir}" }) has a table ${table.key}, which no model makes`,
      next: `the models make ${[...keys].join(", ")}`,
    }));
}

function onlyProblem(problem: DefinitionProblem): Definitions {
  return { assets: [], checks: [], problems: [problem] };
}

function folderName(dir: string): string {
  return dir.replace(/[^\w]+/g, "-").replace(/^-|-$/g, "");
}
