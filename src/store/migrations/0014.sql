-- Version 14: boilerplate is what recurs in a share of a feed's articles, and a feed may keep its own.
ALTER TABLE feeds ADD COLUMN keep_boilerplate INTEGER NOT NULL DEFAULT 0;
-- New articles of the feed whose paragraphs were counted; for each paragraph, how many of them came before it.
ALTER TABLE feeds ADD COLUMN articles_learned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE paragraphs ADD COLUMN learned_before INTEGER NOT NULL DEFAULT 0;
UPDATE feeds SET articles_learned = (SELECT count(*) FROM articles WHERE articles.feed = feeds.feed)
 WHERE EXISTS (SELECT 1 FROM paragraphs WHERE paragraphs.feed = feeds.feed);
