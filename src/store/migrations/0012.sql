-- Version 12: articles that are known by more than their guid, found whatever else they have in common. Most feeds have none
-- of them. First: the guid was shared, and the key holds a tab and what tells them apart.
CREATE INDEX articles_of_shared_guid ON articles (feed, url, title, key) WHERE instr(key, char(9)) > 0;
-- Second: the publisher has given the article another guid since, and the key is made of the first.
CREATE INDEX articles_of_changed_guid ON articles (feed, guid, url, title)
  WHERE substr(key, 1, 5 + length(guid)) <> 'guid:' || guid;
