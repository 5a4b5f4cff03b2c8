-- Version 9: ids that led to a story as its own or as a copy's, and that no story and no copy has any more: links to them
-- still work.
CREATE TABLE story_ids (
  id    BLOB PRIMARY KEY,
  story INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX story_ids_of_story ON story_ids (story);
-- The archive page that a feed's overflow led to and that could not be had so far, and how often it was asked for.
ALTER TABLE feeds ADD COLUMN archive TEXT;
ALTER TABLE feeds ADD COLUMN archive_tries INTEGER NOT NULL DEFAULT 0;
