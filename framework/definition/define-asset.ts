import { type AssetKey, isAssetKey } from "./asset-key.ts";
import { type Asset, type AssetOptions, defaultRetry, type Deps, type NoDeps } from "./asset.ts";
import { freshnessProblems } from "./freshness.ts";
import { policyProblems } from "./policy-problem.ts";
import { functionVersion } from "./function-version.ts";
import type { MaterializeContext } from "./context.ts";
import { readDeps } from "./read-deps.ts";
import { partitionsProblems } from "./partitions/partitions.ts";
import type { DefinitionProblem } from "./problem.ts";
import { rowContradictions } from "./row-contradictions.ts";
import { callSite } from "../util/call-site.ts";
import { describeValue } from "../util/plain-json.ts";

/**
 * Declares an asset. Its rows have the type that the schema in `rows` gives them, else that of `table`'s columns.
 * Problems (a malformed key, a timeout of 0, a schema that contradicts the table) are kept on the value and reported with
 * all others before anything runs.
 */
export function defineAsset<const D extends Deps = NoDeps, T = unknown, R = T>(
  options: AssetOptions<D, T, R>,
): Asset<R> {
  const problems: DefinitionProblem[] = [];
  if (!isAssetKey(options.key)) {
    problems.push({
      message: `expected an asset key like "sf_raw/sf_user" (lower case), got ${JSON.stringify(options.key)}`,
    });
  }
  if (options.table !== undefined && options.table.key !== options.key) {
    problems.push({ message: `${options.key}: its table has another key, ${options.table.key}` });
  }
  if (options.table !== undefined && options.rows !== undefined)
    problems.push(...rowContradictions(options.rows, options.table));
  problems.push(...textProblems(options).map((problem) => ({ message: `${options.key}: ${problem}` })));
  for (const [name, value] of [
    ["timeoutMs", options.timeoutMs],
    ["retry.maxAttempts", options.retry?.maxAttempts],
  ] as const) {
    if (value !== undefined && !(value > 0))
      problems.push({ message: `${options.key}: ${name} must be above 0, got ${value}` });
  }
  if (options.freshness !== undefined) {
    problems.push(...policyProblems(`${options.key}: freshness`, freshnessProblems(options.freshness)));
  }
  for (const problem of options.partitions === undefined ? [] : partitionsProblems(options.partitions))
    problems.push({ message: `${options.key}: ${problem}` });
  const { deps, mappings } = readDeps(options.deps ?? {}, (message) =>
    problems.push({ message: `${options.key}: ${message}` }),
  );
  if (options.publish === "after-checks" && options.failedWrite === "keep") {
    problems.push({
      message: `${options.key}: failedWrite "keep" and publish "after-checks" contradict each other: a draft that fails is not kept`,
    });
  }
  let version: string | undefined;
  return Object.freeze({
    kind: "asset",
    key: options.key as AssetKey,
    deps,
    mappings,
    partitions: options.partitions,
    assetKind: options.kind ?? "typescript",
    group: options.group,
    owners: options.owners ?? [],
    tags: options.tags ?? [],
    description: options.description,
    codeVersion: () => (version ??= options.codeVersion ?? functionVersion(options.materialize)),
    refresh: options.refresh,
    freshness: options.freshness,
    automation: options.automation,
    connection: undefined,
    retry: { ...defaultRetry, ...options.retry },
    timeoutMs: options.timeoutMs,
    pool: options.pool,
    priority: options.priority ?? 0,
    failedWrite: options.failedWrite ?? "undo",
    publish: options.publish ?? "at-once",
    table: options.table,
    declaredColumns: undefined,
    rows: options.rows,
    checks: options.checks ?? [],
    where: callSite(defineAsset),
    source: {
      type: "body",
      // The compiler has checked the body against the inputs of its own deps; the materializer fills them by name.
      materialize: async (context: MaterializeContext) =>
        options.materialize(context as Parameters<typeof options.materialize>[0]),
    },
    problems,
  } satisfies Asset<R>);
}

type Texts = Pick<AssetOptions, "description" | "group" | "kind" | "owners" | "tags">;

/** What lists, filters and alerts read of an asset as text and is none; a config need not have met a compiler. */
function textProblems({ description, group, kind, owners, tags }: Texts): readonly string[] {
  const isText = (value: unknown) => value === undefined || typeof value === "string";
  const areTexts = (value: unknown) =>
    value === undefined || (Array.isArray(value) && value.every((each) => typeof each === "string"));
  return [
    ...Object.entries({ description, group, kind }).flatMap(([name, value]) =>
      isText(value) ? [] : [`${name} must be a text, got ${describeValue(value)}`],
    ),
    ...Object.entries({ owners, tags }).flatMap(([name, value]) =>
      areTexts(value) ? [] : [`${name} must be a list of texts, got ${describeValue(value)}`],
    ),
  ];
}
