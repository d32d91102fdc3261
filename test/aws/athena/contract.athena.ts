import { type LakehouseCapabilities, lakehouseContract } from "../../lakehouse/contract.ts";
import { athenaRig } from "./rig.ts";

const capabilities: LakehouseCapabilities = {
  requiresColumns: false,
  restores: true,
  drafts: false,
  stamps: false,
  replacesInOneCommit: true,
  countsExpired: true,
  expiresOneByOne: false,
  tellsItsSnapshot: false,
  endlessSql:
    "SELECT count(*) FROM UNNEST(sequence(1, 10000)) AS a(x) CROSS JOIN UNNEST(sequence(1, 10000)) AS b(y) " +
    "CROSS JOIN UNNEST(sequence(1, 10000)) AS c(z) WHERE sin(x + y + z) > 2",
  createSql: (table) =>
    `CREATE TABLE ${table} WITH (table_type = 'iceberg', is_external = false, ` +
    `location = 's3://moraine-lake/tables/${table.replaceAll('"', "").replace(".", "/")}/') AS SELECT 1 AS n`,
  atSnapshot: (table, snapshotId) => `${table} FOR VERSION AS OF ${snapshotId}`,
};

lakehouseContract("athena", athenaRig, capabilities);
