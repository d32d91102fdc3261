import { type AssetKey, isAssetKey } from "../definition/asset-key.ts";
import type { DeclaredColumns } from "../definition/declared-columns.ts";
import type { DefinitionProblem } from "../definition/problem.ts";
import { nearest } from "../util/nearest.ts";
import { declaredColumns } from "./declared-columns.ts";
import type { DbtManifest, DbtNode } from "./dbt-manifest.ts";

/** A model, seed or snapshot that is a table. */
export interface DbtAsset {
  readonly key: AssetKey;
  readonly node: DbtNode;
  /** Upstreams by model or source name; ephemeral models are replaced by what they read. */
  readonly deps: Readonly<Record<string, AssetKey>>;
  /** Ephemeral models that are part of its SQL. */
  readonly folded: readonly DbtNode[];
  readonly tests: readonly DbtTest[];
}

/** A dbt test as a check. */
export interface DbtTest {
  readonly node: DbtNode;
  /** The check's name: `not_null_user_id` for dbt's generated `not_null_stg_sf_user_user_id`, else dbt's own. */
  readonly name: string;
  readonly asset: AssetKey;
  /** Every table that it reads. */
  readonly reads: readonly AssetKey[];
}

/** A dbt project in moraine's terms. */
export interface DbtGraph {
  /** In topological order. */
  readonly assets: readonly DbtAsset[];
  /** Columns of the assets that the project reads and others make. */
  readonly sourceColumns: ReadonlyMap<AssetKey, DeclaredColumns>;
  readonly problems: readonly DefinitionProblem[];
  /** Tests that are no checks, and why. */
  readonly notes: readonly string[];
}

const tables = new Set(["model", "seed", "snapshot"]);
const tests = new Set(["test", "unit_test"]);

/** Turns dbt's nodes into assets and checks. `where` gives the path of a dbt file for messages. */
export function readGraph(manifest: DbtManifest, where: (path: string) => string): DbtGraph {
  const nodes = new Map(manifest.nodes.map((node) => [node.uniqueId, node]));
  const sources = new Map(manifest.sources.map((source) => [source.uniqueId, source]));
  const problems: DefinitionProblem[] = [];
  const isTable = (node: DbtNode) => tables.has(node.resourceType) && node.materialized !== "ephemeral";

  const keyOf = (id: string): AssetKey | undefined => {
    const node = nodes.get(id);
    const source = sources.get(id);
    // A table that nobody here makes and that is no asset has to say so, or a mistyped source would pass for one.
    if (source !== undefined && isExternal(source.meta)) return undefined;
    const key = (
      node === undefined ? `${source?.schema}/${source?.identifier}` : `${node.schema}/${node.alias}`
    ).toLowerCase();
    return isAssetKey(key) ? key : undefined;
  };

  /** Tables and sources that a node reads, through ephemeral models, and these models. */
  const upstreamsOf = (node: DbtNode) => {
    const direct = new Map<string, AssetKey>();
    const folded = new Map<string, DbtNode>();
    const open = [...node.dependsOn];
    for (let id = open.shift(); id !== undefined; id = open.shift()) {
      const upstream = nodes.get(id);
      if (upstream !== undefined && !isTable(upstream)) {
        if (tables.has(upstream.resourceType) && !folded.has(id)) {
          folded.set(id, upstream);
          open.push(...upstream.dependsOn);
        }
        continue;
      }
      const key = keyOf(id);
      if (key !== undefined) direct.set(id, key);
    }
    return { direct, folded: [...folded.values()] };
  };

  const drafts = sortByUpstreams(
    manifest.nodes.filter(isTable).flatMap((node) => {
      const key = keyOf(node.uniqueId);
      if (key !== undefined) return [{ key, node, ...upstreamsOf(node) }];
      problems.push({
        message: `dbt ${node.resourceType} ${node.name}: expected a key like "sf_staging/stg_sf_user", got ${JSON.stringify(`${node.schema}/${node.alias}`.toLowerCase())}`,
        where: where(node.path),
        next: "give it a schema and an alias of letters, digits and underscores",
      });
      return [];
    }),
  );
  const position = new Map(drafts.map(({ key }, index) => [key, index]));
  const { checks, notes } = readTests(manifest, upstreamsOf, position, drafts);
  return {
    assets: drafts.map(({ key, node, direct, folded }) => ({
      key,
      node,
      deps: Object.fromEntries([...direct].map(([id, upstream]) => [depName(id), upstream])),
      folded,
      tests: checks.filter((check) => check.asset === key),
    })),
    sourceColumns: new Map(
      manifest.sources.flatMap((source) => {
        const key = keyOf(source.uniqueId);
        return key === undefined ? [] : [[key, declaredColumns(source.columns)] as const];
      }),
    ),
    problems: [...problems, ...undefinedTests(manifest, where)],
    notes,
  };
}

