//! Of a document only what is new or edited is normalized. What is stored must be the same as if all of it were.

use std::path::Path;
use std::time::Duration;

use newswire::ingest::document::{self, Document, Normalized};
use newswire::model::WebUrl;
use newswire::parse::ParseContext;
use newswire::store::ClaimScope;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::support::{EndToEnd, Internet, Reply, sequences};

const URL: &str = "http://paper.test/feed";

/// What ingest would normalize of this document.
fn read(app: &EndToEnd, body: &str) -> Document {
    app.hours(2);
    let scope = ClaimScope::All {
        manual_interval: Duration::ZERO,
    };
    let (mut claims, _) = app.store.claim(app.clock.now(), scope, 1).unwrap();
    let claim = claims.pop().unwrap();
    let context = ParseContext {
        url: WebUrl::parse(URL).ok(),
        content_type: None,
    };
    let (store, whole) = (&app.store, Normalized::Unknown);
    let read = document::read(store, &claim, body.as_bytes(), &context, whole);
    app.store.give_back(&claim).unwrap();
    read.unwrap().unwrap()
}

/// How many items of this document ingest would normalize.
fn normalized(app: &EndToEnd, body: &str) -> usize {
    read(app, body).normalized
}

/// The feed shows this, and is polled: how many articles are new, and how many changed.
async fn shows(net: &Internet, app: &EndToEnd, body: &str) -> (usize, usize) {
    net.always("paper.test", "/feed", Reply::feed(body));
    app.hours(2);
    let report = app.pass().await;
    assert_eq!((report.fetched, report.failed), (1, 0));
    (report.articles_new, report.articles_changed)
}

fn subscribed(net: &Internet) -> EndToEnd {
    // Names are known from the beginning.
    net.always("paper.test", "/feed", Reply::feed(""));
    let app = EndToEnd::new(net);
    app.subscribe(&[URL]);
    app
}

/// How items are put into a feed, and how the item of a number is written.
type Dialect = (fn(&str) -> String, fn(usize) -> String);

fn rss(items: &str) -> String {
    format!(
        "<rss version='2.0' xmlns:media='http://search.yahoo.com/mrss/' xmlns:dc='http://purl.org/dc/elements/1.1/' \
         xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel><title>Paper</title>{items}</channel></rss>"
    )
}

fn rss_item(n: usize) -> String {
    format!(
        "<item><guid isPermaLink='false'>{n}-of-paper</guid><link>https://paper.test/2030/{n}</link><title>Boat {n}</title>\
         <description>&lt;p&gt;Boat {n} came in on a tide of {n} m.&lt;/p&gt;</description></item>"
    )
}

fn atom(items: &str) -> String {
    format!("<feed xmlns='http://www.w3.org/2005/Atom'><title>Paper</title>{items}</feed>")
}

