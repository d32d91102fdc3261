-- How far each transport of OpenLineage has been told. What it is told is made anew from the records each time.
CREATE TABLE openlineage_transports (
  target        TEXT NOT NULL,
  name          TEXT NOT NULL,
  -- Every event up to this one has been sent, or was refused for good.
  sent_up_to    INTEGER NOT NULL,
  -- When something was sent last.
  sent_at       TEXT,
  -- How many were refused for good.
  refused       INTEGER NOT NULL DEFAULT 0,
  -- Tries that failed since the last good one, why the last of them did, and before when nobody tries again.
  failures      INTEGER NOT NULL DEFAULT 0,
  failure       TEXT,
  due_at        TEXT,
  -- Who is sending, and until when nobody else does.
  claim         TEXT,
  claimed_until TEXT,
  PRIMARY KEY (target, name)
) STRICT, WITHOUT ROWID;
