-- Attributes of a feed's OPML outline that are not ours, as a JSON list of pairs: kept for the next export.
ALTER TABLE feeds ADD COLUMN outline TEXT;
