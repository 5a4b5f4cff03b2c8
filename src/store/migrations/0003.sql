-- WebSub: who tells us of news of which feed (ET-50). A row says what a feed names; it is asked where [websub] is configured.
CREATE TABLE hubs (
  feed        INTEGER PRIMARY KEY,
  hub         TEXT NOT NULL,
  topic       TEXT NOT NULL,                -- what the feed calls itself
  path        TEXT NOT NULL UNIQUE,         -- the end of our callback's URL: nobody else knows it
  secret      TEXT NOT NULL,                -- what the hub signs with
  callback    TEXT,                         -- where it was last told to reach us
  leaving     INTEGER NOT NULL,             -- it is asked to stop
  ask_at      INTEGER,                      -- when the hub is asked next
  asked       INTEGER NOT NULL,             -- how often in vain
  verified_at INTEGER,                      -- since when it tells us, without a gap
  lease_until INTEGER,
  last_error  TEXT
) STRICT;
