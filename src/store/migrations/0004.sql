-- RFC 5005: archive pages that were asked for. They never change, so they are never asked for again (ET-53).
CREATE TABLE archives (
  feed INTEGER NOT NULL,
  url  TEXT NOT NULL,
  PRIMARY KEY (feed, url)
) STRICT, WITHOUT ROWID;
