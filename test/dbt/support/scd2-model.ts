import { canonicalJson, sha256 } from "../../../framework/util/hash.ts";
import type { DimensionRow } from "./dimension-row.ts";
import { landed, type LandedRow } from "./landed-row.ts";

type Log = readonly { readonly loadId: string; readonly row: LandedRow }[];
type Whole = ReturnType<typeof landed>;

/**
 * The dimension that a raw log means, worked out row by row from the rules in words: the independent witness against
 * which the SQL is held. Sorted by user and `valid_from`.
 */
export function expectedDimension(log: Log): readonly DimensionRow[] {
  const users = new Map<string, Whole[]>();
  for (const { row, loadId } of log) {
    const whole = clean(landed(row, loadId));
    users.set(row.id, [...(users.get(row.id) ?? []), whole]);
  }
  return [...users.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, rows]) => versionsOf(rows));
}

function versionsOf(rows: readonly Whole[]): readonly DimensionRow[] {
  // Landed last wins a tie: later rows of the total order take the earlier ones' place.
  const byStamp = new Map<string, Whole>();
  for (const row of [...rows].sort(byTotalOrder)) byStamp.set(row.system_modstamp, row);
  const versions: { opened: Whole; last: Whole }[] = [];
  for (const row of [...byStamp.values()].sort((a, b) => (a.system_modstamp < b.system_modstamp ? -1 : 1))) {
    const open = versions.at(-1);
    if (open !== undefined && sameTracked(open.last, row)) open.last = row;
    else versions.push({ opened: row, last: row });
  }
  return versions.map(({ opened, last }, index) => {
    const next = versions[index + 1]?.opened;
    return {
      scd_id: sha256(`{"user_id":"${opened.id}","valid_from":"${opened.system_modstamp}"}`),
      user_id: last.id,
      name: last.name,
      email: last.email,
      username: last.username,
      title: last.title,
      department: last.department,
      division: last.division,
      audit_phase: last.audit_phase,
      is_active: last.is_active,
      valid_from: opened.system_modstamp,
      valid_to: next?.system_modstamp ?? null,
      update_date: opened.last_modified_date,
      recorded_at: opened.extracted_at,
      is_current: next === undefined,
      is_deleted: isDeleted(last),
      delete_reason: last.op === "delete" ? last.delete_reason : last.is_active ? null : "inactive",
    };
  });
}

function sameTracked(a: Whole, b: Whole): boolean {
  return a.division === b.division && a.audit_phase === b.audit_phase && isDeleted(a) === isDeleted(b);
}

function isDeleted(row: Whole): boolean {
  return row.op === "delete" || !row.is_active;
}

/** Text without its outer spaces; an empty one is NULL. */
function clean(row: Whole): Whole {
  const trimmed = Object.entries(row).map(([name, value]) => [
    name,
    typeof value === "string" ? value.replaceAll(/^ +| +$/g, "") || null : value,
  ]);
  return Object.fromEntries(trimmed) as Whole;
}

function byTotalOrder(a: Whole, b: Whole): number {
  const order = (row: Whole) => [row.extracted_at, row.load_id, sha256(hashedText(row))];
  const [left, right] = [order(a), order(b)];
  const at = left.findIndex((value, index) => value !== right[index]);
  return at === -1 ? 0 : (left[at] ?? "") < (right[at] ?? "") ? -1 : 1;
}

/** Canonical JSON of the row with every value as text. */
function hashedText({ id, ...row }: Whole): string {
  const texts = Object.entries({ ...row, user_id: id }).map(([name, value]) => [
    name,
    value === null ? null : String(value),
  ]);
  return canonicalJson(Object.fromEntries(texts) as Record<string, string | null>);
}
