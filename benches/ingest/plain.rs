//! What newswire is compared with: the loop that one would write first. reqwest, 64 at once; feed-rs, ammonia and tags to
//! text on the blocking pool; one rusqlite writer, 200 feeds a transaction, HTML and text both stored, FTS5 over them.

use std::path::Path;
use std::sync::Arc;

use futures_util::StreamExt;
use rusqlite::{Connection, params};
use tokio::sync::mpsc;

const AT_ONCE: usize = 64;
const FEEDS_A_TRANSACTION: usize = 200;

const SCHEMA: &str = "
    PRAGMA journal_mode = wal;
    PRAGMA synchronous = normal;
    CREATE TABLE IF NOT EXISTS feeds (id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, title TEXT, etag TEXT);
    CREATE TABLE IF NOT EXISTS articles (
        id INTEGER PRIMARY KEY, feed INTEGER NOT NULL, guid TEXT NOT NULL, url TEXT, title TEXT, published INTEGER,
        html TEXT, text TEXT, UNIQUE (feed, guid));
    CREATE INDEX IF NOT EXISTS of_feed ON articles (feed, published);
    CREATE INDEX IF NOT EXISTS by_date ON articles (published);
    CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5 (title, text, content = 'articles', content_rowid = 'id');";

struct Answer {
    url: String,
    etag: Option<String>,
    title: String,
    articles: Vec<Article>,
}

struct Article {
    guid: String,
    url: Option<String>,
    title: String,
    published: Option<i64>,
    html: String,
    text: String,
}

/// Asks all these feeds once. Returns how many brought a document and how many articles were new.
pub async fn pass(store: &Path, urls: Vec<String>) -> (usize, usize) {
    let conn = Connection::open(store).unwrap();
    conn.execute_batch(SCHEMA).unwrap();
    let known = validators(&conn);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let (sender, answers) = mpsc::channel(AT_ONCE);
    let writer = std::thread::Builder::new()
        .name("writer".to_owned())
        .spawn(move || write_all(conn, answers))
        .unwrap();
    let known = Arc::new(known);
    futures_util::stream::iter(urls)
        .for_each_concurrent(AT_ONCE, |url| {
            let (client, sender, known) = (client.clone(), sender.clone(), Arc::clone(&known));
            async move {
                let etag = known.get(&url);
                if let Some(answer) = visit(&client, url, etag).await {
                    sender.send(answer).await.unwrap();
                }
            }
        })
        .await;
    drop(sender);
    tokio::task::spawn_blocking(|| writer.join().unwrap())
        .await
        .unwrap()
}

fn validators(conn: &Connection) -> std::collections::HashMap<String, String> {
    let mut rows = conn
        .prepare("SELECT url, etag FROM feeds WHERE etag IS NOT NULL")
        .unwrap();
    let pairs = rows
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    pairs.map(|pair| pair.unwrap()).collect()
}

/// Asks one feed; none if nothing changed.
async fn visit(client: &reqwest::Client, url: String, etag: Option<&String>) -> Option<Answer> {
    let mut request = client.get(&url);
    if let Some(etag) = etag {
        request = request.header("If-None-Match", etag);
    }
    let answer = request.send().await.unwrap();
    if answer.status() == 304 {
        answer.bytes().await.unwrap();
        return None;
    }
    let etag = answer
        .headers()
        .get("etag")
        .map(|v| v.to_str().unwrap().to_owned());
    let body = answer.bytes().await.unwrap();
    let read = move || {
        let feed = feed_rs::parser::parse(&body[..]).unwrap();
        Answer {
            url,
            etag,
            title: feed.title.map(|t| t.content).unwrap_or_default(),
            articles: feed.entries.into_iter().map(article).collect(),
        }
    };
    Some(tokio::task::spawn_blocking(read).await.unwrap())
}

fn article(entry: feed_rs::model::Entry) -> Article {
    let content = entry.content.and_then(|c| c.body);
    let body = content.or_else(|| entry.summary.map(|s| s.content));
    let html = ammonia::clean(&body.unwrap_or_default());
    Article {
        guid: entry.id,
        url: entry.links.into_iter().next().map(|l| l.href),
        title: entry.title.map(|t| t.content).unwrap_or_default(),
        published: entry.published.or(entry.updated).map(|t| t.timestamp()),
        text: text_of(&html),
        html,
    }
}

/// Clean HTML without its tags.
fn text_of(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut is_tag = false;
    for character in html.chars() {
        match character {
            '<' => is_tag = true,
            '>' => {
                is_tag = false;
                text.push(' ');
            }
            _ if !is_tag => text.push(character),
            _ => {}
        }
    }
    html_escape::decode_html_entities(&text).into_owned()
}

fn write_all(mut conn: Connection, mut answers: mpsc::Receiver<Answer>) -> (usize, usize) {
    let (mut feeds, mut new) = (0, 0);
    while let Some(first) = answers.blocking_recv() {
        let tx = conn.transaction().unwrap();
        let mut next = Some(first);
        for _ in 0..FEEDS_A_TRANSACTION {
            let Some(answer) = next.take().or_else(|| answers.blocking_recv()) else {
                break;
            };
            new += write(&tx, answer);
            feeds += 1;
        }
        tx.commit().unwrap();
    }
    (feeds, new)
}

fn write(conn: &Connection, answer: Answer) -> usize {
    let feed: i64 = conn
        .prepare_cached(
            "INSERT INTO feeds (url, title, etag) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET title = excluded.title, etag = excluded.etag RETURNING id",
        )
        .unwrap()
        .query_row(params![answer.url, answer.title, answer.etag], |row| {
            row.get(0)
        })
        .unwrap();
    let mut insert = conn
        .prepare_cached(
            "INSERT INTO articles (feed, guid, url, title, published, html, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT DO NOTHING",
        )
        .unwrap();
    let mut index = conn
        .prepare_cached("INSERT INTO search (rowid, title, text) VALUES (?1, ?2, ?3)")
        .unwrap();
    let mut new = 0;
    for a in answer.articles {
        let values = params![feed, a.guid, a.url, a.title, a.published, a.html, a.text];
        if insert.execute(values).unwrap() == 1 {
            let row = conn.last_insert_rowid();
            index.execute(params![row, a.title, a.text]).unwrap();
            new += 1;
        }
    }
    new
}
