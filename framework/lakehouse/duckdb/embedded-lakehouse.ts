import { systemClock } from "../../util/clock.ts";
import { EmbeddedCatalog, type EmbeddedCatalogOptions } from "../catalog/embedded-catalog.ts";
import type { Lakehouse } from "../lakehouse.ts";
import { DuckdbLakehouse, type DuckdbLakehouseOptions } from "./duckdb-lakehouse.ts";

/** What {@link openEmbeddedLakehouse} takes. */
export type EmbeddedLakehouseOptions = DuckdbLakehouseOptions & Omit<EmbeddedCatalogOptions, "clock">;

/** Opens the lake in a folder: Iceberg tables as plain files, pointers to them in SQLite, DuckDB in process. */
export function openEmbeddedLakehouse(options: EmbeddedLakehouseOptions): Lakehouse {
  const { dir, writeFile, clock = systemClock } = options;
  return new DuckdbLakehouse(new EmbeddedCatalog({ dir, clock, writeFile }), options);
}
