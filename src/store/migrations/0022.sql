-- Version 22: the stories of each feed in river order, so that the newest stories of a feed are found without sorting all of them.
CREATE TABLE feed_stories (
  feed    INTEGER NOT NULL,
  arrived INTEGER NOT NULL,                 -- of the story
  story   INTEGER NOT NULL,
  PRIMARY KEY (feed, arrived, story)
) WITHOUT ROWID, STRICT;
INSERT INTO feed_stories (feed, arrived, story)
SELECT DISTINCT a.feed, s.arrived, s.story FROM articles a JOIN stories s USING (story) ORDER BY 1, 2, 3;

CREATE TRIGGER feed_stories_new AFTER INSERT ON articles BEGIN
  INSERT OR IGNORE INTO feed_stories (feed, arrived, story)
  SELECT new.feed, arrived, story FROM stories WHERE story = new.story;
END;
-- The other copies of a story are looked up by their story: a feed may have a hundred thousand articles.
CREATE TRIGGER feed_stories_moved AFTER UPDATE OF story ON articles WHEN new.story <> old.story BEGIN
  INSERT OR IGNORE INTO feed_stories (feed, arrived, story)
  SELECT new.feed, arrived, story FROM stories WHERE story = new.story;
  DELETE FROM feed_stories WHERE feed = old.feed AND story = old.story
    AND arrived = (SELECT arrived FROM stories WHERE story = old.story)
    AND NOT EXISTS (SELECT 1 FROM articles INDEXED BY articles_of_story WHERE story = old.story AND feed = old.feed);
END;
CREATE TRIGGER feed_stories_gone AFTER DELETE ON articles BEGIN
  DELETE FROM feed_stories WHERE feed = old.feed AND story = old.story
    AND arrived = (SELECT arrived FROM stories WHERE story = old.story)
    AND NOT EXISTS (SELECT 1 FROM articles INDEXED BY articles_of_story WHERE story = old.story AND feed = old.feed);
END;