fn json(items: &str) -> String {
    let items = items.trim_end_matches(',');
    format!(r#"{{"version":"https://jsonfeed.org/version/1.1","title":"Paper","items":[{items}]}}"#)
}

fn atom_item(n: usize) -> String {
    format!(
        "<entry><id>tag:paper.test,{n}</id><link href='/2030/{n}'/><title>Boat {n}</title>\
         <updated>2030-01-10T10:{n:02}:00Z</updated><content type='html'>&lt;p&gt;Boat {n}.&lt;/p&gt;</content></entry>"
    )
}

fn json_item(n: usize) -> String {
    format!(
        r#"{{"id":"{n}","url":"https://paper.test/2030/{n}","title":"Boat {n}","content_html":"<p>Boat {n}.</p>"}},"#
    )
}

#[tokio::test]
async fn rel_06_a_document_that_repeats_normalizes_nothing_and_a_new_item_one() {
    let dialects: [Dialect; 3] = [(rss, rss_item), (atom, atom_item), (json, json_item)];
    for (dialect, item) in dialects {
        let net = Internet::start().await;
        let app = subscribed(&net);
        let items = |from: usize| -> String { (from..from + 20).rev().map(item).collect() };
        assert_eq!(shows(&net, &app, &dialect(&items(1))).await, (20, 0));
        let (same, next) = (dialect(&items(1)), dialect(&items(2)));
        assert_eq!(normalized(&app, &same), 0);
        assert_eq!(normalized(&app, &next), 1);
        let edited = same.replace("Boat 7", "Ferry 7");
        assert_eq!(normalized(&app, &edited), 1);
        assert_eq!(shows(&net, &app, &next).await, (1, 0));
        assert_eq!(normalized(&app, &next), 0);
        // What was listed before is known as well.
        assert_eq!(normalized(&app, &same), 0);
    }
}

#[tokio::test]
async fn rel_06_an_edit_of_any_field_is_seen_and_nothing_else_is_normalized() {
    let fields = [
        "<title>Boats</title>",
        "<description>Boats came in.</description>",
        "<content:encoded>&lt;p&gt;Boats came in.&lt;/p&gt;</content:encoded>",
        "<pubDate>Thu, 10 Jan 2030 09:00:00 GMT</pubDate>",
        "<dc:creator>Jana Dohl</dc:creator>",
        "<author>desk@paper.test (Desk)</author>",
        "<category>Harbour</category>",
        "<enclosure url='https://paper.test/1.mp3' type='audio/mpeg' length='7'/>",
        "<media:thumbnail url='https://paper.test/1.jpg'/>",
        "<media:description>A pier</media:description>",
        "<comments>https://paper.test/1#comments</comments>",
        "<source url='https://wire.test/feed'>Wire</source>",
        "<dc:rights>Paper</dc:rights>",
        "<dc:language>de</dc:language>",
    ];
    let net = Internet::start().await;
    let app = subscribed(&net);
    let others: String = (1..4).map(rss_item).collect();
    let item = |fields: &str| {
        rss(&format!(
            "{others}<item><guid isPermaLink='false'>edited</guid><link>https://paper.test/e</link>{fields}</item>"
        ))
    };
    let mut shown = String::new();
    assert_eq!(shows(&net, &app, &item(&shown)).await, (4, 0));
    for field in fields {
        shown.push_str(field);
        assert_eq!(normalized(&app, &item(&shown)), 1, "{field}");
        assert_eq!(shows(&net, &app, &item(&shown)).await, (0, 1), "{field}");
        assert_eq!(normalized(&app, &item(&shown)), 0, "{field}");
    }
    let moved = item(&shown).replace("paper.test/e<", "paper.test/f<");
    assert_eq!(shows(&net, &app, &moved).await, (0, 1));
    let tracked = moved.replace("paper.test/f<", "paper.test/f?utm_source=x<");
    assert_eq!(normalized(&app, &tracked), 0, "tracking is no edit");
}

#[tokio::test]
async fn rel_06_what_a_document_says_of_the_feed_edits_no_article() {
    let net = Internet::start().await;
    let app = subscribed(&net);
    let items: String = (1..4).map(rss_item).collect();
    assert_eq!(shows(&net, &app, &rss(&items)).await, (3, 0));
    let other = rss(&items)
        .replace(
            "<title>Paper<",
            "<language>de</language><link>https://other.test/</link><title>Gazette<",
        )
        .replace(
            "<channel>",
            "<channel xml:base='https://other.test/'><!-- 12:00 -->",
        );
    assert_eq!(normalized(&app, &other), 0);
    assert_eq!(shows(&net, &app, &other).await, (0, 0));
    assert_eq!(app.feeds()[0].title, "Gazette");
}

#[tokio::test]
async fn rel_06_items_without_names_are_told_apart_by_their_texts() {
    let net = Internet::start().await;
    let app = subscribed(&net);
    let item = |text: &str| format!("<item><description>{text}</description></item>");
    let two = rss(&(item("The tide is high.") + &item("The tide is low.")));
    assert_eq!(shows(&net, &app, &two).await, (2, 0));
    assert_eq!(normalized(&app, &two), 0);
}

#[tokio::test]
async fn rel_14_an_item_without_names_keeps_the_key_of_earlier_versions() {
    let net = Internet::start().await;
    let app = subscribed(&net);
    let one = rss("<item><description>The tide is high.</description></item>");
    assert_eq!(shows(&net, &app, &one).await, (1, 0));
    let conn = rusqlite::Connection::open(app.db()).unwrap();
    // Of "", "" and no date.
    let former = "digest:9d908ecfb6b256def8b49a7c504e6c889c4b0e41fe6ce3e01863dd7b61a20aa0";
    conn.execute("UPDATE articles SET key = ?1", [former])
        .unwrap();
    assert_eq!(normalized(&app, &one), 0);
    let other = one.replace("<title>Paper", "<title>The Paper");
    assert_eq!(shows(&net, &app, &other).await, (0, 0));
}

#[tokio::test]
async fn rel_06_what_retention_removed_is_listed_without_being_normalized() {
    let net = Internet::start().await;
    let app = subscribed(&net);
    let items: String = (1..6).map(rss_item).collect();
    assert_eq!(shows(&net, &app, &rss(&items)).await, (5, 0));
    app.store.prune(None, 2, false).unwrap();
    assert_eq!(normalized(&app, &rss(&items)), 0);
    let more = rss(&(rss_item(6) + &items));
    assert_eq!(normalized(&app, &more), 1);
    assert_eq!(shows(&net, &app, &more).await, (1, 0));
    assert_eq!(app.articles().len(), 3);
}

#[tokio::test]
async fn rel_14_a_store_of_before_reads_a_document_whole_once_and_keeps_its_articles() {
    let net = Internet::start().await;
    let app = subscribed(&net);
    let items: String = (1..9).map(rss_item).collect();
    assert_eq!(shows(&net, &app, &rss(&items)).await, (8, 0));
    let conn = rusqlite::Connection::open(app.db()).unwrap();
    let forget =
        "UPDATE feeds SET languages = NULL; UPDATE articles SET title = 'As it was read then'";
    conn.execute_batch(forget).unwrap();
    let other = rss(&(items + &rss_item(9)));
    assert_eq!(shows(&net, &app, &other).await, (1, 0));
    let kept = app.articles();
    let kept = kept.iter().filter(|a| a.title == "As it was read then");
    assert_eq!(
        kept.count(),
        8,
        "a new rule of ours changes no stored article"
    );
    let languages = "SELECT languages IS NOT NULL FROM feeds";
    assert!(
        conn.query_row(languages, [], |r| r.get::<_, bool>(0))
            .unwrap()
    );
    assert_eq!(normalized(&app, &other), 0);
}

#[tokio::test]
async fn a_single_new_headline_is_in_the_language_of_its_feed() {
    let headlines = [
        "Minister tritt zurück",
        "Warum der See dieses Jahr grün ist",
        "Sturm schließt Schulen im Norden",
        "Die Bürgermeisterin will eine neue Brücke",
        "Polizei sucht Zeugen nach einem Unfall",
        "Was der Haushalt für Sie bedeutet",
        "Museum zeigt alte Bilder der Stadt",
        "Gespräche beginnen am Montag wieder",
    ];
    let item = |title: &str| {
        format!("<item><guid isPermaLink='false'>{title}</guid><title>{title}</title></item>")
    };
    let net = Internet::start().await;
    let app = subscribed(&net);
    let items: String = headlines.iter().map(|title| item(title)).collect();
    shows(&net, &app, &rss(&items)).await;
    let next = rss(&(item("Züge verspätet") + &items));
    assert_eq!(shows(&net, &app, &next).await, (1, 0));
    for article in app.articles() {
        assert_eq!(article.language.as_deref(), Some("de"), "{}", article.title);
    }
}

#[tokio::test]
async fn an_article_that_is_edited_again_and_again_does_not_tell_the_language_of_its_feed() {
    let item = |id: &str, title: &str, text: &str| {
        format!(
            "<item><guid isPermaLink='false'>{id}</guid><title>{title}</title><description>{text}</description></item>"
        )
    };
    let german = "Der Rat der Stadt hat am Montag lange beraten und dann beschlossen, dass die alte Brücke am Hafen im nächsten \
        Jahr erneuert wird. Die Kosten trägt zum größten Teil das Land, den Rest zahlen die beiden Gemeinden.";
    let english = "The harbour master said this morning that the ferry is late because of the fog and that passengers should \
        wait in the hall until the next boat is ready, which may take a while, since the crew is on the other side.";
    let net = Internet::start().await;
    let app = subscribed(&net);
    let others: String = (1..8)
        .map(|n| item(&format!("g{n}"), &format!("Der {n}. Beschluss"), german))
        .collect();
    for minute in 10..30 {
        let live = item("live", "Live", &format!("{english} Now: {minute} minutes."));
        shows(&net, &app, &rss(&(live + &others))).await;
    }
    let next = rss(&(item("short", "Züge verspätet", "") + &others));
    assert_eq!(shows(&net, &app, &next).await, (1, 0));
    let articles = app.articles();
    let short = articles.iter().find(|a| a.title == "Züge verspätet");
    assert_eq!(short.unwrap().language.as_deref(), Some("de"));
}

#[tokio::test]
async fn rel_06_an_item_under_a_new_guid_at_every_poll_is_known_and_does_not_vote() {
    let net = Internet::start().await;
    let app = subscribed(&net);
    let others: String = (1..4).map(rss_item).collect();
    for page in ["/2030/01/10/a-ferry-is-late", "/live"] {
        let shown = |guid: usize| {
            let guid = format!("<guid isPermaLink='false'>request-{guid}</guid>");
            let title =
                format!("<title>Late at {page}</title><link>https://paper.test{page}</link>");
            rss(&format!("<item>{guid}{title}</item>{others}"))
        };
        shows(&net, &app, &shown(0)).await;
        let (articles, votes) = (app.articles().len(), votes(&app));
        for guid in 1..5 {
            assert_eq!(normalized(&app, &shown(guid)), 0, "{page}");
            assert_eq!(shows(&net, &app, &shown(guid)).await, (0, 0), "{page}");
        }
        assert_eq!(app.articles().len(), articles);
        assert_eq!(self::votes(&app), votes, "it votes once");
        let edited = shown(9).replace("Late at", "Later at");
        assert_eq!(
            shows(&net, &app, &edited).await.0,
            usize::from(page == "/live")
        );
    }
}

/// What is known of the language of the feed.
fn votes(app: &EndToEnd) -> Option<String> {
    let conn = rusqlite::Connection::open(app.db()).unwrap();
    conn.query_row("SELECT languages FROM feeds", [], |r| r.get(0))
        .unwrap()
}

#[tokio::test]
async fn a_notice_is_known_in_a_single_new_article_also_of_a_feed_of_copies() {
    let net = Internet::start().await;
    net.always("wire.test", "/feed", Reply::feed(""));
    net.always("paper.test", "/feed", Reply::feed(""));
    let app = EndToEnd::new(&net);
    app.subscribe(&["http://wire.test/feed"]);
    let body = |n: usize| {
        let words = (0..60).map(|w| format!("word{n}x{w}"));
        words.collect::<Vec<_>>().join(" ")
    };
    let item = |n: usize, host: &str, notice: &str| {
        format!(
            "<item><guid isPermaLink='false'>{host}{n}</guid><link>https://{host}/{n}</link><title>Boat {n} of the year</title>\
             <description>&lt;p&gt;{}&lt;/p&gt;{notice}</description></item>",
            body(n)
        )
    };
    let feed = |host: &str, notice: &str, to: usize| {
        let items = (1..=to).rev().map(|n| item(n, host, notice));
        rss(&items.collect::<String>())
    };
    net.always("wire.test", "/feed", Reply::feed(feed("wire.test", "", 7)));
    app.pass().await;
    app.subscribe(&[URL]);
    let notice = "&lt;p&gt;The boats appeared first in The Paper of all.&lt;/p&gt;";
    net.always(
        "paper.test",
        "/feed",
        Reply::feed(feed("paper.test", notice, 6)),
    );
    app.hours(2);
    app.pass().await;
    assert_eq!(app.river().len(), 7, "copies");
    net.always(
        "paper.test",
        "/feed",
        Reply::feed(feed("paper.test", notice, 7)),
    );
    app.hours(2);
    assert_eq!(app.pass().await.articles_new, 1);
    assert_eq!(app.river().len(), 7, "copies");
    for article in app.articles() {
        assert!(
            !article
                .content_text
                .as_ref()
                .unwrap()
                .contains("appeared first"),
            "{}",
            article.title
        );
    }
}

/// Every row of a store, table by table.
fn rows(folder: &Path) -> Vec<String> {
    let conn = rusqlite::Connection::open(folder.join("newswire.db")).unwrap();
    // The word index is merged by and by: how it lies in its tables depends on the time that the writer had.
    conn.execute_batch("CREATE VIRTUAL TABLE temp.written USING fts5vocab(main, words, instance)")
        .unwrap();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'words_%'
         UNION ALL SELECT 'written' ORDER BY name";
    let mut tables = conn.prepare(tables).unwrap();
    let tables = tables.query_map([], |r| r.get::<_, String>(0)).unwrap();
    let mut rows = Vec::new();
    for table in tables.map(Result::unwrap) {
        let mut all = conn.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = all.column_count();
        let read = all.query_map([], |r| {
            let values = (0..columns).map(|at| format!("{:?}", r.get_ref_unwrap(at)));
            Ok(format!("{table} {}", values.collect::<Vec<_>>().join(" ")))
        });
        rows.extend(read.unwrap().map(Result::unwrap));
    }
    rows
}

#[test]
fn rel_06_documents_read_in_part_store_what_documents_read_whole_store() {
    let cases = std::env::var("NEWSWIRE_SEQUENCES").map_or(6, |n| n.parse().unwrap());
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 300,
        ..Config::default()
    };
    let seed = std::env::var("NEWSWIRE_SEED").map_or(1, |n| n.parse().unwrap());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    TestRunner::new_with_rng(config, rng)
        .run(&vec(any::<u8>(), 0..150), |bytes| {
            let part = sequences::played(&bytes, Normalized::Unknown);
            let whole = sequences::played(&bytes, Normalized::AllForTheStore);
            let (part, whole) = (rows(part.path()), rows(whole.path()));
            for (part, whole) in part.iter().zip(&whole) {
                prop_assert_eq!(part, whole);
            }
            prop_assert_eq!(part.len(), whole.len());
            Ok(())
        })
        .unwrap();
}
