-- What pruned rows counted, so that totals never fall.
CREATE TABLE tallies (
  target  TEXT NOT NULL,
  -- The table that the rows were in.
  tallied TEXT NOT NULL,
  -- JSON array.
  labels  TEXT NOT NULL,
  count   INTEGER NOT NULL,
  seconds REAL NOT NULL,
  PRIMARY KEY (target, tallied, labels)
) STRICT, WITHOUT ROWID;
