-- Every index costs each asset a page in the log; these are replaced by what a row of a run or of an attempt can say.

-- The events of a run lie between these two, among those of the runs beside it. The first is null when it has none, the
-- last while it runs or when it was interrupted.
ALTER TABLE runs ADD COLUMN first_event INTEGER;
ALTER TABLE runs ADD COLUMN last_event INTEGER;
UPDATE runs SET first_event = (SELECT min(id) FROM events WHERE run_id = runs.id);
UPDATE runs SET last_event = (SELECT max(id) FROM events WHERE run_id = runs.id)
  WHERE status NOT IN ('running', 'interrupted');

-- Without AUTOINCREMENT, which writes a page of its own for every event: the newest event is never removed.
CREATE TABLE events_of_all_runs (
  id      INTEGER PRIMARY KEY,
  run_id  TEXT NOT NULL,
  key     TEXT,
  type    TEXT NOT NULL,
  at      TEXT NOT NULL,
  payload TEXT NOT NULL
) STRICT;
INSERT INTO events_of_all_runs SELECT id, run_id, key, type, at, payload FROM events;
DROP TABLE events;
ALTER TABLE events_of_all_runs RENAME TO events;

-- What the attempt wrote; that row may have been pruned.
ALTER TABLE attempts ADD COLUMN materialization_id INTEGER;
UPDATE attempts SET materialization_id = (
  SELECT m.id FROM materializations m
  WHERE m.run_id = attempts.run_id AND m.key = attempts.key AND m.partition = attempts.partition
    AND m.attempt = attempts.attempt);
DROP INDEX materializations_by_run;

-- 1 when it ended with attempts that never did, and that nobody has reconciled yet.
ALTER TABLE runs ADD COLUMN unsettled INTEGER NOT NULL DEFAULT 0;
UPDATE runs SET unsettled = 1
  WHERE status <> 'running'
    AND EXISTS (SELECT 1 FROM attempts WHERE run_id = runs.id AND outcome IS NULL AND reconciled IS NULL);
CREATE INDEX runs_unsettled ON runs (target) WHERE unsettled = 1;
DROP INDEX attempts_unfinished;
