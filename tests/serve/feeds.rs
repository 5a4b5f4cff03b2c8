//! What a strict subscriber relies on in merged feeds: archives that hold everything, and topics that say how their feeds
//! are made up.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use newswire::clock::Clock;
use newswire::model::{Draft, Failure, FailureKind, Outcome, Time};
use newswire::serve::{ServeOptions, Tokens};
use newswire::store::{Selection, TopicFeed};

use crate::support::cli_home::{CliHome, poll, subscribe};
use crate::support::process::{Daemon, command, configuration};
use crate::support::server_fixture::{HOST, ServerFixture, between, options};
use crate::support::store_fixture::{StoreFixture, draft};

/// Article `n`, published so many hours before the fixture's first moment.
fn old(n: usize, hours: u64) -> Draft {
    let start = Time::parse_rfc3339("2030-01-10T12:00:00Z").unwrap();
    Draft {
        published: Some(start.minus(Duration::from_secs(hours * 3600))),
        ..draft(
            HOST,
            n,
            &format!("Report {n}"),
            &format!("It tells of {n} boats."),
        )
    }
}

fn ids(page: &str) -> Vec<String> {
    between(page, "<entry", "</entry>")
        .iter()
        .map(|e| between(e, "<id>urn:uuid:", "</id>")[0].to_owned())
        .collect()
}

fn link<'p>(page: &'p str, rel: &str) -> Option<&'p str> {
    let start = format!("<link rel=\"{rel}\" type=\"application/atom+xml\" href=\"");
    between(page, &start, "\"").into_iter().next()
}

impl ServerFixture {
    /// The document behind a link.
    async fn follow(&self, link: &str) -> String {
        let path = link.strip_prefix(&format!("http://{}", self.at)).unwrap();
        self.get(&path.replace("&amp;", "&")).await.text()
    }

    fn all(&self) -> Vec<String> {
        let river = self.fixture.store.reads().stories(&Selection::default());
        river.unwrap().iter().map(|s| s.id.to_string()).collect()
    }

    /// Every document of the archive, as (address, document), from the newest page on.
    async fn archive(&self, start: &str) -> Vec<(String, String)> {
        let mut documents = vec![(start.to_owned(), self.get(start).await.text())];
        while let Some(link) = documents
            .last()
            .and_then(|(_, page)| link(page, "prev-archive"))
        {
            let link = link.to_owned();
            let page = self.follow(&link).await;
            documents.push((link, page));
        }
        documents
    }
}

#[tokio::test]
async fn the_archive_holds_every_story_while_articles_arrive() {
    let site = ServerFixture::open().await;
    site.fixture.topics(&[("sea", "boats")]);
    // Nine days, forty a day, and days without any between them.
    site.put(
        (0..360)
            .map(|n| old(n, 24 * (n as u64 / 40) * 2 + n as u64 % 20))
            .collect(),
    );
    for start in ["/feeds/all.atom", "/feeds/sea.atom?limit=7"] {
        let before = site.all();
        let mut seen = BTreeSet::new();
        let mut page = site.get(start).await.text();
        let mut documents = 0;
        loop {
            seen.extend(ids(&page));
            documents += 1;
            site.arrive([1000 + seen.len() * 10 + documents]);
            let Some(next) = link(&page, "prev-archive") else {
                break;
            };
            page = site.follow(next).await;
            assert!(link(&page, "current").is_some(), "{page}");
            assert_eq!(link(&page, "next"), None, "an archive document is no page");
        }
        let missed: Vec<_> = before.iter().filter(|id| !seen.contains(*id)).collect();
        assert_eq!(missed, Vec::<&String>::new(), "{start}");
        assert!((9..25).contains(&documents), "{documents}");
    }
}

#[tokio::test]
async fn archive_documents_of_settled_days_stay_byte_for_byte() {
    let site = ServerFixture::open().await;
    site.put((0..200).map(|n| old(n, n as u64)).collect());
    let before = site.archive("/feeds/all.atom").await;
    for n in 0..40 {
        site.fixture.clock.advance(Duration::from_secs(3600));
        site.arrive([500 + n]);
    }
    let after = site.archive("/feeds/all.atom").await;
    let settled = |documents: &[(String, String)]| -> Vec<(String, String)> {
        let is_settled = |(_, page): &&(String, String)| page.contains("<fh:archive/>");
        documents.iter().filter(is_settled).cloned().collect()
    };
    let (before, after) = (settled(&before), settled(&after));
    assert!(before.len() >= 6, "{}", before.len());
    assert!(after.len() > before.len());
    assert_eq!(after[after.len() - before.len()..], before[..]);
    // No two of them hold the same story: only the newest page and what follows it may overlap.
    let all: Vec<String> = after.iter().flat_map(|(_, page)| ids(page)).collect();
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
}

