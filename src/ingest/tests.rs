//! A fault of newswire itself at any stage between the claim and the commit is that feed's failure (REL-12): other feeds are
//! committed, the scheduler continues, and nothing is lost once the fault is fixed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, dead_code)]

mod ahead;
#[path = "../../tests/support/feeds.rs"]
mod feeds;
mod idle;
#[path = "../../tests/support/internet.rs"]
mod internet;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::feeds::{Item, rss};
use self::internet::{Internet, Reply};
use super::{Ingest, IngestOptions, WebSub};
use crate::clock::Clock;
use crate::faults::{self, Kind};
use crate::fetch::{FetchOptions, Fetcher, Names};
use crate::model::{Feed, Time, WebUrl};
use crate::schedule::Policy;
use crate::store::{ClaimScope, FeedSettings, NewFeed, Selection, Store, StoreOptions};

/// The stages, and whether each can also return an error besides panicking.
const STAGES: [(&str, bool); 23] = [
    ("claim", true),
    ("request", true),
    ("answer", true),
    ("parse", false),
    ("known", true),
    ("plan", false),
    ("read", true),
    ("pages", false),
    ("archive", true),
    ("ready", false),
    ("prepare", false),
    ("commit", true),
    ("name", true),
    ("window", true),
    ("article", true),
    ("insert", true),
    ("tag", true),
    ("update", true),
    ("articles", true),
    ("remove", true),
    ("withdrawn", true),
    ("record", true),
    ("recorded", true),
];

/// Name of the host whose feed fails at a stage.
fn name(stage: &str, kind: Kind) -> String {
    format!("{stage}{kind:?}").to_lowercase()
}

/// Every stage with every kind of fault, and the names of their hosts. The word index is written for a whole group at once.
fn cases() -> Vec<(&'static str, Kind, String)> {
    let with_errors = STAGES.into_iter().filter(|(_, has_errors)| *has_errors);
    let errors = with_errors.map(|(stage, _)| (stage, Kind::Error));
    let panics = STAGES.into_iter().map(|(stage, _)| (stage, Kind::Panic));
    let flush = [("flush", Kind::Error), ("flush", Kind::Panic)];
    let all = errors.chain(panics).chain(flush);
    all.map(|(stage, kind)| (stage, kind, name(stage, kind)))
        .collect()
}

struct IngestFixture {
    net: Internet,
    clock: Clock,
    store: Arc<Store>,
    ingest: Arc<Ingest>,
    _dir: tempfile::TempDir,
}

impl IngestFixture {
    /// Feeds of these names, each polled once.
    async fn with(names: &[String]) -> Self {
        Self::open(names, None).await
    }

    async fn open(names: &[String], websub: Option<WebSub>) -> Self {
        Self::opened(names, websub, |_| {}).await
    }

    /// The same with a fetcher of other options.
    async fn fetching(names: &[String], change: impl FnOnce(&mut FetchOptions)) -> Self {
        Self::opened(names, None, change).await
    }

    async fn opened(
        names: &[String],
        websub: Option<WebSub>,
        change: impl FnOnce(&mut FetchOptions),
    ) -> Self {
        let net = Internet::start().await;
        names.iter().for_each(|name| show(&net, name, 1));
        let clock = Clock::manual(Time::parse_rfc3339("2030-01-20T12:00:00Z").unwrap());
        let dir = tempfile::tempdir().unwrap();
        let options = StoreOptions {
            path: dir.path().join("newswire.db"),
            synchronous_full: false,
            dedup_window: Duration::from_secs(7 * 86_400),
            dedup_near: true,
        };
        let store = Arc::new(Store::open(&options, clock.clone()).unwrap());
        let mut options = FetchOptions {
            names: Names::Table(net.names()),
            allow_private: vec!["127.0.0.0/8".parse().unwrap()],
            host_delay: Duration::ZERO,
            ..FetchOptions::default()
        };
        change(&mut options);
        let fetcher = Arc::new(Fetcher::new(options, clock.clone()).unwrap());
        let options = IngestOptions {
            policy: Policy {
                polls_per_day: 24.0,
                min_interval: Duration::from_secs(3600),
                max_interval: Duration::from_secs(86_400),
                strict: false,
                install: 7,
                poll_cost: None,
            },
            manual_interval: Duration::ZERO,
            websub,
        };
        let ingest = Ingest::new(Arc::clone(&store), fetcher, clock.clone(), options).unwrap();
        let ingest = Arc::new(ingest);
        let fixture = Self {
            net,
            clock,
            store,
            ingest,
            _dir: dir,
        };
        fixture
            .store
            .subscribe(names.iter().map(|n| feed(n)).collect())
            .unwrap();
        fixture.pass().await;
        fixture
    }

