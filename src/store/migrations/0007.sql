-- A search for a language that few articles are in looks at these, not at all that have its words.
CREATE INDEX articles_of_language ON articles (language COLLATE NOCASE);
