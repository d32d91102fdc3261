import { createHash } from "node:crypto";
import { collectRows, type Row } from "../lakehouse/lakehouse.ts";
import type { Extraction } from "./extraction.ts";
import { lakeTime } from "./lake-time.ts";
import { latestRowsSql, quoted } from "./latest-rows.ts";
import { recordMapper } from "./map-record.ts";
import { columnOf, type Spec } from "./spec.ts";
import type { SourceRecord } from "../salesforce/rest-query.ts";
import { textOf } from "./text-of.ts";

const idsPerQuery = 500;

/** What sweeping found. */
export interface SweepResult {
  readonly visible: number;
  /** Sweep queries made: the second only when the first missed somebody. */
  readonly sweeps: number;
  /** Ids whose absence two sweeps agree on. */
  readonly absent: ReadonlySet<string>;
  /** The source's time at the sweep that decided. */
  readonly at: Date;
  /** Visible ids that no window gave and that the lake does not know, or not with the stamp that they have now. */
  readonly strays: readonly string[];
  /** Visible ids that the lake holds as absent and that no window gave anew. */
  readonly returned: readonly string[];
  /** Nothing was read, and the sweep showed what the last load had settled: nothing was held against the lake. */
  readonly isSettled: boolean;
  /**
   * Of ids and cursor values. Undefined without a sweep, and when the source changed while we read it: two sweeps
   * differ, or the sweep and what had been read before.
   */
  readonly digest: string | undefined;
}

/**
 * Looks at every id that the source shows. A known user who is missing is looked for in a second sweep right away: one
 * `materialize` after a deletion is enough, and a page lost once can't retire anybody. The sweep brings each user's cursor value along, so it also
 * finds what no window can give: users shared with us only now, users who are back, rows that became visible late or were
 * stamped back.
 */
export async function sweep(extraction: Extraction): Promise<SweepResult> {
  const { spec, org, context, expectedUsers } = extraction.options;
  // A table that is replaced whole loses absent users by itself.
  const isNeedless = spec.deletes.deleted_when === "inactive" || spec.write_disposition === "replace";
  if (isNeedless || spec.deletes.sweep === "never") {
    const visible = await org.count(extraction.range(undefined, undefined));
    return { ...nothingFound, visible, sweeps: 0, at: org.serverTime(), isSettled: false, digest: undefined };
  }
  context.progress({ message: "sweeping ids" });
  const how = { method: extraction.method, expectedRows: Math.max(expectedUsers, extraction.read.size) };
  const first = await org.sweep(spec.object, spec.cursor.field, how);
  let digest: string | undefined = digestOf(first);
  if (extraction.read.size === 0 && extraction.options.isSettled(digest)) {
    const visible = first.size;
    return { ...nothingFound, visible, sweeps: 1, at: org.serverTime(), isSettled: true, digest };
  }
  const known = await extraction.options.known();
  const rejectedIds = await extraction.options.rejectedIds();
  const missing = [...known]
    .filter(([id, user]) => !user.isAbsent && !first.has(id) && !extraction.read.has(id))
    .map(([id]) => id);
  let at = org.serverTime();
  let absent: ReadonlySet<string> = new Set();
  if (missing.length > 0) {
    const second = await org.sweep(spec.object, spec.cursor.field, how);
    at = org.serverTime();
    absent = new Set(missing.filter((id) => !second.has(id)));
    if (digestOf(second) !== digest) digest = undefined;
  }
  const stampOf = (text: string) => (text === "" ? "" : lakeTime(new Date(text)));
  for (const [id, stamp] of extraction.read) if (stampOf(first.get(id) ?? "") !== stamp) digest = undefined;
  const strays: string[] = [];
  const returned: string[] = [];
  const doubtful = new Map<string, string>();
  for (const [id, text] of first) {
    const user = known.get(id);
    const read = extraction.read.get(id);
    const stamp = stampOf(text);
    if (user === undefined) {
      if (read === undefined && !rejectedIds.has(id)) strays.push(id);
    } else if (user.isAbsent && (read === undefined || read < user.stamp)) returned.push(id);
    else if (stamp !== user.stamp && stamp !== read) doubtful.set(id, stamp);
  }
  strays.push(...(await unseen(extraction, doubtful)));
  const sweeps = missing.length > 0 ? 2 : 1;
  return { visible: first.size, sweeps, absent, at, strays, returned, isSettled: false, digest };
}

