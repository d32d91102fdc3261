import type { Session } from "./plan.ts";
import { QueryError, quoted } from "./sql-reader.ts";

/** Database and table of a name that may leave out the database or say the catalog. */
export function qualified(name: readonly string[], session: Session): { database: string; table: string } {
  const [table = "", database = session.database] = name.toReversed();
  if (database === undefined)
    throw new QueryError("MISSING_SCHEMA_NAME", "Schema must be specified when session schema is not set");
  return { database, table };
}

/** Trino's spelling of a table's name. */
export function tableName(name: readonly string[], session: Session): string {
  const { database, table } = qualified(name, session);
  return `${quoted(database)}.${quoted(table)}`;
}
