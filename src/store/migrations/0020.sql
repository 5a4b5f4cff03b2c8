-- Version 20: what the copies of the window are found by, in sorted parts (store::copy_keys), so that a process that writes a few
-- articles need not read all copies. Articles of a part that were changed, removed or come again since are noted.
CREATE TABLE copy_keys (
  last   INTEGER PRIMARY KEY,
  first  INTEGER NOT NULL,
  layout INTEGER NOT NULL,
  seen   INTEGER NOT NULL,                  -- when the last of them was seen first
  keys   BLOB NOT NULL
) STRICT;
CREATE TABLE copy_keys_stale (article INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER copy_keys_new AFTER INSERT ON articles WHEN new.article <= (SELECT max(last) FROM copy_keys) BEGIN
  INSERT OR IGNORE INTO copy_keys_stale VALUES (new.article);
END;
CREATE TRIGGER copy_keys_changed AFTER UPDATE OF fingerprint ON articles
WHEN new.article <= (SELECT max(last) FROM copy_keys) BEGIN
  INSERT OR IGNORE INTO copy_keys_stale VALUES (new.article);
END;
CREATE TRIGGER copy_keys_gone AFTER DELETE ON articles WHEN old.article <= (SELECT max(last) FROM copy_keys) BEGIN
  INSERT OR IGNORE INTO copy_keys_stale VALUES (old.article);
END;