const nothingFound = { absent: new Set<string>(), strays: [], returned: [] } as const;

/** Stands for a sweep; lines, so that no two sweeps have one text. */
function digestOf(found: ReadonlyMap<string, string>): string {
  const hash = createHash("sha256");
  let lines = "";
  for (const [id, stamp] of found) {
    lines += `${id} ${stamp}\n`;
    if (lines.length < 1_000_000) continue;
    hash.update(lines);
    lines = "";
  }
  return hash.update(lines).digest("hex");
}

/** Those of the users whose stamp is not the newest that we know, and who never landed with it either. */
async function unseen(
  { options: { context, spec, table } }: Extraction,
  stamps: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const missing = new Map(stamps);
  if (missing.size === 0) return [];
  const { lakehouse, signal } = context;
  const [id, cursor] = [columnOf(spec, "Id"), columnOf(spec, spec.cursor.field)];
  const ids = [...stamps.keys()];
  for (let from = 0; from < ids.length; from += idsPerQuery) {
    const parameters = ids.slice(from, from + idsPerQuery);
    const places = parameters.map(() => "?").join(", ");
    const sql = `SELECT ${quoted(id)} AS id, ${quoted(cursor)} AS stamp FROM ${lakehouse.tableName(table.key)} WHERE ${quoted(id)} IN (${places})`;
    for await (const row of (await lakehouse.query(sql, { parameters, signal })).rows) {
      const landed = textOf(row["id"]);
      if (missing.get(landed) === textOf(row["stamp"])) missing.delete(landed);
    }
  }
  return [...missing.keys()];
}

/** Tombstones: the last known row of each absent user, stamped with the sweep that confirmed it. */
export async function tombstones(extraction: Extraction, found: SweepResult): Promise<readonly Row[]> {
  if (found.absent.size === 0) return [];
  const { context, spec, table } = extraction.options;
  const id = columnOf(spec, "Id");
  const columns = Object.keys(table.columns);
  const sql = latestRowsSql(spec, context.lakehouse.tableName(table.key), columns);
  const rows: Row[] = [];
  for await (const row of (await context.lakehouse.query(sql, { signal: context.signal })).rows) {
    if (!found.absent.has(textOf(row[id]))) continue;
    rows.push({ ...restamped(spec, row, found.at), op: "delete", delete_reason: "absent" });
  }
  return rows;
}

/** Rows of users who are back: as read, but never ordered before the tombstone that they undo. */
export async function returnRows(
  extraction: Extraction,
  found: SweepResult,
  records: readonly SourceRecord[],
): Promise<readonly Row[]> {
  if (records.length === 0) return [];
  const { spec } = extraction.options;
  const known = await extraction.options.known();
  const mapRecord = recordMapper(spec);
  const cursor = columnOf(spec, spec.cursor.field);
  return records.map((record) => {
    const row: Row = { ...mapRecord(record), op: "upsert", delete_reason: null };
    const tombstone = known.get(String(record["Id"]))?.stamp ?? "";
    if (textOf(row[cursor]) >= tombstone) return row;
    return restamped(spec, { ...row, [cursor]: tombstone }, found.at);
  });
}

/** The row as of an instant; never before the stamp that it has, whatever the source's clock says. */
function restamped(spec: Spec, row: Row, at: Date): Row {
  const cursor = columnOf(spec, spec.cursor.field);
  const before = textOf(row[cursor]);
  const stamp = lakeTime(at) > before ? lakeTime(at) : before;
  const modified = spec.fields["LastModifiedDate"]?.column;
  return { ...row, [cursor]: stamp, ...(modified === undefined ? {} : { [modified]: stamp }) };
}

/** Ids in the `__rejected` table. */
export async function readRejectedIds(
  extraction: Pick<Extraction["options"], "context" | "spec">,
  table: string,
): Promise<ReadonlySet<string>> {
  const id = columnOf(extraction.spec, "Id");
  const { lakehouse, signal } = extraction.context;
  const rows = await collectRows(
    await lakehouse.query(`SELECT DISTINCT "${id}" AS id FROM ${table}`, { signal }),
  );
  return new Set(rows.map((row) => textOf(row["id"])));
}
