-- Version 23: notifications (store::outbox). Times are milliseconds UTC.

-- What [[notify]] names, and how far each of them has read the changes of stories.
CREATE TABLE notify_targets (
  target      INTEGER PRIMARY KEY,
  name        TEXT NOT NULL UNIQUE,
  definition  TEXT NOT NULL,                -- what fires: when it changes, stories that exist do not fire
  destination TEXT NOT NULL,                -- a hash of where it leads: when it changes, the target is switched on again
  since_story INTEGER NOT NULL,             -- stories up to this row existed before
  cursor      INTEGER NOT NULL,             -- changes up to this sequence are decided
  off         TEXT,                         -- why it is switched off; null: it is on
  removed_at  INTEGER,                      -- since when the configuration does not name it
  sent        INTEGER NOT NULL DEFAULT 0,
  failed      INTEGER NOT NULL DEFAULT 0,
  dropped     INTEGER NOT NULL DEFAULT 0,
  last_sent   INTEGER,
  last_error  TEXT,                         -- of the last attempt; null after a success
  error_at    INTEGER
) STRICT;

-- Events: those that wait, and for a time those that were sent or failed.
CREATE TABLE notify_events (
  event    INTEGER PRIMARY KEY,
  target   INTEGER NOT NULL,
  id       TEXT NOT NULL,                   -- the same in every attempt
  story    BLOB NOT NULL,                   -- the story's id
  kind     TEXT NOT NULL,
  created  INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at  INTEGER,                         -- when it is due; null: it is done
  done_at  INTEGER,
  error    TEXT,                            -- why the last attempt failed
  state    TEXT NOT NULL,                   -- waiting, sent, failed
  UNIQUE (target, id)
) STRICT;
CREATE INDEX notify_events_due ON notify_events (target, next_at, event) WHERE next_at IS NOT NULL;
CREATE INDEX notify_events_done ON notify_events (done_at) WHERE done_at IS NOT NULL;

-- What a target knows of a story, so that nothing fires twice.
CREATE TABLE notify_known (
  target INTEGER NOT NULL,
  story  BLOB NOT NULL,
  feeds  INTEGER NOT NULL,                  -- the most feeds at an event
  digest INTEGER,                           -- of what was shown; null: no event, it matched before the target existed
  PRIMARY KEY (target, story)
) STRICT, WITHOUT ROWID;

-- Articles up to this row came with the feed's first document, or before it was subscribed to again: they are no news.
ALTER TABLE feeds ADD COLUMN backlog INTEGER;
UPDATE feeds SET backlog = (SELECT coalesce(max(article), 0) FROM articles) WHERE last_poll IS NOT NULL;
