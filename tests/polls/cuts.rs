//! A document that breaks off at any byte: a cut connection, a generator that fails half-way. What it still says of an item
//! must never become an edit, a second article, or an article under half of its name.

use std::time::Duration;

use newswire::clock::Clock;
use newswire::ingest::document::{self, Normalized};
use newswire::model::{FeedRow, Outcome, Poll, Time, Validators, WebUrl};
use newswire::parse::ParseContext;
use newswire::store::{
    ClaimScope, Committed, DocumentCommit, FeedSettings, HubChange, NewFeed, PlanCommit,
    PollCommit, Store, StoreOptions,
};

use crate::support::{EndToEnd, Internet, Reply};

/// A store whose feeds show what the test hands to them.
struct Desk {
    store: Store,
    clock: Clock,
    conn: rusqlite::Connection,
    _dir: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Time::parse_rfc3339("2030-01-10T12:00:00Z").unwrap());
        let options = StoreOptions {
            path: dir.path().join("newswire.db"),
            synchronous_full: false,
            dedup_window: Duration::ZERO,
            dedup_near: false,
        };
        Self {
            store: Store::open(&options, clock.clone()).unwrap(),
            clock,
            conn: rusqlite::Connection::open(&options.path).unwrap(),
            _dir: dir,
        }
    }

    fn feed(&self, name: &str) -> FeedRow {
        let feed = NewFeed {
            url: WebUrl::parse(&format!("https://paper.test/{name}")).unwrap(),
            title: None,
            folder: None,
            tags: Vec::new(),
            settings: FeedSettings::default(),
            declared: false,
        };
        self.store.subscribe(vec![feed]).unwrap()[0].row
    }

    /// The feed shows this and is polled. A document that cannot be read is a failure, which changes nothing.
    fn shows(&self, feed: FeedRow, bytes: &[u8]) -> Committed {
        self.clock.advance(Duration::from_secs(3600));
        let scope = ClaimScope::These {
            feeds: vec![feed],
            manual_interval: Duration::ZERO,
        };
        let claimed = self.store.claim(self.clock.now(), scope, 1).unwrap();
        let claim = claimed.0.into_iter().next().unwrap();
        let context = ParseContext::default();
        let part = Normalized::Unknown;
        let read = document::read(&self.store, &claim, bytes, &context, part);
        let Ok(read) = read.unwrap() else {
            self.store.give_back(&claim).unwrap();
            return Committed::default();
        };
        let document = DocumentCommit {
            is_complete: false,
            drafts: read.drafted.drafts,
            listed: read.listed,
            votes: Some(read.drafted.votes),
            title: read.feed.title,
            site: None,
            digest: vec![1],
            repairs: read.feed.warnings,
            archive: None,
            paragraphs: read.drafted.paragraphs,
        };
        let now = self.clock.now();
        let poll = Poll {
            feed,
            started: now,
            finished: now,
            final_url: Some(claim.url.clone()),
            moved_permanently: false,
            status: Some(200),
            bytes_wire: 100,
            hints: Default::default(),
            extent: Default::default(),
            outcome: Outcome::Document {
                content_type: None,
                validators: Validators::default(),
            },
        };
        let commit = PollCommit {
            poll,
            claim,
            document: Some(document),
            plan: PlanCommit {
                next_at: Some(now.plus(Duration::from_secs(3600))),
                ..PlanCommit::default()
            },
            hub: HubChange::Unchanged,
            offline: false,
        };
        self.store.commit(self.store.prepare(commit)).unwrap()
    }

    /// What is stored of a feed's articles, but for the time at which they came: key, headline, and the rest.
    fn articles(&self, feed: FeedRow) -> Vec<[String; 3]> {
        // Beside others of its guid an article may keep the key that it got alone.
        let all = "SELECT substr(key, 1, instr(key || char(9), char(9)) - 1), title, url, guid, summary, published, updated, language, facts, digest, revision, content
            FROM articles WHERE feed = ?1 ORDER BY key, title";
        let mut all = self.conn.prepare(all).unwrap();
        let all = all.query_map([feed], |r| {
            let rest: Vec<String> = (2..12)
                .map(|at| format!("{:?}", r.get_ref_unwrap(at)))
                .collect();
            Ok([r.get(0)?, r.get(1)?, rest.join(" ")])
        });
        all.unwrap().map(Result::unwrap).collect()
    }
}

