/** One metric: what it is called, what it means, and by which labels its series are told apart. */
export interface MetricFamily {
  /** As Prometheus' conventions want it: base units, `_total` for what only rises. */
  readonly name: string;
  readonly type: "gauge" | "counter" | "histogram" | "summary";
  readonly help: string;
  readonly labels: readonly string[];
}

const family =
  (type: MetricFamily["type"]) =>
  (name: string, help: string, ...labels: readonly string[]): MetricFamily => ({
    name: `moraine_${name}`,
    type,
    help,
    labels,
  });
const gauge = family("gauge");
const counter = family("counter");
const histogram = family("histogram");
const summary = family("summary");

/**
 * Every metric there is. Labels are bounded: assets, checks and schedules of the project, and words of ours; never a
 * partition, a run or a message. docs/monitoring.md lists them, and a test compares.
 */
export const families = {
  build: gauge("build_info", "Always 1; which moraine says this.", "version"),
  projectReadable: gauge("project_readable", "Whether the project's definitions can be read: 1 or 0."),

  runs: counter("runs_total", "Runs that have ended.", "status", "trigger"),
  runsRunning: gauge(
    "runs_running",
    "Runs that are being worked on, or whose process died and nobody has noticed.",
  ),
  runsDead: gauge(
    "runs_dead",
    "Of these, those whose process is gone; the next run marks them as interrupted.",
  ),
  runningSince: gauge("run_running_since_timestamp_seconds", "When the oldest of the running runs started."),
  runDuration: histogram("run_duration_seconds", "How long runs took that have ended.", "status"),
  runFinished: gauge(
    "run_last_finished_timestamp_seconds",
    "When the last run with this status ended.",
    "status",
  ),
  runLastDuration: gauge(
    "run_last_duration_seconds",
    "How long the last run with this status took.",
    "status",
  ),

  assets: gauge("assets", "Assets that the project defines.", "kind"),
  assetInfo: gauge(
    "asset_info",
    "Always 1; what an asset is, to join with. Several owners are joined by commas.",
    "asset",
    "kind",
    "group",
    "owner",
  ),
  outcomes: counter(
    "asset_outcomes_total",
    "How an asset ended in a run; its partitions count each.",
    "asset",
    "outcome",
  ),
  retries: counter("asset_retries_total", "Attempts that followed a failed one in the same run.", "asset"),
  lastOutcome: gauge(
    "asset_last_outcome",
    "Always 1; how the asset's last attempt ended.",
    "asset",
    "outcome",
  ),
  lastAttempt: gauge(
    "asset_last_attempt_timestamp_seconds",
    "When the asset's last attempt started.",
    "asset",
  ),
  lastSuccess: gauge(
    "asset_last_success_timestamp_seconds",
    "When the last attempt started that materialized the asset or found it fresh.",
    "asset",
  ),
  lastMaterialization: gauge(
    "asset_last_materialization_timestamp_seconds",
    "When the asset's last materialization ended.",
    "asset",
  ),
  duration: summary("asset_materialization_duration_seconds", "How long materializations took.", "asset"),
  lastDuration: gauge(
    "asset_last_duration_seconds",
    "How long the asset's last materialization took.",
    "asset",
  ),
  rows: gauge("asset_rows", "Rows of the table after its last materialization.", "asset"),
  rowsChanged: gauge(
    "asset_rows_changed",
    "Rows that the last materialization changed: inserted, updated, deleted; written where it says no more.",
    "asset",
    "change",
  ),
  bytesScanned: gauge(
    "asset_bytes_scanned",
    "Bytes that Athena scanned for the last materialization.",
    "asset",
  ),
  cost: gauge("asset_query_cost_dollars", "What these cost by the list price, US dollars.", "asset"),
  overdue: gauge(
    "asset_freshness_overdue_seconds",
    "How long ago the asset's freshness deadline passed; 0 when on time, +Inf when it was never known good.",
    "asset",
  ),
  deadline: gauge(
    "asset_freshness_deadline_timestamp_seconds",
    "From when on the asset is overdue, unless it is known good again before.",
    "asset",
  ),

  checkPassed: gauge(
    "check_passed",
    "Whether the check's last result passed: 1 or 0.",
    "asset",
    "check",
    "severity",
  ),
  checkResults: counter("check_results_total", "Results of a check.", "asset", "check", "result"),
  checkLast: gauge(
    "check_last_result_timestamp_seconds",
    "When the check gave its last result.",
    "asset",
    "check",
  ),
  checkDuration: gauge("check_last_duration_seconds", "How long its last run took.", "asset", "check"),

  ingestionRows: gauge(
    "ingestion_rows",
    "Rows of the last load: read, landed, updated, rejected, ties, tombstones, returned, strays, open_tail.",
    "asset",
    "rows",
  ),
  ingestionCalls: gauge("ingestion_api_calls", "Requests to the source that the last load sent.", "asset"),
  quotaUsed: gauge(
    "ingestion_api_quota_used",
    "API calls that the source counted in 24 hours at the last load.",
    "asset",
  ),
  quotaLimit: gauge("ingestion_api_quota_limit", "API calls that the source allows in 24 hours.", "asset"),
  visible: gauge("ingestion_visible_records", "Records that the source showed at the last load.", "asset"),
  watermark: gauge(
    "ingestion_watermark_timestamp_seconds",
    "Up to when the source has been read and proven; now minus this is the lag.",
    "asset",
  ),
  lateness: gauge(
    "ingestion_lateness_seconds",
    "How old the oldest record was that only the sweep of the last load found and no window had given; 0 without one.",
    "asset",
  ),

  scdVersions: gauge(
    "scd_versions",
    "Versions that the last materialization of an SCD2 table opened, closed, or opened as retired.",
    "asset",
    "change",
  ),

  daemons: gauge(
    "daemons",
    "Daemons by state: ok, draining, or silent for a minute and at most an hour; absent when none has ever worked.",
    "state",
  ),
  daemonHeartbeat: gauge(
    "daemon_heartbeat_timestamp_seconds",
    "When any daemon said last that it works; they do every ten seconds.",
  ),
  daemonDefinitions: gauge(
    "daemon_definitions_current",
    "Whether every daemon that works has the newest definitions: 1, or 0 when it refused them and goes on by the last good ones.",
  ),
  scheduleEnabled: gauge(
    "schedule_enabled",
    "Whether the schedule or sensor is on: 1 or 0.",
    "schedule",
    "kind",
  ),
  scheduleTicks: counter("schedule_ticks_total", "Ticks that have ended.", "schedule", "status"),
  scheduleOpen: gauge("schedule_ticks_open", "Ticks that are queued or started.", "schedule", "status"),
  scheduleLast: gauge(
    "schedule_last_tick_timestamp_seconds",
    "The instant of the newest tick with this status.",
    "schedule",
    "status",
  ),
  scheduleNext: gauge(
    "schedule_next_tick_timestamp_seconds",
    "When the schedule or sensor comes due next.",
    "schedule",
  ),
  scheduleLate: gauge(
    "schedule_late_seconds",
    "How long ago the oldest tick fell due that nobody has decided, or that has no process though it may begin; 0 without one.",
    "schedule",
  ),
  sensorFailures: gauge(
    "sensor_failed_polls",
    "Polls of the sensor that failed since the last good one.",
    "schedule",
  ),

  storeBytes: gauge("store_size_bytes", "Size of the store's file."),
  walBytes: gauge("store_wal_size_bytes", "Size of the store's write-ahead log."),
} as const satisfies Readonly<Record<string, MetricFamily>>;
