-- newswire's store, version 1. Times are milliseconds UTC. Row numbers are private; ids are 16-byte UUIDs.

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;
-- What tells this installation from another with the same feeds: their polls fall on other minutes (ET-23).
INSERT INTO meta (key, value) VALUES ('install', abs(random() / 2));

-- A subscription. One that was removed stays as a row (subscribed = 0), for its articles still name it.
CREATE TABLE feeds (
  feed          INTEGER PRIMARY KEY,
  id            BLOB NOT NULL UNIQUE,
  url           TEXT NOT NULL UNIQUE,       -- without userinfo
  subscribed    INTEGER NOT NULL,
  declared      INTEGER NOT NULL,           -- stands in the configuration file
  title_user    TEXT,
  title_own     TEXT NOT NULL,              -- the publisher's; the host until one is known
  site          TEXT,
  folder        TEXT,
  tags          TEXT NOT NULL,              -- JSON array
  auth_user     TEXT,
  auth_password TEXT,
  interval_ms   INTEGER,
  user_agent    TEXT,
  headers       TEXT NOT NULL,              -- JSON array of pairs
  paused        INTEGER NOT NULL,
  near_dedup    INTEGER NOT NULL DEFAULT 1,
  full_text     INTEGER NOT NULL DEFAULT 0, -- bodies come from the articles' pages
  gone          INTEGER NOT NULL,           -- answered 410 twice (ET-33)
  schedule      BLOB NOT NULL,
  why_next      TEXT,
  next_at       INTEGER,
  floor_until   INTEGER,
  floor_reason  TEXT,
  lease         INTEGER NOT NULL,           -- fencing number
  leased_until  INTEGER,
  last_poll     INTEGER,
  last_success  INTEGER,
  failures      INTEGER NOT NULL,
  last_error    TEXT,
  last_kind     TEXT,
  body_digest   BLOB,
  repairs       TEXT NOT NULL               -- JSON array
) STRICT;
CREATE INDEX feeds_due ON feeds (next_at) WHERE subscribed = 1 AND paused = 0 AND gone = 0;

-- Validators belong to a URL, not to a feed (ET-07).
CREATE TABLE validators (
  feed          INTEGER NOT NULL,
  url           TEXT NOT NULL,
  etag          BLOB,
  last_modified BLOB,
  PRIMARY KEY (feed, url)
) STRICT, WITHOUT ROWID;

CREATE TABLE polls (
  poll       INTEGER PRIMARY KEY,
  feed       INTEGER NOT NULL,
  at         INTEGER NOT NULL,
  outcome    TEXT NOT NULL,
  status     INTEGER,
  bytes      INTEGER NOT NULL,
  elapsed_ms INTEGER NOT NULL,
  new        INTEGER NOT NULL,
  error      TEXT
) STRICT;
CREATE INDEX polls_of_feed ON polls (feed, poll);

CREATE TABLE hosts (
  host         TEXT PRIMARY KEY,
  polls        INTEGER NOT NULL,
  not_modified INTEGER NOT NULL,
  failed       INTEGER NOT NULL,
  throttled    INTEGER NOT NULL,
  bytes        INTEGER NOT NULL,
  rest_until   INTEGER                      -- the server's word for all of the host (ET-26, ET-28)
) STRICT, WITHOUT ROWID;

-- In how many articles of a feed a paragraph stood: the boilerplate that is learned.
CREATE TABLE paragraphs (
  feed      INTEGER NOT NULL,
  digest    INTEGER NOT NULL,
  articles  INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  PRIMARY KEY (feed, digest)
) STRICT, WITHOUT ROWID;

-- All copies of one piece. Its id is that of its first copy.
CREATE TABLE stories (
  story      INTEGER PRIMARY KEY,
  id         BLOB NOT NULL UNIQUE,
  seq        INTEGER NOT NULL,
  arrived    INTEGER NOT NULL,              -- its place in the river; never changes
  first_seen INTEGER NOT NULL,
  shown      INTEGER NOT NULL,              -- the copy that stands for it
  copies     INTEGER NOT NULL,
  feeds      INTEGER NOT NULL
) STRICT;
CREATE INDEX stories_river ON stories (arrived, id);
CREATE INDEX stories_seq ON stories (seq);

-- One item of one feed. The plain text is not stored: it derives from the body.
CREATE TABLE articles (
  article       INTEGER PRIMARY KEY,
  id            BLOB NOT NULL UNIQUE,
  feed          INTEGER NOT NULL,
  story         INTEGER NOT NULL,
  seq           INTEGER NOT NULL,
  key           TEXT NOT NULL,              -- identity within the feed
  guid          TEXT,
  url           TEXT,
  canonical_url TEXT,
  title         TEXT NOT NULL,
  summary       TEXT NOT NULL,
  words         INTEGER NOT NULL,
  published     INTEGER,
  updated       INTEGER,
  first_seen    INTEGER NOT NULL,
  arrived       INTEGER NOT NULL,
  language      TEXT,
  own_host      INTEGER NOT NULL,           -- the page is on the feed's own host: 2, on the site it names: 1, else 0 (SEC-13)
  facts         TEXT NOT NULL,              -- JSON: authors, agencies, categories, enclosures, image, ...
  digest        BLOB NOT NULL,              -- of everything the publisher gave: tells an edit
  revision      INTEGER NOT NULL,
  joined_with   BLOB,
  signal        TEXT,
  score         REAL,
  fingerprint   BLOB NOT NULL,
  content       BLOB NOT NULL,              -- sanitized HTML, zstd
  UNIQUE (feed, key)
) STRICT;
CREATE INDEX articles_of_story ON articles (story);
CREATE INDEX articles_river ON articles (arrived, id);
CREATE INDEX articles_seq ON articles (seq);
CREATE INDEX articles_of_feed ON articles (feed, arrived, story);
CREATE INDEX articles_url ON articles (url);
CREATE INDEX articles_canonical_url ON articles (canonical_url);

-- Pruned articles: what comes back is not new.
CREATE TABLE tombstones (
  id     BLOB PRIMARY KEY,
  pruned INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE topics (
  topic  INTEGER PRIMARY KEY,
  name   TEXT NOT NULL UNIQUE,
  title  TEXT NOT NULL,
  source TEXT NOT NULL,                     -- as written
  expr   TEXT NOT NULL                      -- narrowing included, canonical
) STRICT;
CREATE TABLE article_topics (
  topic   INTEGER NOT NULL,
  article INTEGER NOT NULL,
  PRIMARY KEY (topic, article)
) STRICT, WITHOUT ROWID;
CREATE INDEX topics_of_article ON article_topics (article);
CREATE TABLE story_topics (
  topic   INTEGER NOT NULL,
  arrived INTEGER NOT NULL,
  story   INTEGER NOT NULL,
  PRIMARY KEY (topic, arrived, story)
) STRICT, WITHOUT ROWID;
CREATE INDEX topics_of_story ON story_topics (story);

-- Folded words (query::fold): every token holds ASCII letters and digits or non-ASCII characters only, which is
-- what the ascii tokenizer keeps together. rowid = articles.article.
CREATE VIRTUAL TABLE words USING fts5 (
  title, body, author, category, agency,
  content = '', contentless_delete = 1, tokenize = 'ascii'
);
INSERT INTO words (words, rank) VALUES ('rank', 'bm25(8.0, 1.0, 2.0, 2.0, 2.0)');
-- Gathered in memory before it is written, in bytes: fewer and larger segments to merge (default 1 MiB).
INSERT INTO words (words, rank) VALUES ('hashsize', 8388608);
