-- Version 15: the word index holds joined words (Wi-Fi is also wifi) and emoji. Articles up to this row are indexed again, from
-- the newest down, while the store is in use.
INSERT OR REPLACE INTO meta (key, value)
  SELECT 'reindex', max(article) FROM articles HAVING max(article) IS NOT NULL;
