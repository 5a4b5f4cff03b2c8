-- Version 25: digests that are served as feeds. An entry never changes.
ALTER TABLE notify_targets ADD COLUMN is_feed INTEGER NOT NULL DEFAULT 0;
CREATE TABLE notify_digests (
  digest INTEGER PRIMARY KEY,
  target INTEGER NOT NULL,
  id     BLOB NOT NULL UNIQUE,
  at     INTEGER NOT NULL,
  title  TEXT NOT NULL,
  html   TEXT NOT NULL,
  text   TEXT NOT NULL
) STRICT;
CREATE INDEX notify_digests_of_target ON notify_digests (target, digest);
