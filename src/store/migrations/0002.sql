-- Version 2: how a topic's feed is made up, topics that are told anew part by part, and what happened to feeds.

ALTER TABLE topics ADD COLUMN feed TEXT NOT NULL DEFAULT '{}';  -- JSON: one_per_story, prefer, limit_per_feed
-- While the store is told anew: articles up to this row are still to come. Null: all are told.
ALTER TABLE topics ADD COLUMN untold INTEGER;

-- Where a feed's health changed: it broke, recovered, moved, went, fell silent, spoke again.
CREATE TABLE events (
  event INTEGER PRIMARY KEY,
  feed  INTEGER NOT NULL,
  at    INTEGER NOT NULL,
  kind  TEXT NOT NULL,
  note  TEXT NOT NULL
) STRICT;
CREATE INDEX events_of_feed ON events (feed, event);
