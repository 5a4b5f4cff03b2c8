-- Version 21: what a follower of the changes needs to know besides the articles and stories that are stored (store::changes).

-- What the sequence of a row stands for: a code of store::changes. NULL in rows that an older version wrote last.
ALTER TABLE articles ADD COLUMN change INTEGER;
ALTER TABLE stories ADD COLUMN change INTEGER;

-- The sequence at which the name, address, site, folder or tags of a feed with articles changed last; 0 if they never did.
ALTER TABLE feeds ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
CREATE INDEX feeds_seq ON feeds (seq);

-- Articles and stories that are gone. Rows go after a time; `removals_floor` in meta is the highest sequence that went.
CREATE TABLE removals (
  seq      INTEGER PRIMARY KEY,
  at       INTEGER NOT NULL,
  is_story INTEGER NOT NULL,
  id       BLOB NOT NULL,
  reason   INTEGER NOT NULL                 -- a code of store::changes
) STRICT;

-- Stored articles and stories whose topics alone changed, at most one row each.
CREATE TABLE retagged (
  seq     INTEGER PRIMARY KEY,
  article INTEGER,
  story   INTEGER
) STRICT;
CREATE UNIQUE INDEX retagged_article ON retagged (article) WHERE article IS NOT NULL;
CREATE UNIQUE INDEX retagged_story ON retagged (story) WHERE story IS NOT NULL;

-- Removals before this version were not noted.
INSERT INTO meta (key, value) SELECT 'removals_floor', coalesce((SELECT value FROM meta WHERE key = 'sequence'), 0);
-- Another one after each restore: sequences are given again then.
INSERT INTO meta (key, value) VALUES ('epoch', abs(random() / 2));
