-- The table's snapshot when the attempt began, '' when it had none; null when the attempt is not undone.
ALTER TABLE attempts ADD COLUMN snapshot_before TEXT;
-- What a later run did about an attempt whose process died.
ALTER TABLE attempts ADD COLUMN reconciled TEXT CHECK (reconciled IN ('undone', 'kept'));
CREATE INDEX attempts_unfinished ON attempts (run_id) WHERE outcome IS NULL;
CREATE INDEX leases_by_run ON leases (run_id);
