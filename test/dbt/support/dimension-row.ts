/** A row of the dimension, as tables give it: stamps as text, UTC. */
export interface DimensionRow {
  readonly scd_id: string;
  readonly user_id: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly username: string | null;
  readonly title: string | null;
  readonly department: string | null;
  readonly division: string | null;
  readonly audit_phase: string | null;
  readonly is_active: boolean;
  readonly valid_from: string;
  readonly valid_to: string | null;
  readonly update_date: string;
  readonly recorded_at: string;
  readonly is_current: boolean;
  readonly is_deleted: boolean;
  readonly delete_reason: string | null;
}

/** A dimension as `user | division | audit phase | from..to | state | name`; midnights of January 2026 as days. */
export function lines(rows: readonly DimensionRow[]): readonly string[] {
  return rows.map((row) => {
    const days = `${dayOf(row.valid_from)}..${row.valid_to === null ? "" : dayOf(row.valid_to)}`;
    const state = `${row.is_current ? "current" : ""}${row.is_deleted ? ` ${row.delete_reason}` : ""}`.trim();
    return `${row.user_id} | ${row.division} | ${row.audit_phase} | ${days} | ${state} | ${row.name}`;
  });
}

function dayOf(stamp: string): string {
  return stamp.replace(/^2026-01-/, "").replace(" 00:00:00.000000", "");
}
