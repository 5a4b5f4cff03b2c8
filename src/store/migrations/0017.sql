-- Version 17: what the user decided about copies (newswire split, newswire join). The newest decision about two copies counts.
CREATE TABLE decisions (
  decision INTEGER PRIMARY KEY,
  kind     TEXT NOT NULL,                   -- split, join
  at       INTEGER NOT NULL
) STRICT;
-- The copies that a decision is about, by their ids: one that its publisher withdrew may come back.
CREATE TABLE decided (
  decision  INTEGER NOT NULL,
  id        BLOB NOT NULL,
  side      INTEGER NOT NULL,               -- of a split: 0 stayed, 1 and more went to new stories; of a join: 1
  withdrawn INTEGER,                        -- since when it is not stored
  PRIMARY KEY (decision, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX decided_of_copy ON decided (id);
