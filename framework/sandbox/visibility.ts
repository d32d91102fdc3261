import type { SandboxDatabase } from "./database.ts";
import type { Sql } from "./soql/where.ts";

/** What the faults in force take away from one reading user. */
export interface Visibility {
  /** Lower-case names of fields that field-level security hides. */
  readonly hiddenFields: ReadonlySet<string>;
  /** Share of the users, 0 to 1, that sharing rules keep back. */
  readonly hiddenShare: number;
  /** Rows stamped in the last so many seconds before the newest stamp are not visible yet; 0 hides none. */
  readonly lateSeconds: number;
  /** Another org answers. */
  readonly isOrganizationChanged: boolean;
}

/** Nothing is hidden. */
export const fullVisibility: Visibility = {
  hiddenFields: new Set(),
  hiddenShare: 0,
  lateSeconds: 0,
  isOrganizationChanged: false,
};

/** The condition that visible users meet. The same share hides the same users every time. */
export function visibleUsers(db: SandboxDatabase, visibility: Visibility): Sql {
  const conditions: string[] = ["TRUE"];
  const values: number[] = [];
  if (visibility.hiddenShare > 0) {
    conditions.push("(number * 7919) % 1000 >= ?");
    values.push(Math.round(visibility.hiddenShare * 1000));
  }
  const newest =
    visibility.lateSeconds > 0
      ? (db.prepare(`SELECT max(SystemModstamp) FROM "User"`).pluck().get() as number | null)
      : null;
  if (newest !== null) {
    conditions.push("SystemModstamp <= ?");
    values.push(newest - visibility.lateSeconds);
  }
  return { text: conditions.join(" AND "), values };
}
