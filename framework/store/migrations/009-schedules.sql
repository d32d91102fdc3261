-- What is remembered of each schedule and sensor.
CREATE TABLE schedules (
  target    TEXT NOT NULL,
  name      TEXT NOT NULL,
  kind      TEXT NOT NULL CHECK (kind IN ('schedule', 'sensor')),
  -- The expression by which ticks are counted. With another one they count from when it was first seen.
  rule      TEXT NOT NULL,
  -- Up to where ticks have been decided, by the clock as it was then.
  seen_at   TEXT NOT NULL,
  -- What a person said, over the definition; null: nothing.
  switched  INTEGER CHECK (switched IN (0, 1)),
  -- JSON: where a sensor stopped.
  cursor    TEXT,
  -- What the last poll of a sensor said, when it asked for no run.
  note      TEXT,
  -- Polls that failed since the last good one.
  failures  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (target, name)
) STRICT, WITHOUT ROWID;

-- Every tick that was decided, once. Rows are only added, and their status goes forward.
CREATE TABLE ticks (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  target      TEXT NOT NULL,
  schedule    TEXT NOT NULL,
  kind        TEXT NOT NULL CHECK (kind IN ('schedule', 'sensor')),
  tick        TEXT NOT NULL,
  -- From 0: a sensor's poll may ask for several runs.
  number      INTEGER NOT NULL,
  status      TEXT NOT NULL CHECK (status IN ('queued', 'started', 'succeeded', 'failed', 'skipped')),
  reason      TEXT,
  message     TEXT,
  -- How many ticks the row stands for, itself the last: more than 1 only where they were missed.
  count       INTEGER NOT NULL,
  decided_at  TEXT NOT NULL,
  -- While queued: when it begins at the earliest.
  not_before  TEXT NOT NULL,
  -- JSON: what its run is, and may take.
  request     TEXT NOT NULL,
  -- How often a run was started for it.
  attempt     INTEGER NOT NULL DEFAULT 0,
  -- The last one.
  run_id      TEXT,
  daemon      TEXT,
  started_at  TEXT,
  finished_at TEXT,
  -- Why the daemon has told the run to end.
  ending      TEXT CHECK (ending IN ('deadline', 'memory', 'drain', 'overlap')),
  UNIQUE (target, schedule, tick, number)
) STRICT;
CREATE INDEX ticks_open ON ticks (target, status) WHERE status IN ('queued', 'started');
CREATE INDEX ticks_by_run ON ticks (run_id) WHERE run_id IS NOT NULL;

CREATE TABLE daemons (
  id            TEXT PRIMARY KEY,
  target        TEXT NOT NULL,
  host          TEXT NOT NULL,
  pid           INTEGER NOT NULL,
  process_start TEXT,
  started_at    TEXT NOT NULL,
  heartbeat_at  TEXT NOT NULL,
  -- Null until it ended in good order.
  stopped_at    TEXT,
  -- Set while it waits for its runs to end.
  is_draining   INTEGER NOT NULL DEFAULT 0,
  -- What is wrong with the definitions that it did not take over; null: it has the newest.
  problem       TEXT
) STRICT;
