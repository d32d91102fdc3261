import { type AssetKey, isAssetKey } from "./asset-key.ts";
import { type Asset, type AssetOptions, defaultRetry, type Deps } from "./asset.ts";
import { functionVersion } from "./function-version.ts";
import type { MaterializeContext } from "./context.ts";
import type { DefinitionProblem } from "./problem.ts";

/**
 * Declares an asset. Problems (a malformed key, a timeout of 0) are kept on the value and reported with all others
 * before anything runs.
 */
export function defineAsset<R = unknown, const D extends Deps = Deps>(options: AssetOptions<D>): Asset<R> {
  const problems: DefinitionProblem[] = [];
  if (!isAssetKey(options.key)) {
    problems.push({
      message: `expected an asset key like "sf_raw/sf_user" (lower case), got ${JSON.stringify(options.key)}`,
    });
  }
  if (options.table !== undefined && options.table.key !== options.key) {
    problems.push({ message: `${options.key}: its table has another key, ${options.table.key}` });
  }
  for (const [name, value] of [
    ["timeoutMs", options.timeoutMs],
    ["retry.maxAttempts", options.retry?.maxAttempts],
  ] as const) {
    if (value !== undefined && !(value > 0))
      problems.push({ message: `${options.key}: ${name} must be above 0, got ${value}` });
  }
  let version: string | undefined;
  return Object.freeze({
    kind: "asset",
    key: options.key as AssetKey,
    deps: Object.freeze(
      Object.fromEntries(Object.entries(options.deps ?? {}).map(([name, dep]) => [name, dep.key])),
    ),
    assetKind: options.kind ?? "typescript",
    group: options.group,
    owners: options.owners ?? [],
    tags: options.tags ?? [],
    description: options.description,
    codeVersion: () => (version ??= options.codeVersion ?? functionVersion(options.materialize)),
    refresh: options.refresh,
    connection: undefined,
    retry: { ...defaultRetry, ...options.retry },
    timeoutMs: options.timeoutMs,
    pool: options.pool,
    table: options.table,
    checks: options.checks ?? [],
    where: undefined,
    source: {
      type: "body",
      // The compiler has checked the body against the inputs of its own deps; the materializer fills them by name.
      materialize: async (context: MaterializeContext) =>
        options.materialize(context as Parameters<typeof options.materialize>[0]),
    },
    problems,
  } satisfies Asset<R>);
}
