-- Articles by what their publishers say, with their words: `--published-since` and `words>=` are found without their rows.
CREATE INDEX articles_published ON articles (published, words);
-- Copies that joined a story, by when they arrived: how many a day, for `newswire status`.
CREATE INDEX articles_joined ON articles (arrived) WHERE signal IS NOT NULL;
