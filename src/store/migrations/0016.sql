-- Version 16: of a document only the new and edited articles are read. What a feed's articles were in is kept with it, since one
-- short text does not tell. Null: the next document of the feed is read whole.
ALTER TABLE feeds ADD COLUMN languages TEXT;