    async fn pass(&self) {
        let scope = ClaimScope::All {
            manual_interval: Duration::ZERO,
        };
        let cancel = CancellationToken::new();
        self.ingest.pass(scope, &cancel, &|_| {}).await.unwrap();
    }

    fn feed(&self, name: &str) -> Feed {
        let all = self.store.reads().feeds().unwrap();
        all.into_iter()
            .find(|f| f.url == format!("http://{name}.example/feed"))
            .unwrap()
    }

    /// Headlines and bodies of a feed's articles, sorted.
    fn articles(&self, name: &str) -> Vec<(String, Option<String>)> {
        let all = Selection {
            bodies: true,
            ..Selection::default()
        };
        let all = self.store.reads().articles(&all).unwrap();
        let url = format!("http://{name}.example/feed");
        let own = all.into_iter().filter(|a| a.feed_url == url);
        let mut own: Vec<_> = own
            .map(|a| (a.content.title, a.content.content_text))
            .collect();
        own.sort();
        own
    }
}

fn feed(name: &str) -> NewFeed {
    NewFeed {
        url: WebUrl::parse(&format!("http://{name}.example/feed")).unwrap(),
        title: None,
        folder: None,
        tags: Vec::new(),
        settings: FeedSettings {
            full_text: name.starts_with("pages"),
            ..FeedSettings::default()
        },
        declared: false,
    }
}

/// Serves a feed. Its first document lists the items 0 to 2. The second is complete: 0 is edited, 1 withdrawn, 2 unchanged, 3
/// and 4 are new; for a host with an archive, all items are new and the archive has 10 and 11.
fn show(net: &Internet, name: &str, round: u8) {
    let host = format!("{name}.example");
    let items = |numbers: &[usize]| -> Vec<Item> {
        numbers.iter().map(|n| Item::numbered(&host, *n)).collect()
    };
    let head = |document: String, link: &str| {
        document.replacen("<channel>", &format!("<channel>{link}"), 1)
    };
    let document = match round {
        1 if name == "called" => {
            net.always("hub.example", "/", Reply::status(202));
            let link = "<link xmlns=\"http://www.w3.org/2005/Atom\" rel=\"hub\" href=\"http://hub.example/\"/>";
            head(rss("News", &items(&[0, 1, 2])), link)
        }
        1 => rss("News", &items(&[0, 1, 2])),
        _ if name.starts_with("archive") => {
            net.always(&host, "/old", Reply::feed(rss("Old", &items(&[10, 11]))));
            let link =
                "<link xmlns=\"http://www.w3.org/2005/Atom\" rel=\"prev-archive\" href=\"/old\"/>";
            head(rss("News", &items(&[12, 13])), link)
        }
        _ => {
            let mut items = items(&[0, 2, 3, 4]);
            items[0].html = "<p>Nobody counted any boats after all.</p>".to_owned();
            let link = "<fh:complete xmlns:fh=\"http://purl.org/syndication/history/1.0\"/>";
            head(rss("Newer news", &items), link)
        }
    };
    net.always(&host, "/feed", Reply::feed(document));
}

