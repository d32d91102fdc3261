import { type Unit, type UnitId, unitId } from "../../definition/unit.ts";
import type {
  AttemptRecord,
  CheckResultRecord,
  MaterializationRecord,
  RunRecord,
  StoreReader,
} from "../../store/store.ts";
import { groupBy } from "../../util/group-by.ts";

/** What the store knows of one run, each part read when it is first asked for, and once. */
export class RunRecords {
  readonly #reader: StoreReader;
  readonly run: RunRecord;
  #attempts: readonly AttemptRecord[] | undefined;
  #materializations: ReadonlyMap<UnitId, MaterializationRecord> | undefined;
  #checks: ReadonlyMap<UnitId, readonly CheckResultRecord[]> | undefined;

  constructor(reader: StoreReader, run: RunRecord) {
    this.#reader = reader;
    this.run = run;
  }

  /** Those that started. */
  get attempts(): readonly AttemptRecord[] {
    this.#attempts ??= this.#reader.attempts(this.run.id).filter(({ attempt }) => attempt > 0);
    return this.#attempts;
  }

  /** What the run wrote of a unit; undefined when it wrote nothing, or the record has been pruned. */
  materialization(unit: Unit): MaterializationRecord | undefined {
    this.#materializations ??= new Map(
      this.#reader.runMaterializations(this.run.id).map((record) => [unitId(record), record]),
    );
    return this.#materializations.get(unitId(unit));
  }

  /** What the run's checks found, by unit. */
  get checks(): ReadonlyMap<UnitId, readonly CheckResultRecord[]> {
    this.#checks ??= groupBy(this.#reader.runCheckResults(this.run.id), unitId);
    return this.#checks;
  }

  /** What was found of a unit during one of its attempts. */
  checksDuring({ startedAt, finishedAt, ...unit }: AttemptRecord): readonly CheckResultRecord[] {
    const found = this.checks.get(unitId(unit)) ?? [];
    return found.filter(({ at }) => at >= startedAt && (finishedAt === undefined || at <= finishedAt));
  }
}
