-- Articles by when they were seen, with whether they joined a story: what /metrics and /status count of the last day is
-- read off this index, not off the articles' rows.
CREATE INDEX articles_seen ON articles (first_seen, signal);
