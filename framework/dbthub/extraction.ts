import type { MaterializeContext } from "../definition/context.ts";
import type { TableDefinition } from "../definition/table.ts";
import type { ReadMethod } from "../salesforce/read-range.ts";
import type { SourceRecord } from "../salesforce/rest-query.ts";
import type { SalesforceOrg } from "../salesforce/salesforce-org.ts";
import { lakeTime } from "./lake-time.ts";
import type { KnownUser } from "./latest-rows.ts";
import type { LoadPackage, Opening } from "./load-package.ts";
import { NdjsonWriter } from "./ndjson.ts";
import type { Spec } from "./spec.ts";
import type { Window } from "./window.ts";

/** What an extraction works with. */
export interface ExtractionOptions {
  readonly context: MaterializeContext;
  readonly spec: Spec;
  readonly table: TableDefinition;
  readonly org: SalesforceOrg;
  readonly load: LoadPackage;
  /** For {@link LoadPackage.open}: a load that reads nothing leaves no package. */
  readonly opening: Opening;
  /** What the lake knows. Asked for only when something is to be held against it, since it takes the engine to answer. */
  readonly known: () => Promise<ReadonlyMap<string, KnownUser>>;
  /** Ids that live in the `__rejected` table and therefore are not strays. */
  readonly rejectedIds: () => Promise<ReadonlySet<string>>;
  /** Users visible the last time; chooses how the sweep reads. */
  readonly expectedUsers: number;
  /** Whether a sweep, by its digest, shows what the last load has settled. */
  readonly isSettled: (sweep: string) => boolean;
  readonly window: Window;
  readonly boundary: Date;
}

/** The reading side of one load: what was seen so far, and the files it went to. */
export class Extraction {
  readonly options: ExtractionOptions;
  readonly files: string[] = [];
  /** Newest cursor value read of each id in this run, lake time. */
  readonly read = new Map<string, string>();
  /** Known active users whose newest row read is inactive. */
  readonly retired = new Set<string>();
  #announced = false;
  #progressed = 0;

  constructor(options: ExtractionOptions) {
    this.options = options;
  }

  get fields(): readonly string[] {
    return Object.keys(this.options.spec.fields);
  }

  get method(): ReadMethod {
    return this.options.spec.connection.read_method;
  }

  /** The object and cursor of every range of this extraction. */
  range(lo: Date | undefined, hi: Date | undefined) {
    const { spec } = this.options;
    return { object: spec.object, fields: this.fields, cursorField: spec.cursor.field, lo, hi };
  }

  /** Reads pages into a new file of the package; returns the ids in it. `name` overwrites an earlier try. */
  async keep(
    name: string,
    pages: AsyncIterable<readonly SourceRecord[]> | Iterable<readonly SourceRecord[]>,
    total: number | undefined,
  ): Promise<ReadonlySet<string>> {
    const { context, load } = this.options;
    const file = `extract/${name}.ndjson`;
    const ids = new Set<string>();
    this.#progressed = 0;
    let writer: NdjsonWriter | undefined;
    // An earlier try must not stay in place of a later one that finds nothing.
    if (this.files.includes(file)) writer = new NdjsonWriter(load.path(file));
    try {
      for await (const page of pages) {
        context.signal.throwIfAborted();
        if (page.length === 0) continue;
        writer ??= await this.#begin(file);
        await writer.write(page);
        const known = await this.options.known();
        for (const record of page) ids.add(this.#note(record, known));
        this.#progressed += page.length;
        context.progress({
          message: "extracting",
          done: this.#progressed,
          unit: "rows",
          ...(total === undefined ? {} : { total: Math.max(total, this.#progressed) }),
        });
      }
    } finally {
      await writer?.close();
    }
    return ids;
  }

  async #begin(file: string): Promise<NdjsonWriter> {
    const { load, opening } = this.options;
    await load.open(opening);
    this.files.push(file);
    return new NdjsonWriter(load.path(file));
  }

  /** Says once that this run changes the table: as soon as one row is certain to be new. */
  announce(): void {
    if (this.#announced) return;
    this.#announced = true;
    this.options.context.announceChange();
  }

  #note(record: SourceRecord, known: ReadonlyMap<string, KnownUser>): string {
    const { spec } = this.options;
    const id = String(record["Id"]);
    const stamp = lakeTime(new Date(String(record[spec.cursor.field])));
    const before = known.get(id);
    if (before === undefined || stamp > before.stamp) this.announce();
    const newest = this.read.get(id);
    if (newest === undefined || stamp >= newest) {
      this.read.set(id, stamp);
      const active = record[spec.deletes.active_field];
      // Bulk gives text.
      const isInactive = active === false || active === "false";
      if (before?.isActive === true && isInactive) this.retired.add(id);
      else this.retired.delete(id);
    }
    return id;
  }
}
