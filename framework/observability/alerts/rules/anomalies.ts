import type { AssetKey } from "../../../definition/asset-key.ts";
import { unitId } from "../../../definition/unit.ts";
import type { AlertFacts } from "../../../event/alert.ts";
import type { Metadata } from "../../../event/event.ts";
import type { Measured } from "../../../store/alerts/alert-records.ts";
import type { Found } from "../found.ts";
import { type RuleInForce, type RuleOf, severityOf } from "../rules-in-force.ts";
import type { AlertWorld } from "../world.ts";
import { measuredSeries } from "./measured-series.ts";
import { median, usualRange } from "./robust.ts";

/** How many materializations before one say what is usual for it. */
const historyLength = 20;
/** Fewer rows than this are no anomaly, whatever share they are. */
const leastRows = 10;

/** Rows of one materialization that are far from those of the ones before it. */
export function unusualVolumes(
  world: AlertWorld,
  by: RuleInForce,
  rule: RuleOf<"volume-anomaly">,
  memo?: AnomalyMemo,
): readonly Found[] {
  const { metadata = ["rows"], deviations = 5, floorShare = 0.2 } = rule;
  return unusual(world, by, memo, metadata, ({ value, values, ...about }) => {
    const floor = Math.max(leastRows, values.length === 0 ? 0 : median(values) * floorShare);
    const usual = usualRange(values, { deviations, floor });
    if (usual === undefined || (value >= usual.least && value <= usual.most)) return undefined;
    return { type: "volume-anomaly", ...about, value, ...usual, least: Math.max(0, usual.least) };
  });
}

const changes = ["versions_opened", "versions_closed", "versions_retired"];

/** Many more versions than usual that were opened, closed or retired at once. Few are no anomaly: nights may be quiet. */
export function unusualVersions(
  world: AlertWorld,
  by: RuleInForce,
  rule: RuleOf<"scd-anomaly">,
  memo?: AnomalyMemo,
): readonly Found[] {
  const { deviations = 5, floorShare = 0.05 } = rule;
  return unusual(world, by, memo, changes, ({ value, values, ...about }, total) => {
    const usual = usualRange(values, { deviations, floor: Math.max(leastRows, total * floorShare) });
    if (usual === undefined || value <= usual.most) return undefined;
    return { type: "scd-anomaly", ...about, value, ...usual, least: 0, total };
  });
}

type AnomalyFacts = Extract<AlertFacts, { readonly type: "volume-anomaly" | "scd-anomaly" }>;

/** One number of the newest materialization, and the same of those before it. */
interface Series extends Pick<AnomalyFacts, "partition" | "runId" | "measure" | "value"> {
  readonly key: AssetKey;
  readonly values: readonly number[];
}

/** What was made of each newest materialization, so that a daemon judges each once. */
export type AnomalyMemo = Map<string, { readonly id: number; readonly found: readonly Found[] }>;

function unusual(
  world: AlertWorld,
  by: RuleInForce,
  memo: AnomalyMemo | undefined,
  measures: readonly string[],
  /** @param total rows of the asset or the partition */
  judge: (series: Series, total: number) => AnomalyFacts | undefined,
): readonly Found[] {
  return [...world.latest()].flatMap(([key, last]) => {
    if (!by.keys.has(key) || !world.graph.has(key)) return [];
    const name = `${by.name} ${key}`;
    const known = memo?.get(name);
    if (known?.id === last.id) return known.found;
    const found = measuredSeries(world, key, last, measures, historyLength).flatMap(({ newest, before }) =>
      measures.flatMap((measure) => {
        const value = numberIn(newest.metadata, measure);
        if (value === undefined) return [];
        const { runId, partition } = newest;
        const values = before.flatMap((record) => numberIn(record.metadata, measure) ?? []);
        const total = numberIn(newest.metadata, "rows") ?? 0;
        const facts = judge({ key, partition, runId, measure, value, values }, total);
        return facts === undefined ? [] : [foundAnomaly(world, by, newest, facts)];
      }),
    );
    memo?.set(name, { id: last.id, found });
    return found;
  });
}

function foundAnomaly(world: AlertWorld, by: RuleInForce, newest: Measured, facts: AnomalyFacts): Found {
  return {
    by,
    rule: by.name,
    subject: `${unitId({ key: facts.key as AssetKey, partition: facts.partition })} ${facts.measure}`,
    severity: severityOf(by, "warning"),
    since: newest.finishedAt,
    owners: world.owners([facts.key]),
    facts,
  };
}

function numberIn(metadata: Metadata, name: string): number | undefined {
  const value = metadata[name];
  return value?.type === "rows" || value?.type === "number" ? value.value : undefined;
}
