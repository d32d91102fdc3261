-- 1 when the result is about a draft that is not, or not yet, the table.
ALTER TABLE check_results ADD COLUMN unpublished INTEGER NOT NULL DEFAULT 0;
CREATE INDEX check_results_unpublished ON check_results (run_id, key, partition) WHERE unpublished = 1;
