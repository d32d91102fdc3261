import { type Unit, type UnitId, unitId } from "../../definition/unit.ts";
import type { Cause, Outcome } from "../../event/event.ts";
import type { Failure } from "../../event/failure.ts";
import { hasPassed } from "../../event/has-passed.ts";
import type { AttemptRecord, MaterializationRecord, StoreReader } from "../../store/store.ts";
import { rowCountOf } from "../../tui/words/metadata.ts";
import { isMuchLonger } from "../../tui/words/numbers.ts";

/** What one run did with one asset, or one partition of it. */
export interface UnitInRun {
  /** Null while it works, or when its process died. */
  readonly outcome: Outcome | null;
  readonly failure: Failure | null;
  /** From its first attempt to the end of its last; null when it never worked, or has not ended. */
  readonly durationMs: number | null;
  /** Null, as the two versions, when it wrote nothing. */
  readonly rows: number | null;
  readonly dataVersion: string | null;
  readonly codeVersion: string | null;
  /** Empty as well when the run's events have been pruned. */
  readonly causes: readonly Cause[];
  /** In the order of their names. */
  readonly failedChecks: readonly string[];
}

/** One way in which two runs differ; `presence`: only one of them had the unit. */
export type Difference = "presence" | Exclude<keyof UnitInRun, "durationMs"> | "duration";

/** One unit in two runs; null where a run did not have it. */
export interface ComparedUnit extends Unit {
  readonly differs: readonly Difference[];
  readonly before: UnitInRun | null;
  readonly after: UnitInRun | null;
}

/** Every unit that either run had, in key order. */
export function compareRuns(reader: StoreReader, beforeId: string, afterId: string): readonly ComparedUnit[] {
  const before = unitsOf(reader, beforeId);
  const after = unitsOf(reader, afterId);
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((id) => {
    const [one, other] = [before.get(id), after.get(id)];
    const unit = one?.unit ?? other?.unit;
    if (unit === undefined) return [];
    return [
      {
        ...unit,
        differs: differences(one?.facts, other?.facts),
        before: one?.facts ?? null,
        after: other?.facts ?? null,
      },
    ];
  });
}

/** Versions and rows are compared where both runs wrote, causes where both worked, times when one is out of the ordinary. */
function differences(before: UnitInRun | undefined, after: UnitInRun | undefined): readonly Difference[] {
  if (before === undefined || after === undefined) return ["presence"];
  const differs = (name: "rows" | "dataVersion" | "codeVersion") =>
    before[name] !== null && after[name] !== null && before[name] !== after[name];
  const haveWorked = before.causes.length > 0 && after.causes.length > 0;
  const times = [before.durationMs, after.durationMs].flatMap((ms) => ms ?? []).sort((a, b) => a - b);
  const [shorter, longer] = times;
  const found: readonly (readonly [Difference, boolean])[] = [
    ["outcome", before.outcome !== after.outcome],
    ["failure", before.failure?.reason !== after.failure?.reason],
    ["failedChecks", before.failedChecks.join(" ") !== after.failedChecks.join(" ")],
    ["rows", differs("rows")],
    ["dataVersion", differs("dataVersion")],
    ["codeVersion", differs("codeVersion")],
    ["causes", haveWorked && causeNames(before) !== causeNames(after)],
    ["duration", shorter !== undefined && longer !== undefined && isMuchLonger(longer, shorter)],
  ];
  return found.flatMap(([name, isSo]) => (isSo ? [name] : []));
}

/** Causes without the versions that they carry, which are others in every run. */
function causeNames({ causes }: UnitInRun): string {
  return causes
    .map((cause) => [cause.type, "upstream" in cause ? cause.upstream : ""].join(" "))
    .sort()
    .join(", ");
}

interface FoundUnit {
  readonly unit: Unit;
  readonly facts: UnitInRun;
}

function unitsOf(reader: StoreReader, runId: string): ReadonlyMap<UnitId, FoundUnit> {
  const attempts = new Map<UnitId, { readonly unit: Unit; readonly tries: AttemptRecord[] }>();
  for (const attempt of reader.attempts(runId)) {
    const { key, partition } = attempt;
    const known = attempts.get(unitId(attempt));
    if (known === undefined) attempts.set(unitId(attempt), { unit: { key, partition }, tries: [attempt] });
    else known.tries.push(attempt);
  }
  const written = new Map(reader.runMaterializations(runId).map((record) => [unitId(record), record]));
  const causes = causesOf(reader, runId);
  const failedChecks = failedChecksOf(reader, runId);
  return new Map(
    [...attempts].map(([id, { unit, tries }]) => {
      const facts = {
        ...factsOf(tries, written.get(id)),
        causes: causes.get(id) ?? [],
        failedChecks: failedChecks.get(id) ?? [],
      };
      return [id, { unit, facts }] as const;
    }),
  );
}

/** @param tries in order; a retry that was cancelled while it waited is the last, with number 0 */
function factsOf(
  tries: readonly AttemptRecord[],
  written: MaterializationRecord | undefined,
): Omit<UnitInRun, "causes" | "failedChecks"> {
  const worked = tries.filter(({ attempt }) => attempt > 0);
  const last = tries.find(({ attempt }) => attempt === 0) ?? worked.at(-1);
  const [start, end] = [worked[0]?.startedAt, worked.at(-1)?.finishedAt];
  return {
    outcome: last?.outcome ?? null,
    failure: last?.failure ?? null,
    durationMs: start === undefined || end === undefined ? null : Date.parse(end) - Date.parse(start),
    rows: rowCountOf(written?.metadata) ?? null,
    dataVersion: written?.dataVersion ?? null,
    codeVersion: written?.codeVersion ?? null,
  };
}

function causesOf(reader: StoreReader, runId: string): ReadonlyMap<UnitId, readonly Cause[]> {
  const causes = new Map<UnitId, readonly Cause[]>();
  for (const { event } of reader.events({ runId, types: ["asset-started"] })) {
    if (event.type !== "asset-started") continue;
    causes.set(unitId({ key: event.key as Unit["key"], partition: event.partition ?? "" }), event.causes);
  }
  return causes;
}

/** By the last result of each check: earlier ones are those of attempts that were tried again. */
function failedChecksOf(reader: StoreReader, runId: string): ReadonlyMap<UnitId, readonly string[]> {
  const results = new Map<UnitId, Map<string, boolean>>();
  for (const result of reader.runCheckResults(runId)) {
    const known = results.get(unitId(result)) ?? new Map<string, boolean>();
    results.set(unitId(result), known.set(result.check, hasPassed(result)));
  }
  return new Map(
    [...results].map(([id, checks]) => [
      id,
      [...checks].flatMap(([name, passed]) => (passed ? [] : [name])).sort(),
    ]),
  );
}
