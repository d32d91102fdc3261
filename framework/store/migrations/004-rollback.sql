-- The unit's cursor after the materialization; null when it had none.
ALTER TABLE materializations ADD COLUMN cursor TEXT;
-- When data was made that a rollback brought back; null for what its own run made.
ALTER TABLE materializations ADD COLUMN made_at TEXT;
-- 1 when a rollback went back to where the partition was not there yet.
ALTER TABLE materializations ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;
