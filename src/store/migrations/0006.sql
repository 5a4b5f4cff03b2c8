-- Whose article it was: as long as the feed may still list it, its tombstone stays.
ALTER TABLE tombstones ADD COLUMN feed INTEGER;
