import type { AssetKey } from "../../definition/asset-key.ts";
import type { Check } from "../../definition/check.ts";
import { selectableStates, selectAssets } from "../../graph/selection.ts";
import { computeStatuses, type Observations } from "../../staleness/compute-statuses.ts";
import { computeFreshness } from "../../staleness/freshness.ts";
import { LakeTables } from "../../staleness/lake-tables.ts";
import { observe } from "../../staleness/observe.ts";
import type { AssetStatus } from "../../staleness/status.ts";
import { uncheckedOf } from "../../staleness/unchecked.ts";
import type { StoreReader } from "../../store/store.ts";
import type { OpenProject } from "../project/open-project.ts";
import { UsageError } from "../usage-error.ts";

/** The status of every asset now. `asked`: as if somebody asked for new data (`plan`), see Observations. */
export async function readStatuses(
  project: OpenProject,
  options: { readonly asked: boolean },
): Promise<ReadonlyMap<AssetKey, AssetStatus>> {
  return computeStatuses(project.graph, await readObservations(project, options));
}

/** What the store and the lake say now. */
export async function readObservations(
  { graph, store, lakehouse }: OpenProject,
  { asked }: { readonly asked: boolean },
): Promise<Observations> {
  const lake = new LakeTables(lakehouse);
  await lake.refresh(graph.keys);
  return observe({ graph, reader: store, lake, now: new Date(), asked });
}

/** What `state:` asks beside the statuses; read only when it does. */
interface Records {
  readonly outcomes: ReturnType<StoreReader["latestOutcomes"]>;
  readonly freshness: ReturnType<typeof computeFreshness>;
  readonly unchecked: ReturnType<typeof readUnchecked>;
}

/** What selections are answered from. */
type Selectable = Pick<OpenProject, "graph" | "store">;

/** The assets that a command's arguments name, see selectAssets. */
export function selectFrom(
  project: Selectable,
  terms: readonly string[],
  statuses: ReadonlyMap<AssetKey, AssetStatus>,
): readonly AssetKey[] {
  const { graph, store } = project;
  const now = new Date();
  let records: Records | undefined;
  return selectAssets(graph, terms, {
    stateOf(key) {
      records ??= {
        outcomes: store.latestOutcomes(),
        freshness: computeFreshness(graph, store, now),
        unchecked: readUnchecked(project),
      };
      const states = new Set<string | undefined>([
        statuses.get(key)?.status,
        records.outcomes.get(key)?.outcome,
        records.freshness.get(key)?.state,
        ...(records.unchecked.has(key) ? ["unchecked"] : []),
      ]);
      return new Set(selectableStates.filter((state) => states.has(state)));
    },
    changes: { now, changedSince: (instant) => changedSince(store, instant) },
  });
}

/** The checks that gave no result for what their asset holds now, by asset; assets without such a check are left out. */
export function readUnchecked({ graph, store }: Selectable): ReadonlyMap<AssetKey, readonly Check[]> {
  const latest = store.latestMaterializations();
  const results = store.latestCheckResults();
  return new Map(
    graph.keys.flatMap((key) => {
      const unchecked = uncheckedOf(graph.checks(key), latest.get(key), results.get(key) ?? []);
      return unchecked.length === 0 ? [] : [[key, unchecked] as const];
    }),
  );
}

/** The same, reading the statuses only when a `state:` asks for them. */
export async function select(
  project: OpenProject,
  terms: readonly string[],
  options: { readonly asked: boolean },
): Promise<readonly AssetKey[]> {
  const needsStatuses = terms.some((term) => term.includes("state:"));
  return selectFrom(project, terms, needsStatuses ? await readStatuses(project, options) : new Map());
}

/** Exactly one asset. @throws UsageError when the text names several, or none at present */
export function selectOne(project: Selectable, text: string): AssetKey {
  const keys = selectFrom(project, [text], new Map());
  const [key] = keys;
  if (key !== undefined && keys.length === 1) return key;
  throw new UsageError(
    keys.length === 0
      ? `expected one asset, and ${text} names none at present`
      : `expected one asset, and ${text} names ${keys.length}: ${keys.slice(0, 3).join(", ")}${keys.length > 3 ? ", ..." : ""}`,
    "name one by its key; `moraine list` shows all keys",
  );
}

/** See Changes. A write without a data version counts as a change, for nothing says that it was none. */
function changedSince(reader: StoreReader, instant: Date): ReadonlySet<AssetKey> {
  const since = instant.toISOString();
  const written = [...reader.latestMaterializations().values()].filter((last) => last.finishedAt >= since);
  return new Set(written.map(({ key }) => key).filter((key) => hasChangedSince(reader, key, since)));
}

/** Reads back from the newest, further each time: most often the last two materializations answer it. */
function hasChangedSince(reader: StoreReader, key: AssetKey, since: string): boolean {
  for (let limit = 2; ; limit *= 8) {
    const history = reader.materializations(key, limit);
    for (const [age, record] of history.entries()) {
      if (record.finishedAt < since) return false;
      const before = history[age + 1];
      if (before === undefined && history.length === limit) break;
      if (record.dataVersion === undefined || record.dataVersion !== before?.dataVersion) return true;
    }
    if (history.length < limit) return false;
  }
}