/** dbt finds out only when it runs them. */
function undefinedTests(
  manifest: DbtManifest,
  where: (path: string) => string,
): readonly DefinitionProblem[] {
  const known = new Set(
    manifest.macros.flatMap(({ name }) => (name.startsWith("test_") ? [name.slice("test_".length)] : [])),
  );
  return manifest.nodes
    .filter(({ testName }) => testName !== null && !known.has(testName))
    .map(({ name, testName, path }) => {
      const meant = nearest(testName ?? "", known);
      return {
        message: `dbt test ${name}: nothing is called ${testName}${meant.length === 0 ? "" : `; did you mean ${meant.join(" or ")}?`}`,
        where: where(path),
      };
    });
}

interface Draft {
  readonly key: AssetKey;
  readonly node: DbtNode;
  readonly direct: ReadonlyMap<string, AssetKey>;
  readonly folded: readonly DbtNode[];
}

function readTests(
  manifest: DbtManifest,
  upstreamsOf: (node: DbtNode) => {
    readonly direct: ReadonlyMap<string, AssetKey>;
    readonly folded: readonly DbtNode[];
  },
  position: ReadonlyMap<AssetKey, number>,
  drafts: readonly Draft[],
): { readonly checks: readonly DbtTest[]; readonly notes: readonly string[] } {
  const checks: DbtTest[] = [];
  const notes: string[] = [];
  for (const node of manifest.nodes) {
    if (!tests.has(node.resourceType)) continue;
    const { direct, folded } = upstreamsOf(node);
    const reads = [...direct.values()];
    // Of several tables the one that is made last: only then can the test run.
    const own = reads
      .filter((key) => position.has(key))
      .reduce<AssetKey | undefined>(
        (last, key) =>
          last === undefined || (position.get(key) ?? 0) > (position.get(last) ?? 0) ? key : last,
        undefined,
      );
    const reader = drafts.find((draft) => draft.folded.some((ephemeral) => folded.includes(ephemeral)));
    // A test of an ephemeral model that reads sources alone: the model is part of its first reader.
    const asset = own ?? reader?.key;
    if (asset === undefined) {
      notes.push(
        `dbt test ${node.name} reads no model, only sources: write it as a rule where the source is loaded`,
      );
      continue;
    }
    checks.push({ node, name: checkName(node), asset, reads });
  }
  // Two tests of one sort on one column differ in their arguments, which only dbt's long names tell.
  const isAmbiguous = (check: DbtTest) =>
    checks.some((other) => other !== check && other.asset === check.asset && other.name === check.name);
  const named = checks.map((check) =>
    isAmbiguous(check) ? { ...check, name: asName(check.node.name) } : check,
  );
  return { checks: named, notes };
}

/** dbt generates names from test, model, column and arguments; the first and third are enough on one asset. */
function checkName({ name, testName, columnName }: DbtNode): string {
  const isGenerated = testName !== null && name.startsWith(`${testName}_`);
  return asName(isGenerated ? [testName, columnName].filter((part) => part !== null).join("_") : name);
}

function asName(text: string): string {
  return text
    .toLowerCase()
    .replace(/\W+/g, "_")
    .replace(/^_+|_+$/g, "");
}

function isExternal(meta: Readonly<Record<string, unknown>>): boolean {
  const { moraine } = meta as { readonly moraine?: { readonly external?: boolean } };
  return moraine?.external === true;
}

/** `stg_sf_user` of `model.moraine.stg_sf_user`, `sf_raw.sf_user` of `source.moraine.sf_raw.sf_user`. */
function depName(id: string): string {
  return id.split(".").slice(2).join(".");
}

/** dbt has refused circles, so this ends. */
function sortByUpstreams(drafts: readonly Draft[]): readonly Draft[] {
  const byKey = new Map(drafts.map((draft) => [draft.key, draft]));
  const sorted = new Set<Draft>();
  const visit = (draft: Draft): void => {
    if (sorted.has(draft)) return;
    for (const key of draft.direct.values()) {
      const upstream = byKey.get(key);
      if (upstream !== undefined && upstream !== draft) visit(upstream);
    }
    sorted.add(draft);
  };
  [...drafts].sort((a, b) => (a.key < b.key ? -1 : 1)).forEach(visit);
  return [...sorted];
}
