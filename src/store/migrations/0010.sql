-- The feeds that are due and their hosts are read off this index alone: of a site with many feeds only some are claimed (REL-16).
-- Its conditions stand among its columns too, or SQLite would read every row to see that they hold.
DROP INDEX feeds_due;
CREATE INDEX feeds_due ON feeds (next_at, feed, url, subscribed, paused, gone)
  WHERE subscribed = 1 AND paused = 0 AND gone = 0;
-- Which run of which process holds a lease, so that those of a process that died are free at once (REL-12); and whether that
-- was done already since the last poll.
ALTER TABLE feeds ADD COLUMN holder INTEGER;
ALTER TABLE feeds ADD COLUMN freed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX feeds_held ON feeds (holder) WHERE holder IS NOT NULL;
-- The origin that a feed's credentials and headers were given for (SEC-23). Null where they were given before this version:
-- then it is that of the URL under which the feed was subscribed, which its id tells.
ALTER TABLE feeds ADD COLUMN secrets_for TEXT;
