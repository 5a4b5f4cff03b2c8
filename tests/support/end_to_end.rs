//! A whole newswire against the fake internet, without the process around it: a store in a directory of its own, the
//! fetcher, ingest, and a clock that the test holds.

use std::sync::Arc;
use std::time::Duration;

use newswire::clock::Clock;
use newswire::fetch::{FetchOptions, Fetcher, Names};
use newswire::ingest::{Ingest, IngestOptions, PassReport, WebSub};
use newswire::model::{ArticleView, Feed, FeedRow, StoryView, Time, WebUrl};
use newswire::query;
use newswire::schedule::Policy;
use newswire::store::{
    ClaimScope, FeedSettings, NewFeed, Selection, Store, StoreOptions, TopicDefinition,
};
use tokio_util::sync::CancellationToken;

use super::Internet;

/// How long stories gather copies, as by default.
const WINDOW: Duration = Duration::from_secs(7 * 86_400);

pub struct EndToEnd {
    pub clock: Clock,
    pub store: Arc<Store>,
    pub ingest: Arc<Ingest>,
    pub dir: Arc<tempfile::TempDir>,
}

impl EndToEnd {
    /// An app on 20 January 2030 whose internet is `net` as it is now.
    pub fn new(net: &Internet) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let now = Time::parse_rfc3339("2030-01-20T12:00:00Z").unwrap();
        Self::open(net, dir, Clock::manual(now), |_| {})
    }

    /// The same; stories gather copies for so long.
    pub fn remembering(net: &Internet, window: Duration) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let now = Time::parse_rfc3339("2030-01-20T12:00:00Z").unwrap();
        Self::open_with(net, dir, Clock::manual(now), |_| {}, None, window)
    }

    /// The same, and hubs reach it at `https://reader.example/websub`.
    pub fn called_back(net: &Internet) -> Self {
        let app = Self::new(net);
        let websub = WebSub {
            callback: WebUrl::parse("https://reader.example/websub").unwrap(),
        };
        app.with_hubs(net, Some(websub))
    }

    /// The same app, hubs being asked or not.
    pub fn with_hubs(self, net: &Internet, websub: Option<WebSub>) -> Self {
        let Self {
            clock,
            dir,
            store,
            ingest,
            ..
        } = self;
        drop(ingest);
        drop(store);
        Self::open_with(net, dir, clock, |_| {}, websub, WINDOW)
    }

    /// The same with a fetcher of other options.
    pub fn with(net: &Internet, change: impl FnOnce(&mut FetchOptions)) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        let now = Time::parse_rfc3339("2030-01-20T12:00:00Z").unwrap();
        Self::open(net, dir, Clock::manual(now), change)
    }

    /// The same with a clock that the test made before.
    pub fn at(net: &Internet, clock: &Clock, change: impl FnOnce(&mut FetchOptions)) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        Self::open(net, dir, clock.clone(), change)
    }

    /// An app at `now` that finds this store, as an older version wrote it.
    pub fn inheriting(net: &Internet, store: &[u8], now: &str) -> Self {
        let dir = Arc::new(tempfile::tempdir().unwrap());
        std::fs::write(dir.path().join("newswire.db"), store).unwrap();
        let now = Time::parse_rfc3339(now).unwrap();
        Self::open(net, dir, Clock::manual(now), |_| {})
    }

    /// Its store's file.
    pub fn db(&self) -> std::path::PathBuf {
        self.dir.path().join("newswire.db")
    }

    /// The same app after a restart.
    pub fn again(self, net: &Internet) -> Self {
        self.again_with(net, |_| {})
    }

    /// The same with a fetcher of other options.
    pub fn again_with(self, net: &Internet, change: impl FnOnce(&mut FetchOptions)) -> Self {
        let Self {
            clock,
            dir,
            store,
            ingest,
            ..
        } = self;
        drop(ingest);
        drop(store);
        Self::open(net, dir, clock, change)
    }

    fn open(
        net: &Internet,
        dir: Arc<tempfile::TempDir>,
        clock: Clock,
        change: impl FnOnce(&mut FetchOptions),
    ) -> Self {
        Self::open_with(net, dir, clock, change, None, WINDOW)
    }

    fn open_with(
        net: &Internet,
        dir: Arc<tempfile::TempDir>,
        clock: Clock,
        change: impl FnOnce(&mut FetchOptions),
        websub: Option<WebSub>,
        dedup_window: Duration,
    ) -> Self {
        let store = StoreOptions {
            path: dir.path().join("newswire.db"),
            synchronous_full: false,
            dedup_window,
            dedup_near: true,
        };
        let store = Arc::new(Store::open(&store, clock.clone()).unwrap());
        let mut fetch = FetchOptions {
            names: Names::Table(net.names()),
            allow_private: vec!["127.0.0.0/8".parse().unwrap()],
            host_delay: Duration::ZERO,
            ..FetchOptions::default()
        };
        change(&mut fetch);
        let fetcher = Arc::new(Fetcher::new(fetch, clock.clone()).unwrap());
        for (host, until) in store.reads().resting_hosts(clock.now()).unwrap() {
            fetcher.back_off(&host, until.since(clock.now()));
        }
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
        Self {
            clock,
            store,
            ingest: Arc::new(ingest),
            dir,
        }
    }

    pub fn feed(url: &str) -> NewFeed {
        NewFeed {
            url: WebUrl::parse(url).unwrap(),
            title: None,
            folder: None,
            tags: Vec::new(),
            settings: FeedSettings::default(),
            declared: false,
        }
    }

    pub fn subscribe(&self, urls: &[&str]) -> Vec<FeedRow> {
        let feeds = urls.iter().map(|u| Self::feed(u)).collect();
        let made = self.store.subscribe(feeds).unwrap();
        made.into_iter().map(|m| m.row).collect()
    }

    pub fn topics(&self, definitions: &[(&str, &str)]) {
        let topics = definitions
            .iter()
            .map(|(name, source)| TopicDefinition {
                name: (*name).to_owned(),
                title: (*name).to_owned(),
                source: (*source).to_owned(),
                expr: query::parse(source).unwrap(),
                feed: Default::default(),
            })
            .collect();
        self.store.set_topics(topics).unwrap();
    }

    /// A pass over all that may be polled.
    pub async fn pass(&self) -> PassReport {
        self.pass_over(ClaimScope::All {
            manual_interval: Duration::ZERO,
        })
        .await
    }

    /// A pass over one feed.
    pub async fn poll(&self, feed: FeedRow) -> PassReport {
        self.pass_over(ClaimScope::These {
            feeds: vec![feed],
            manual_interval: Duration::ZERO,
        })
        .await
    }

    /// A pass over what is due.
    pub async fn pass_due(&self) -> PassReport {
        self.pass_over(ClaimScope::Due).await
    }

    async fn pass_over(&self, scope: ClaimScope) -> PassReport {
        self.ingest
            .pass(scope, &CancellationToken::new(), &|_| {})
            .await
            .unwrap()
    }

    pub fn hours(&self, n: u64) {
        self.clock.advance(Duration::from_secs(n * 3600));
    }

    pub fn river(&self) -> Vec<StoryView> {
        let selection = Selection {
            bodies: true,
            ..Selection::default()
        };
        self.store.reads().stories(&selection).unwrap()
    }

    pub fn articles(&self) -> Vec<ArticleView> {
        let selection = Selection {
            bodies: true,
            ..Selection::default()
        };
        self.store.reads().articles(&selection).unwrap()
    }

    pub fn feeds(&self) -> Vec<Feed> {
        self.store.reads().feeds().unwrap()
    }
}
