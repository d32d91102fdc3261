// What the measurements call that the package does not export; bundled by engine.mjs.
export { defineAsset } from "../../framework/definition/define-asset.ts";
export { staticPartitions } from "../../framework/definition/partitions/partitions.ts";
export { openEmbeddedLakehouse } from "../../framework/lakehouse/duckdb/embedded-lakehouse.ts";
export { materialize } from "../../framework/materializer/materialize.ts";
export { computeStatuses } from "../../framework/staleness/compute-statuses.ts";
export { LakeTables } from "../../framework/staleness/lake-tables.ts";
export { observe } from "../../framework/staleness/observe.ts";
export { openStore } from "../../framework/store/open-store.ts";
export { runRequest } from "../../test/support/run-request.ts";
