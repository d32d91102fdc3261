-- Instants are ISO 8601 text, UTC, milliseconds. `partition` is '' for an asset without partitions.

CREATE TABLE runs (
  id           TEXT PRIMARY KEY,
  target       TEXT NOT NULL,
  status       TEXT NOT NULL CHECK (status IN ('running', 'succeeded', 'failed', 'cancelled', 'interrupted')),
  trigger      TEXT NOT NULL,
  selection    TEXT NOT NULL,
  tags         TEXT NOT NULL DEFAULT '{}',
  started_at   TEXT NOT NULL,
  finished_at  TEXT,
  -- The owner: a run is dead when its process is gone or its heartbeat is old.
  host         TEXT NOT NULL,
  pid          INTEGER NOT NULL,
  heartbeat_at TEXT NOT NULL
) STRICT;
CREATE INDEX runs_by_start ON runs (target, started_at);
CREATE INDEX runs_running ON runs (status) WHERE status = 'running';

CREATE TABLE attempts (
  run_id      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  key         TEXT NOT NULL,
  partition   TEXT NOT NULL DEFAULT '',
  -- 0: the asset had an outcome without being started (fresh, skipped, cancelled).
  attempt     INTEGER NOT NULL,
  started_at  TEXT NOT NULL,
  finished_at TEXT,
  outcome     TEXT CHECK (outcome IN ('materialized', 'fresh', 'failed', 'skipped', 'cancelled')),
  failure     TEXT,
  PRIMARY KEY (run_id, key, partition, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_by_key ON attempts (key, partition, started_at);

CREATE TABLE materializations (
  id           INTEGER PRIMARY KEY,
  target       TEXT NOT NULL,
  key          TEXT NOT NULL,
  partition    TEXT NOT NULL DEFAULT '',
  run_id       TEXT NOT NULL,
  attempt      INTEGER NOT NULL,
  started_at   TEXT NOT NULL,
  finished_at  TEXT NOT NULL,
  duration_ms  INTEGER NOT NULL,
  code_version TEXT NOT NULL,
  data_version TEXT,
  snapshot_id  TEXT,
  metadata     TEXT NOT NULL
) STRICT;
CREATE INDEX materializations_by_key ON materializations (target, key, partition, id);

CREATE TABLE lineage (
  materialization_id INTEGER NOT NULL REFERENCES materializations (id) ON DELETE CASCADE,
  upstream           TEXT NOT NULL,
  upstream_partition TEXT NOT NULL DEFAULT '',
  data_version       TEXT,
  PRIMARY KEY (materialization_id, upstream, upstream_partition)
) STRICT, WITHOUT ROWID;

CREATE TABLE check_results (
  id          INTEGER PRIMARY KEY,
  target      TEXT NOT NULL,
  key         TEXT NOT NULL,
  partition   TEXT NOT NULL DEFAULT '',
  check_name  TEXT NOT NULL,
  run_id      TEXT NOT NULL,
  severity    TEXT NOT NULL CHECK (severity IN ('warn', 'error')),
  blocking    INTEGER NOT NULL,
  passed      INTEGER NOT NULL,
  at          TEXT NOT NULL,
  duration_ms INTEGER NOT NULL,
  result      TEXT NOT NULL,
  failure     TEXT
) STRICT;
CREATE INDEX check_results_by_key ON check_results (target, key, partition, check_name, id);
CREATE INDEX check_results_by_run ON check_results (run_id);

CREATE TABLE cursors (
  target     TEXT NOT NULL,
  key        TEXT NOT NULL,
  partition  TEXT NOT NULL DEFAULT '',
  value      TEXT NOT NULL,
  run_id     TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  PRIMARY KEY (target, key, partition)
) STRICT, WITHOUT ROWID;

-- Append-only.
CREATE TABLE events (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id  TEXT NOT NULL,
  key     TEXT,
  type    TEXT NOT NULL,
  at      TEXT NOT NULL,
  payload TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_run ON events (run_id, id);

CREATE TABLE leases (
  target       TEXT NOT NULL,
  key          TEXT NOT NULL,
  partition    TEXT NOT NULL DEFAULT '',
  run_id       TEXT NOT NULL,
  acquired_at  TEXT NOT NULL,
  heartbeat_at TEXT NOT NULL,
  expires_at   TEXT NOT NULL,
  PRIMARY KEY (target, key, partition)
) STRICT, WITHOUT ROWID;