const RSS: &str = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Paper</title><link>https://paper.test/</link>\
    <item><guid>https://paper.test/a/12</guid><title>Boats é</title><link>https://paper.test/a/12</link>\
    <description><![CDATA[<p>Boats <b>came</b> in.</p><pre><item><guid>https://paper.test/x</guid><title>Quoted</title></item></pre>]]></description></item>\
    <item><title>Bridges</title><link>https://paper.test/a/345</link><pubDate>Thu, 10 Jan 2030 09:00:00 GMT</pubDate>\
    <description>&lt;p>A bridge was built.&lt;/p></description><source url='https://wire.test/f'>Wire</source>\
    <guid isPermaLink='false'>tag:paper.test,345</guid></item></channel></rss>";

const LINKS: &str = "<rss version=\"2.0\"><channel><title>Paper</title>\
    <item><title>Boats</title><link/>https://paper.test/a/12<pubDate>Thu, 10 Jan 2030 09:00:00 GMT</pubDate><description>In.</description></item>\
    <item><title>Bridges</title><link/>https://paper.test/a/345<description>Out.</description></item></channel></rss>";

const BARE: &str = "<rss version=\"2.0\"><channel><title>Paper</title>\
    <item><title>Boats</title><link>https://paper.test/a/12<guid>12345-a</guid><description>One <b>two</b>\
    <item><title>Bridges</title><link>https://paper.test/a/345<guid>12345-b</guid><description>Out.\
    <item><title>Ferries</title><link>https://paper.test/a/346<guid>12346-b</guid><description>In.\
    </channel></rss>";

const NUMBERS: &str = "<rss version=\"2.0\"><channel><title>Paper</title>\
    <item><guid>12</guid><title>Boats</title><link>https://paper.test/a/12</link><description>In.</description></item>\
    <item><guid>13</guid><title>Bridges</title><description>Out.</description><link>https://paper.test/a/13</link></item></channel></rss>";

const SHARED: &str = "<rss version=\"2.0\"><channel><title>Paper</title>\
    <item><guid>one-and-all</guid><title>Boats</title><description>In.</description><link>https://paper.test/a/12</link></item>\
    <item><guid>one-and-all</guid><title>Bridges</title><description>Out.</description><link>https://paper.test/a/13</link></item></channel></rss>";

/// Of one guid as well, but the item that stands whole is stored under the guid alone.
const LATER: &str = "<rss version=\"2.0\"><channel><title>Paper</title>\
    <item><guid>one-and-all</guid><title>Boats</title><link>https://paper.test/a/12</link><description>In.</description></item>";
const LATER_PART: &str = "<item><guid>one-and-all</guid><title>Bridges</title>";

#[test]
fn rel_05_a_part_of_an_item_takes_no_article_of_a_whole_one_of_its_guid() {
    let desk = Desk::new();
    let feed = desk.feed("later");
    assert_eq!(desk.shows(feed, LATER.as_bytes()).new, 1);
    let before = desk.articles(feed);
    let more = desk.shows(feed, format!("{LATER}{LATER_PART}").as_bytes());
    assert_eq!((more.new, more.changed), (0, 0));
    assert_eq!(desk.articles(feed), before);
}

const RDF: &str = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>\
    <channel rdf:about='https://paper.test/'><title>Paper</title><items><rdf:Seq><rdf:li resource='https://paper.test/a/12'/>\
    <rdf:li resource='https://paper.test/a/345'/></rdf:Seq></items></channel>\
    <item rdf:about='https://paper.test/a/12'><title>Boats</title><link>https://paper.test/a/12</link><description>In.</description></item>\
    <item rdf:about='https://paper.test/a/345'><title>Bridges</title><link>https://paper.test/a/345</link><description>Out.</description></item>\
    </rdf:RDF>";

const ATOM: &str = "<feed xmlns='http://www.w3.org/2005/Atom'><title>Paper</title>\
    <entry><source><id>https://wire.test/f</id><title>Wire</title><link href='https://wire.test/'/></source><id>tag:paper.test,12</id>\
    <title>Boats</title><link href='https://paper.test/a/12'/><updated>2030-01-10T10:00:00Z</updated>\
    <content type='html'>&lt;p&gt;In.&lt;/p&gt;</content></entry>\
    <entry><id>tag:paper.test,345</id><title>Bridges</title><content type='application/xml'>\
    <feed><title>Quoted</title><entry><id>tag:wire.test,1</id><title>Inner</title><link href='https://wire.test/1'/></entry>\
    <entry><id>tag:wire.test,2</id><title>Other</title><link href='https://wire.test/2'/></entry></feed></content>\
    <link href='https://paper.test/a/345'/><updated>2030-01-10T10:00:00Z</updated></entry></feed>";

const XHTML: &str = "<feed xmlns='http://www.w3.org/2005/Atom'><title>Paper</title>\
    <entry><id>tag:paper.test,345</id><title>Bridges</title><link href='https://paper.test/a/345'/><updated>2030-01-10T10:00:00Z</updated>\
    <content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>One <i>two</i></p><svg><title>A bridge</title></svg><p>three</p></div></content>\
    <author><name>Jana Dohl</name></author></entry></feed>";

/// Its only entry quotes a feed before it says who it is.
const QUOTING: &str = "<feed xmlns='http://www.w3.org/2005/Atom'><title>Paper</title><entry><content type='application/xml'>\
    <feed><title>Quoted</title><entry><id>tag:wire.test,1</id><title>Inner</title><link href='https://wire.test/1'/></entry>\
    </feed></content><id>tag:paper.test,345</id><title>Bridges</title><link href='https://paper.test/a/345'/></entry></feed>";

const JSON: &str = r#"{"version":"https://jsonfeed.org/version/1.1","title":"Paper","items":[
    {"id":"12","url":"https://paper.test/a/12","title":"Boats","content_html":"<p>In.</p>"},
    {"id":345,"url":"https://paper.test/a/345","title":"Bridges","content_text":"Out."}],"home_page_url":"https://paper.test/"}"#;

