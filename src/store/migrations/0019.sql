-- Version 19: what recurs in a feed is read off an index: of a feed's paragraphs, thousands, few are in several articles.
CREATE INDEX paragraphs_recurring ON paragraphs (feed) WHERE articles >= 3;
-- New words are written in larger groups; so many groups of one size are merged into one at once. Smaller merges are made while
-- nothing is to be written (store::tidy).
INSERT INTO words (words, rank) VALUES ('automerge', 8);
