export { dbtProject, type DbtProjectOptions } from "./dbt/dbt-project.ts";
export { dbthub, type DbthubOptions } from "./dbthub/dbthub.ts";
export type {
  AlertChannel,
  AlertRule,
  AlertsConfig,
  AlertSeverity,
  Heartbeat,
  QuietHours,
  SecretValue,
} from "./definition/alerts.ts";
export { assetKey, type AssetKey } from "./definition/asset-key.ts";
export type { Asset, AssetOptions, Deps, InputsOf, Refresh, RetryPolicy } from "./definition/asset.ts";
export { assetRef, type AssetRef, type AssetRow, type RefKey } from "./definition/asset-ref.ts";
// Whole, because only so can the file that `moraine types` writes add to it.
export * from "./definition/asset-rows.ts";
export type { AssetSource, Definitions, LoadContext } from "./definition/asset-source.ts";
export type { ColumnType, ColumnValue } from "./definition/column-type.ts";
export {
  all,
  any,
  type Condition,
  eager,
  not,
  onCron,
  onMissing,
  whenOverdue,
  whenStale,
  whenUpstreamChanged,
} from "./definition/automation.ts";
export { defineCheck, type Check, type CheckOptions } from "./definition/check.ts";
export {
  defineConfig,
  type AssetEntry,
  type Config,
  type DaemonConfig,
  type LakehouseConfig,
  type ResourceFactory,
  type ScheduleEntry,
  type SecretsConfig,
  type Target,
} from "./definition/config.ts";
export type {
  CheckContext,
  Input,
  LastMaterialization,
  MaterializeContext,
  MaterializeResult,
  Progress,
  Resources,
  WorkContext,
} from "./definition/context.ts";
export { defineAsset } from "./definition/define-asset.ts";
export { defineSource, type SourceOptions } from "./definition/define-source.ts";
export type { Observation, ObserveContext } from "./definition/observation.ts";
export type { Deadline, FreshnessPolicy } from "./definition/freshness.ts";
export type {
  FileTransport,
  HttpTransport,
  OpenLineageConfig,
  OpenLineageTransport,
} from "./definition/open-lineage.ts";
export {
  allPartitions,
  customPartitions,
  dep,
  type Dependency,
  type PartitionMapping,
  partitionWindow,
  samePartition,
} from "./definition/partitions/partition-mapping.ts";
export type { Partition, Window } from "./definition/partitions/partition-set.ts";
export {
  dailyPartitions,
  hourlyPartitions,
  monthlyPartitions,
  multiPartitions,
  type Partitions,
  staticPartitions,
  type TimePartitionsOptions,
} from "./definition/partitions/partitions.ts";
export { DefinitionError, type DefinitionProblem } from "./definition/problem.ts";
export { rowsCheck, type RowsCheckOptions } from "./definition/rows-check.ts";
export type { HasRows, RowOf, RowSchema } from "./definition/row-type.ts";
export {
  defineSchedule,
  type CatchUp,
  type Overlap,
  type Schedule,
  type ScheduleOptions,
  type Tick,
} from "./definition/schedule.ts";
export {
  defineSensor,
  type Sensor,
  type SensorContext,
  type SensorOptions,
  type SensorResult,
  type SensorRun,
} from "./definition/sensor.ts";
export {
  defineTable,
  type Column,
  type TableColumns,
  type TableDefinition,
  type TableOptions,
} from "./definition/table.ts";
export { fail, FailureError, type Failure, type FailureReason } from "./event/failure.ts";
export type { CheckOutcome, Metadata, MetadataValue, Outcome, RunEvent, Severity } from "./event/event.ts";
export type { Lakehouse, QueryResult, Row, TableLayout, Value } from "./lakehouse/lakehouse.ts";
export type { Secret, SecretProvider } from "./secrets/secret-provider.ts";
export { defineUpkeep, type UpkeepOptions } from "./upkeep/define-upkeep.ts";
export type { ExpireThresholds, OptimizeThresholds } from "./upkeep/thresholds.ts";
