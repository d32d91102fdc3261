import { extraProperties, refuseUnknownProperties } from "./iceberg-properties.ts";
import { tableName } from "./names.ts";
import type { Plan, Session } from "./plan.ts";
import { quoted, type SqlReader } from "./sql-reader.ts";
import { icebergType } from "./types.ts";

/** ALTER TABLE as far as Athena has it for Iceberg tables. */
export function translateAlter(reader: SqlReader, session: Session): Plan {
  reader.need("alter", "table");
  const table = tableName(reader.name(), session);
  const ddl = (subtype: string, changes: readonly string[]): Plan => {
    reader.end();
    const steps = changes.map((change) => `ALTER TABLE ${table} ${change}`);
    return { type: "DDL", subtype, result: "none", steps };
  };
  if (reader.take("rename", "to"))
    return ddl("ALTER_TABLE_RENAME", [`RENAME TO ${tableName(reader.name(), session)}`]);
  if (reader.take("add", "columns")) return ddl("ALTER_TABLE_ADD_COLUMNS", reader.list().map(addColumn));
  if (reader.take("drop", "column"))
    return ddl("ALTER_TABLE_DROP_COLUMN", [`DROP COLUMN ${quoted(reader.identifier())}`]);
  if (reader.take("change", "column") || reader.take("change"))
    return ddl("ALTER_TABLE_CHANGE_COLUMN", changeColumn(reader));
  if (reader.take("set", "tblproperties")) {
    const properties = reader.properties();
    refuseUnknownProperties(properties.keys());
    return ddl("ALTER_TABLE_PROPERTIES", [`SET PROPERTIES ${extraProperties(properties)}`]);
  }
  return reader.refuse("'ADD', 'CHANGE', 'DROP', 'RENAME', 'SET'");
}

function addColumn(column: SqlReader): string {
  const change = `ADD COLUMN ${quoted(column.identifier())} ${icebergType(column)}`;
  return column.take("comment") ? `${change} COMMENT ${column.next().text}` : change;
}

/** Athena names the column twice and always says the type; Trino does one at a time. */
function changeColumn(reader: SqlReader): readonly string[] {
  const [from, to] = [reader.identifier(), reader.identifier()];
  const type = `ALTER COLUMN ${quoted(from)} SET DATA TYPE ${icebergType(reader)}`;
  return from === to ? [type] : [type, `RENAME COLUMN ${quoted(from)} TO ${quoted(to)}`];
}
