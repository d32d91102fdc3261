/** A row of the raw log; what is left out has a plain value. */
export interface LandedRow {
  readonly id: string;
  /** `YYYY-MM-DD HH:MM:SS.ffffff`, UTC. */
  readonly system_modstamp: string;
  /** @default `system_modstamp` */
  readonly last_modified_date?: string;
  /** @default one fixed instant */
  readonly extracted_at?: string;
  readonly division?: string | null;
  readonly audit_phase?: string | null;
  readonly is_active?: boolean;
  readonly name?: string | null;
  readonly title?: string | null;
  /** @default "upsert" */
  readonly op?: "upsert" | "delete";
  readonly delete_reason?: string | null;
}

/** When rows are extracted that do not say. */
export const extractedAt = "2026-06-01 00:00:00.000000";

/** The whole row, as dbtHub lands it. */
export function landed(row: LandedRow, loadId: string) {
  return {
    username: `${row.id}@example.com`,
    name: "Ada Ny",
    first_name: "Ada",
    last_name: "Ny",
    email: `${row.id}@mail.example.com`,
    title: "Auditor",
    department: "Audit",
    division: "Finance",
    audit_phase: "Planning",
    is_active: true,
    user_role_id: "role",
    profile_id: "profile",
    manager_id: null,
    employee_number: "7",
    created_date: "2020-01-01 00:00:00.000000",
    last_modified_date: row.system_modstamp,
    extracted_at: extractedAt,
    load_id: loadId,
    op: "upsert",
    delete_reason: null,
    ...row,
  };
}

/** Midnight of a day of January 2026 (`day(3)`), as tables show it. */
export function day(number: number): string {
  return `2026-01-${String(number).padStart(2, "0")} 00:00:00.000000`;
}

/** A tombstone: the user was absent when a sweep at `stamp` confirmed it. Give it the last known values. */
export function absent(row: LandedRow): LandedRow {
  return { ...row, op: "delete", delete_reason: "absent" };
}
