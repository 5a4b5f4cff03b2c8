-- The feeds that are due and their hosts are read off this index alone: of a site with many feeds only some are claimed (REL-16).
-- Its conditions stand among its columns too, or SQLite would read every row to see that they hold.
DROP INDEX feeds_due;
CREATE INDEX feeds_due ON feeds (next_at, feed, url, subscribed, paused, gone)
  WHERE subscribed = 1 AND paused = 0 AND gone = 0;