#[tokio::test]
async fn a_day_with_more_than_a_document_holds_has_several() {
    let site = ServerFixture::open().await;
    site.put((0..1200).map(|n| old(n, 100)).collect());
    site.arrive([5000]);
    let documents = site.archive("/feeds/all.atom").await;
    let seen: HashSet<String> = documents.iter().flat_map(|(_, page)| ids(page)).collect();
    assert_eq!(seen.len(), 1201);
    assert_eq!(documents.len(), 4);
}

#[tokio::test]
async fn a_topic_may_limit_what_one_feed_has_on_a_page() {
    let site = ServerFixture::with(
        ServeOptions {
            page_size: 6,
            ..options()
        },
        || Ok(()),
    )
    .await;
    let mut topics = site.fixture.definitions(&[("sea", "boats")]);
    topics[0].feed = TopicFeed {
        limit_per_feed: Some(2),
        ..TopicFeed::default()
    };
    site.fixture.store.set_topics(topics).unwrap();
    let other = site.fixture.subscribe("b.example");
    let told = |n| {
        draft(
            "b.example",
            n,
            &format!("Other {n}"),
            &format!("{n} other boats."),
        )
    };
    site.fixture.put(other, (0..3).map(told).collect());
    site.arrive(0..20);
    let page = site.get("/feeds/sea.atom").await.text();
    let sources = between(&page, "<source>", "</source>");
    let of = |host: &str| sources.iter().filter(|s| s.contains(host)).count();
    assert_eq!((of(HOST), of("b.example")), (2, 2), "{page}");
    assert_eq!(ids(&site.get("/feeds/all.atom").await.text()).len(), 6);
}

#[tokio::test]
async fn a_topic_may_have_an_entry_for_every_copy() {
    let site = ServerFixture::open().await;
    let mut topics = site
        .fixture
        .definitions(&[("sea", "boats"), ("copies", "boats -feed:c.example")]);
    topics[1].feed = TopicFeed {
        one_per_story: false,
        ..TopicFeed::default()
    };
    site.fixture.store.set_topics(topics).unwrap();
    let page = draft(HOST, 1, "", "").canonical_url;
    for host in [HOST, "b.example", "c.example"] {
        let feed = match host {
            HOST => site.feed,
            host => site.fixture.subscribe(host),
        };
        let copy = Draft {
            canonical_url: page.clone(),
            ..draft(host, 1, "Boats", "Ten boats came.")
        };
        let sequence = site.fixture.put(feed, vec![copy]);
        site.sequence.send_replace(sequence);
    }
    assert_eq!(ids(&site.get("/feeds/sea.atom").await.text()).len(), 1);
    let first = site.get("/feeds/copies.atom?limit=1").await.text();
    let second = site.follow(link(&first, "next").unwrap()).await;
    assert_eq!(
        link(&second, "next"),
        None,
        "the third copy is not of the topic"
    );
    let (newer, older) = (ids(&first), ids(&second));
    assert_ne!(newer, older);
    assert_eq!(
        older,
        ids(&site.get("/feeds/sea.atom").await.text()),
        "the first copy's id"
    );
    assert!(!first.contains("rel=\"related\""));
}

#[test]
fn how_a_feed_is_made_up_is_kept_and_changing_it_moves_the_sequence() {
    let fixture = StoreFixture::new();
    let mut topics = fixture.definitions(&[("sea", "boats")]);
    fixture.store.set_topics(topics.clone()).unwrap();
    let before = fixture.store.reads().sequence().unwrap();
    topics[0].feed.prefer = vec!["Argus".to_owned()];
    assert_eq!(fixture.store.set_topics(topics.clone()).unwrap(), 1);
    assert!(fixture.store.reads().sequence().unwrap() > before);
    let kept = fixture.store.reads().topic_feed("sea").unwrap();
    assert_eq!(kept.as_ref(), Some(&topics[0].feed));
    assert_eq!(fixture.store.reads().topic_feed("land").unwrap(), None);
}

#[tokio::test]
async fn sec_18_a_private_server_answers_who_has_a_token_and_leads_on_with_it() {
    let tokens = Tokens::read("0123456789abcdef\nfedcba9876543210 sea\n").unwrap();
    let private = ServeOptions {
        tokens: Some(tokens),
        ..options()
    };
    let site = ServerFixture::with(private, || Ok(())).await;
    site.fixture.topics(&[("sea", "boats"), ("land", "hills")]);
    site.arrive(0..30);
    let refused = site.get("/feeds/sea.atom").await;
    assert_eq!(refused.status, 401);
    assert!(
        refused
            .header("www-authenticate")
            .starts_with("Basic realm=")
    );
    assert!(!refused.text().contains("Report"));
    assert_eq!(site.get("/healthz").await.status, 200);
    let path = "/feeds/sea.atom?token=fedcba9876543210";
    let first = site.get(path).await;
    assert_eq!(first.status, 200);
    assert!(
        first
            .header("cache-control")
            .starts_with("private, max-age=")
    );
    assert_eq!(
        site.get("/feeds/land.atom?token=fedcba9876543210")
            .await
            .status,
        403
    );
    let first = first.text();
    let second = site.follow(link(&first, "next").unwrap()).await;
    assert_eq!(ids(&second).len(), 10, "{second}");
    // Who gives it in a header sees no token in any link, and not another's from the cache.
    let basic = [("Authorization", "Basic YW5uOjAxMjM0NTY3ODlhYmNkZWY=")];
    let page = site.get_with("/feeds/sea.atom", &basic).await;
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("token="), "{}", page.text());
}