const ALL: [(&str, &str); 10] = [
    ("rss", RSS),
    ("links", LINKS),
    ("bare", BARE),
    ("numbers", NUMBERS),
    ("shared", SHARED),
    ("rdf", RDF),
    ("atom", ATOM),
    ("xhtml", XHTML),
    ("quoting", QUOTING),
    ("json", JSON),
];

/// Where a document is cut: anywhere behind the beginning of its first item.
fn ends(whole: &[u8]) -> std::ops::Range<usize> {
    let text = String::from_utf8_lossy(whole);
    let first = ["<item", "<entry", "{\"id"]
        .iter()
        .find_map(|s| text.find(s));
    first.unwrap()..whole.len()
}

#[test]
fn rel_05_a_document_that_breaks_off_edits_and_adds_nothing_that_is_known() {
    let desk = Desk::new();
    for (name, whole) in ALL {
        let whole = whole.as_bytes();
        let feed = desk.feed(name);
        assert!(desk.shows(feed, whole).new > 0);
        let before = desk.articles(feed);
        for end in ends(whole) {
            let cut = &whole[..end];
            let done = desk.shows(feed, cut);
            let shown = String::from_utf8_lossy(cut);
            assert_eq!((done.new, done.changed), (0, 0), "{name}: {shown}");
        }
        let done = desk.shows(feed, whole);
        assert_eq!((done.new, done.changed), (0, 0), "{name}");
        assert_eq!(before, desk.articles(feed));
    }
}

#[test]
fn rel_05_what_broke_off_at_its_first_sighting_is_completed_without_an_edit() {
    for (name, whole) in ALL {
        let desk = Desk::new();
        let whole = whole.as_bytes();
        let feed = desk.feed(name);
        desk.shows(feed, whole);
        let wanted = desk.articles(feed);
        for end in ends(whole).step_by(4) {
            let feed = desk.feed(&format!("{name}-{end}"));
            desk.shows(feed, &whole[..end]);
            let shown = String::from_utf8_lossy(&whole[..end]);
            for [key, title, _] in desk.articles(feed) {
                let is_known = wanted.iter().any(|w| (&w[0], &w[1]) == (&key, &title));
                assert!(is_known, "{key} {title} of {name}: {shown}");
            }
            desk.shows(feed, whole);
            assert_eq!(wanted, desk.articles(feed), "{name}: {shown}");
        }
    }
}

/// A feed that gives this much of a document at first and then all of it; both are called version "1".
async fn cut_first(end: usize, whole_from: usize) -> (Internet, EndToEnd) {
    let net = Internet::start().await;
    let asked = std::sync::atomic::AtomicUsize::new(0);
    net.on("paper.test", "/feed", move |request| {
        let asked = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let end = if asked < whole_from { end } else { RSS.len() };
        match request.header("if-none-match") {
            Some(_) => Reply::status(304),
            None => Reply::feed(&RSS.as_bytes()[..end]).header("ETag", "\"1\""),
        }
    });
    let app = EndToEnd::new(&net);
    app.subscribe(&["http://paper.test/feed"]);
    (net, app)
}

#[tokio::test]
async fn et_08_rel_05_the_validators_of_a_document_that_broke_off_are_not_kept() {
    let (_net, app) = cut_first(RSS.len() - 40, 1).await;
    assert_eq!(app.pass().await.articles_new, 1);
    app.hours(2);
    let report = app.pass().await;
    assert_eq!((report.articles_new, report.articles_changed), (1, 0));
}

#[tokio::test]
async fn et_05_a_document_that_breaks_off_alike_twice_is_asked_for_with_its_validators() {
    let (net, app) = cut_first(RSS.len() - 20, 9).await;
    for _ in 0..3 {
        app.pass().await;
        app.hours(2);
    }
    let log = net.log();
    let sent = log.iter().filter(|s| s.request.path == "/feed");
    let sent: Vec<bool> = sent
        .map(|s| s.request.header("if-none-match").is_some())
        .collect();
    assert_eq!(sent, [false, false, true]);
}
