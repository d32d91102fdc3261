import { qualified, tableName } from "./names.ts";
import type { Plan, Session, Step } from "./plan.ts";
import { quoted, type SqlReader } from "./sql-reader.ts";

/** OPTIMIZE: fewer, larger files, and the rows that delete files name taken out. */
export function translateOptimize(reader: SqlReader, session: Session): Plan {
  reader.need("optimize");
  const table = tableName(reader.name(), session);
  reader.need("rewrite", "data", "using", "bin_pack");
  const filter = reader.take("where") ? ` WHERE ${reader.rest()}` : "";
  reader.end();
  const statement = `ALTER TABLE ${table} EXECUTE optimize${filter}`;
  return { type: "DML", subtype: "OPTIMIZE", result: "none", steps: [statement] };
}

/** What Athena keeps without a property of the table: five days. */
const defaultSnapshotAgeSeconds = "432000";

/** VACUUM: snapshots past the table's age, and files that no snapshot names. */
export function translateVacuum(reader: SqlReader, session: Session): Plan {
  reader.need("vacuum");
  const { database, table } = qualified(reader.name(), session);
  reader.end();
  const named = `${quoted(database)}.${quoted(table)}`;
  const properties = `${quoted(database)}.${quoted(`${table}$properties`)}`;
  const age = `SELECT value FROM ${properties} WHERE key = 'vacuum_max_snapshot_age_seconds'`;
  const step =
    (procedure: string): Step =>
    async ({ values }) => {
      const [seconds = defaultSnapshotAgeSeconds] = await values(age);
      return `ALTER TABLE ${named} EXECUTE ${procedure}(retention_threshold => '${seconds}s')`;
    };
  const steps = [step("expire_snapshots"), step("remove_orphan_files")];
  return { type: "DML", subtype: "VACUUM", result: "none", steps };
}