/// Runs the scheduler until `is_done`. It must still be running then, and stop without an error.
async fn schedule_until(fixture: &IngestFixture, is_done: impl Fn() -> bool) {
    let (cancel, (_sender, requests)) = (CancellationToken::new(), mpsc::channel(1));
    let (tick, mut ticks) = mpsc::unbounded_channel();
    let (ingest, stop) = (Arc::clone(&fixture.ingest), cancel.clone());
    let running = tokio::spawn(async move {
        let report = move |_: super::scheduler::SchedulerStatus<'_>| {
            let _ = tick.send(());
        };
        ingest.run(stop, requests, &report).await
    });
    while !is_done() {
        let ticked = ticks.recv().await;
        assert!(ticked.is_some(), "the scheduler ended: {:?}", running.await);
        // Feeds that were overdue at the first tick are spread over some minutes.
        fixture.clock.advance(Duration::from_secs(20));
    }
    cancel.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn rel_12_a_fault_at_any_stage_is_its_feeds_failure_and_of_no_other() {
    let cases = cases();
    let well: Vec<String> = (0..4).map(|n| format!("well{n}")).collect();
    let names: Vec<String> = cases
        .iter()
        .map(|c| c.2.clone())
        .chain(well.clone())
        .collect();
    let fixture = IngestFixture::with(&names).await;
    let first: Vec<_> = names.iter().map(|name| fixture.articles(name)).collect();
    assert!(first.iter().all(|articles| articles.len() == 3));
    for (stage, kind, name) in &cases {
        faults::arm(stage, name, *kind);
    }
    names.iter().for_each(|name| show(&fixture.net, name, 2));
    fixture.clock.advance(Duration::from_secs(3 * 86_400));
    let second = fixture.clock.now();
    let is_polled = |name: &String| fixture.feed(name).last_poll >= Some(second);
    schedule_until(&fixture, || names.iter().all(is_polled)).await;
    for (stage, kind, name) in &cases {
        let feed = fixture.feed(name);
        let error = feed.last_error.unwrap_or_default();
        assert!(error.contains("newswire"), "{stage} {kind:?}: {error:?}");
        assert_eq!(feed.failures, 1, "{stage} {kind:?}");
        let soonest = feed.last_poll.unwrap().plus(Duration::from_secs(1800));
        assert!(feed.next_poll >= Some(soonest), "{stage} {kind:?}");
    }
    for (name, before) in names.iter().zip(&first).take(cases.len()) {
        assert_eq!(fixture.articles(name), *before, "{name}: rolled back");
    }
    for name in &well {
        let feed = fixture.feed(name);
        assert_eq!(
            (feed.failures, fixture.articles(name).len()),
            (0, 4),
            "{name}"
        );
    }
    assert_eq!(
        fixture.store.reads().verify().unwrap(),
        Vec::<String>::new()
    );

    names.iter().for_each(|name| faults::disarm(name));
    fixture.clock.advance(Duration::from_secs(3 * 86_400));
    fixture.pass().await;
    for name in &names {
        assert_eq!(fixture.feed(name).failures, 0, "{name}");
        let expected = if name.starts_with("archive") { 7 } else { 4 };
        assert_eq!(
            fixture.articles(name).len(),
            expected,
            "{name}: nothing is lost"
        );
    }
    assert_eq!(
        fixture.store.reads().verify().unwrap(),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn rel_13_a_visit_that_hangs_fails_at_its_deadline() {
    let name = "endless".to_owned();
    let fixture = IngestFixture::with(std::slice::from_ref(&name)).await;
    faults::arm("answer", &name, Kind::Hang);
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    fixture.pass().await;
    let limit = super::VISIT_MAX + FetchOptions::default().timeout_total;
    assert!(begun.elapsed() >= limit);
    let feed = fixture.feed(&name);
    let message = feed.last_error.unwrap_or_default();
    assert!(message.contains("did not end within 930 s"), "{message}");
    assert_eq!(feed.failures, 1);
    faults::disarm(&name);
    tokio::time::resume();
    fixture.clock.advance(Duration::from_secs(3 * 86_400));
    fixture.pass().await;
    assert_eq!(fixture.feed(&name).failures, 0);
}

#[tokio::test]
async fn rel_12_a_panic_while_hubs_are_asked_does_not_stop_later_requests() {
    let websub = WebSub {
        callback: WebUrl::parse("https://callback.example/websub").unwrap(),
    };
    let fixture = IngestFixture::open(&["called".to_owned()], Some(websub)).await;
    let cancel = CancellationToken::new();
    let asked = || {
        let log = fixture.net.log();
        log.iter()
            .filter(|s| s.request.host == "hub.example")
            .count()
    };
    // The requests are sent by a task on this thread. It has ended when the flag is cleared.
    let ask = async || {
        fixture.ingest.start_hub_requests(&cancel).await.unwrap();
        while fixture.ingest.hubs_busy.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
    };
    for kind in [Kind::Panic, Kind::Error] {
        faults::arm("hubs", "callback.example", kind);
        tokio::time::timeout(Duration::from_secs(30), ask())
            .await
            .unwrap();
        assert_eq!(asked(), 0);
        faults::disarm("callback.example");
    }
    tokio::time::timeout(Duration::from_secs(30), ask())
        .await
        .unwrap();
    assert_eq!(asked(), 1);
}
