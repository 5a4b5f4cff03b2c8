-- Version 24: the progress of the backfill of topics under the name that the code has for it.
ALTER TABLE topics RENAME COLUMN untold TO to_backfill;
ALTER TABLE backfill RENAME COLUMN untold TO to_backfill;
