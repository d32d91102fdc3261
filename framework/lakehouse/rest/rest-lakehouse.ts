import { systemClock } from "../../util/clock.ts";
import { Attributions } from "../catalog/attributions.ts";
import { DuckdbLakehouse, type DuckdbLakehouseOptions } from "../duckdb/duckdb-lakehouse.ts";
import type { Lakehouse } from "../lakehouse.ts";
import { RestLake, type RestLakeOptions } from "./rest-lake.ts";

/** What {@link openRestLakehouse} takes. */
export type RestLakehouseOptions = Omit<DuckdbLakehouseOptions, "orphanAgeMs"> &
  Omit<RestLakeOptions, "clock" | "random" | "attributions">;

/**
 * Opens the tables of an Iceberg REST catalog, DuckDB in process. DuckDB and dbt see the catalog through a server of
 * ours on loopback, which renews tokens, hands out what opens the files, and stamps what is committed.
 */
export function openRestLakehouse(options: RestLakehouseOptions): Lakehouse {
  const { clock = systemClock, random = Math.random } = options;
  const lake = new RestLake({ ...options, clock, random, attributions: new Attributions() });
  return new DuckdbLakehouse(lake, options);
}