#[tokio::test]
async fn the_feed_of_our_own_health_tells_what_broke_recovered_and_fell_silent() {
    let site = ServerFixture::open().await;
    let day = Duration::from_secs(86_400);
    let failed = Outcome::Failed(Failure {
        kind: FailureKind::NotFound,
        message: "404 <Not> Found".to_owned(),
    });
    site.arrive(0..3);
    for _ in 0..5 {
        site.fixture.poll(site.feed, failed.clone());
    }
    site.arrive([7]);
    site.fixture.clock.advance(day * 30);
    site.arrive([]);
    site.arrive([]);
    site.arrive([8]);
    let titles = |page: &str| -> Vec<String> {
        let entries = between(page, "<entry", "</entry>");
        let title = |e: &&str| between(e, "<title>", "</title>")[0].to_owned();
        entries.iter().map(title).collect()
    };
    let page = site.get("/feeds/newswire-health.atom").await.text();
    let told = [
        "has new articles again",
        "fell silent",
        "works again",
        "is broken",
    ];
    assert_eq!(titles(&page), told.map(|t| format!("{HOST} {t}")), "{page}");
    assert!(page.contains("404 &amp;lt;Not&amp;gt; Found"), "{page}");
    assert_eq!(page, site.get("/feeds/newswire-health.atom").await.text());
    for format in ["rss", "json"] {
        let page = site.get(&format!("/feeds/newswire-health.{format}")).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("is broken"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rendered_files_are_byte_for_byte_what_the_server_sends() {
    let home = CliHome::empty();
    let text = configuration(&home).replace(
        "[server]\n",
        "[server]\npage_size = 2\npublic_url = \"https://news.example/\"\n",
    );
    home.configure(&format!(
        "{text}[websub]\nhub = \"https://hub.example/\"\n[[topic]]\nname = \"sea\"\nmatch = \"boats\"\n"
    ));
    let clock = Clock::manual(Time::parse_rfc3339("2026-01-10T12:00:00Z").unwrap());
    let store = home.store(&clock);
    let feed = subscribe(&store, HOST, "The Argus");
    let drafts = (0..9).map(|n| draft(HOST, n, &format!("Boats {n}"), "They came."));
    poll(&store, &clock, feed, drafts.collect());
    drop(store);
    let daemon = Daemon::start(&home);
    let rendered = command(&home, &["render", "--out", "www"])
        .output()
        .unwrap();
    assert!(rendered.status.success(), "{rendered:?}");
    for file in [
        "all.atom", "all.rss", "all.json", "sea.atom", "sea.rss", "sea.json",
    ] {
        let written = std::fs::read_to_string(home.path(&format!("www/feeds/{file}"))).unwrap();
        assert_eq!(
            daemon.get(&format!("/feeds/{file}")),
            (200, written),
            "{file}"
        );
    }
    for file in ["feeds.opml", "subscriptions.opml"] {
        let written = std::fs::read_to_string(home.path(&format!("www/{file}"))).unwrap();
        assert_eq!(daemon.get(&format!("/{file}")), (200, written), "{file}");
    }
}

#[tokio::test]
async fn et_54_a_feed_without_stories_was_changed_when_the_store_was_made() {
    let site = ServerFixture::open().await;
    site.fixture.topics(&[("none", "nothinglikethis")]);
    for path in ["none.atom", "newswire-health.atom", "none.rss"] {
        let path = format!("/feeds/{path}");
        site.fixture.clock.advance(Duration::from_secs(3600));
        let first = site.get(&path).await;
        let text = first.text();
        let dates = [
            "<updated>2030-01-10T12:00:00Z<",
            "<lastBuildDate>Thu, 10 Jan 2030 12:00:00 GMT<",
        ];
        assert!(dates.iter().any(|d| text.contains(d)), "{text}");
        assert_eq!(
            first.header("last-modified"),
            "Thu, 10 Jan 2030 12:00:00 GMT"
        );
        site.fixture.clock.advance(Duration::from_secs(7200));
        let later = site.get(&path).await;
        assert_eq!(later.header("etag"), first.header("etag"), "{path}");
    }
}
