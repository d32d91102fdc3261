-- The earlier run that a run goes on with.
ALTER TABLE runs ADD COLUMN resumes TEXT;
CREATE INDEX runs_by_resumed ON runs (resumes) WHERE resumes IS NOT NULL;

-- Tells the owner from a later process with the same number; NULL when its system doesn't say.
ALTER TABLE runs ADD COLUMN process_start TEXT;

CREATE INDEX materializations_by_run ON materializations (run_id);
