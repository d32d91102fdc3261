-- What is or was wrong: one row from when it was found until it was over.
CREATE TABLE alerts (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  target      TEXT NOT NULL,
  rule        TEXT NOT NULL,
  subject     TEXT NOT NULL,
  severity    TEXT NOT NULL CHECK (severity IN ('critical', 'warning')),
  since       TEXT NOT NULL,
  fired_at    TEXT NOT NULL,
  resolved_at TEXT,
  owners      TEXT NOT NULL,
  facts       TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX alerts_firing ON alerts (target, rule, subject) WHERE resolved_at IS NULL;

-- What a channel is to be told of an alert, and what became of it.
CREATE TABLE alert_notices (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  alert_id      INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
  channel       TEXT NOT NULL,
  kind          TEXT NOT NULL CHECK (kind IN ('firing', 'repeated', 'resolved')),
  -- Of repetitions which one; 0 for the others.
  round         INTEGER NOT NULL,
  -- In quiet hours.
  quiet         TEXT NOT NULL CHECK (quiet IN ('send', 'hold')),
  queued_at     TEXT NOT NULL,
  due_at        TEXT NOT NULL,
  attempts      INTEGER NOT NULL DEFAULT 0,
  -- Who is sending it, and until when nobody else does.
  claim         TEXT,
  claimed_until TEXT,
  -- Of the last try.
  failure       TEXT,
  sent_at       TEXT,
  UNIQUE (alert_id, channel, kind, round)
) STRICT;
CREATE INDEX alert_notices_open ON alert_notices (channel, due_at) WHERE sent_at IS NULL;

-- How often the rules of a target have been judged, and what its heartbeat has told.
CREATE TABLE alert_evaluations (
  target       TEXT PRIMARY KEY,
  number       INTEGER NOT NULL,
  at           TEXT NOT NULL,
  success_told TEXT
) STRICT, WITHOUT ROWID;

-- Few attempts fail, and alerts ask for them again and again.
CREATE INDEX attempts_failed ON attempts (key, partition, started_at) WHERE outcome = 'failed';
