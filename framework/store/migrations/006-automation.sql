-- What automation remembers of an asset between two evaluations.
CREATE TABLE automation (
  target TEXT NOT NULL,
  key TEXT NOT NULL,
  -- JSON: up to where the ticks of each cron expression have been decided.
  ticks TEXT NOT NULL,
  -- The last start; null when it never started.
  started_at TEXT,
  started_run TEXT,
  -- JSON: what the last start was for, as long as it has been true ever since.
  grounds TEXT,
  PRIMARY KEY (target, key)
) WITHOUT ROWID;
