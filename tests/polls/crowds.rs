//! REL-16: many feeds of one site take no places from others, and none of them is asked twice because the queue is long.
//! The scheduler runs here on tokio's paused clock, which the clock of the app follows.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use newswire::clock::Clock;
use newswire::ingest::scheduler::{SchedulerRequest, SchedulerStatus};
use newswire::model::Time;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::support::{EndToEnd, Framing, Internet, Item, Reply, rss};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// When each URL was asked, since the beginning.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<HashMap<String, Vec<Duration>>>>);

impl Asked {
    /// Notes when `host` and `path` are asked, and answers.
    fn on(&self, net: &Internet, clock: &Clock, host: &str, path: &str, reply: Reply) {
        let (asked, clock, began) = (self.clone(), clock.clone(), clock.now());
        let url = format!("http://{host}{path}");
        net.on(host, path, move |_| {
            let at = clock.now().since(began);
            let mut all = asked.0.lock().unwrap();
            all.entry(url.clone()).or_default().push(at);
            reply.clone()
        });
    }

    fn feed(&self, net: &Internet, clock: &Clock, host: &str, path: &str) -> String {
        let news = rss(host, &[Item::numbered(host, 1)]);
        let reply = Reply::feed(news).header("Cache-Control", "max-age=86400");
        self.on(net, clock, host, path, reply);
        format!("http://{host}{path}")
    }

    fn times(&self, url: &str) -> Vec<Duration> {
        let all = self.0.lock().unwrap();
        all.get(url).cloned().unwrap_or_default()
    }

    /// How many URLs of `urls` were asked how often.
    fn counts(&self, urls: &[String]) -> BTreeMap<usize, usize> {
        let mut counts = BTreeMap::new();
        for url in urls {
            *counts.entry(self.times(url).len()).or_default() += 1;
        }
        counts
    }
}

fn start() -> Clock {
    Clock::manual(Time::parse_rfc3339("2030-01-20T12:00:00Z").unwrap())
}

/// A running scheduler, and an app whose clock goes with tokio's.
struct Running {
    requests: mpsc::Sender<SchedulerRequest>,
    cancel: CancellationToken,
    done: tokio::task::JoinHandle<()>,
}

impl Running {
    fn begin(app: &EndToEnd) -> Self {
        let (requests, receiver) = mpsc::channel(1);
        let cancel = CancellationToken::new();
        let clock = app.clock.clone();
        tokio::spawn(async move {
            let mut ticks = interval(SECOND);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
            ticks.tick().await;
            loop {
                ticks.tick().await;
                clock.advance(SECOND);
            }
        });
        let (ingest, stop) = (app.ingest.clone(), cancel.clone());
        let done = tokio::spawn(async move {
            let run = ingest.run(stop, receiver, &|_: SchedulerStatus<'_>| {});
            run.await.unwrap();
        });
        Self {
            requests,
            cancel,
            done,
        }
    }

    async fn end(self) {
        self.cancel.cancel();
        self.done.await.unwrap();
    }
}

fn app(net: &Internet, clock: &Clock, host_delay: Duration) -> EndToEnd {
    EndToEnd::at(net, clock, |fetch| fetch.host_delay = host_delay)
}

#[tokio::test(start_paused = true)]
async fn rel_16_two_thousand_feeds_of_one_site_delay_no_other_and_are_asked_once_each() {
    let (net, clock, asked) = (Internet::start().await, start(), Asked::default());
    let big: Vec<String> = (0..2000)
        .map(|n| {
            let host = format!("paper{}.big.example", n % 5);
            asked.feed(&net, &clock, &host, &format!("/{n}"))
        })
        .collect();
    let others: Vec<String> = (0..100)
        .map(|n| asked.feed(&net, &clock, &format!("other{n}.example"), "/feed"))
        .collect();
    let app = app(&net, &clock, SECOND);
    let all: Vec<&str> = big.iter().chain(&others).map(String::as_str).collect();
    app.subscribe(&all);
    let running = Running::begin(&app);
    // Longer than a lease lasts.
    sleep(17 * MINUTE).await;
    running.end().await;

    let latest = others.iter().flat_map(|url| asked.times(url)).max();
    assert_eq!(asked.counts(&others), BTreeMap::from([(1, 100)]));
    assert!(latest.unwrap() <= MINUTE, "the last one after {latest:?}");
    let counts = asked.counts(&big);
    assert_eq!(counts.keys().max(), Some(&1), "one was asked twice");
    let at_work = counts.get(&1).copied().unwrap_or_default();
    assert!(at_work > 800, "the site is kept at its pace: {at_work}");
}

#[tokio::test(start_paused = true)]
async fn rel_16_many_feeds_that_redirect_to_one_site_delay_no_other() {
    let (net, clock, asked) = (Internet::start().await, start(), Asked::default());
    let crowd: Vec<String> = (0..600)
        .map(|n| {
            let (host, path) = (format!("alias{n}.example"), format!("/{n}"));
            let target = asked.feed(&net, &clock, "burner.example", &path);
            asked.on(&net, &clock, &host, "/feed", Reply::redirect(302, &target));
            format!("http://{host}/feed")
        })
        .collect();
    let others: Vec<String> = (0..20)
        .map(|n| asked.feed(&net, &clock, &format!("other{n}.example"), "/feed"))
        .collect();
    let app = app(&net, &clock, SECOND);
    app.subscribe(&crowd.iter().map(String::as_str).collect::<Vec<_>>());
    let running = Running::begin(&app);
    sleep(10 * SECOND).await;
    let late = clock.now();
    app.subscribe(&others.iter().map(String::as_str).collect::<Vec<_>>());
    sleep(15 * MINUTE).await;
    running.end().await;

    let began = late.minus(10 * SECOND);
    let latest = others.iter().flat_map(|url| asked.times(url)).max();
    assert_eq!(asked.counts(&others), BTreeMap::from([(1, 20)]));
    assert!(latest.unwrap() <= late.since(began) + MINUTE, "{latest:?}");
    let arrived: Vec<String> = (0..600)
        .map(|n| format!("http://burner.example/{n}"))
        .collect();
    assert_eq!(asked.counts(&arrived), BTreeMap::from([(1, 600)]));
    let asks = asked.counts(&crowd);
    assert!(asks.keys().max() <= Some(&3), "asked in vain: {asks:?}");
    let failing = app.feeds().into_iter().filter(|f| f.failures > 0);
    assert_eq!(failing.count(), 0, "no feed has failed by that");
}

#[tokio::test(start_paused = true)]
async fn one_signal_polls_every_feed_that_may_be_polled_once() {
    let (net, clock, asked) = (Internet::start().await, start(), Asked::default());
    let urls: Vec<String> = (0..1300)
        .map(|n| asked.feed(&net, &clock, &format!("h{n}.example"), "/feed"))
        .collect();
    let app = app(&net, &clock, SECOND);
    let rows = app.subscribe(&urls.iter().map(String::as_str).collect::<Vec<_>>());
    for row in &rows[..10] {
        let paused = newswire::store::FeedChange {
            paused: Some(true),
            ..Default::default()
        };
        app.store.change_feed(*row, paused).unwrap();
    }
    // None is due by itself.
    let now = clock.now();
    let due = app.store.claim(now, newswire::store::ClaimScope::Due, 1300);
    for claim in due.unwrap().0 {
        let later = now.plus(24 * 60 * MINUTE);
        app.store.defer(&claim, later, "a test").unwrap();
    }
    let running = Running::begin(&app);
    sleep(5 * SECOND).await;
    assert_eq!(asked.counts(&urls), BTreeMap::from([(0, 1300)]));
    running
        .requests
        .send(SchedulerRequest::PollAll)
        .await
        .unwrap();
    // The store's own thread takes no part in the paused time: an hour may pass while it writes.
    while asked.counts(&urls).get(&0) > Some(&10) && clock.now().since(now) < 60 * MINUTE {
        sleep(SECOND).await;
    }
    sleep(MINUTE).await;
    running.end().await;
    assert_eq!(asked.counts(&urls), BTreeMap::from([(0, 10), (1, 1290)]));
}

#[tokio::test(start_paused = true)]
async fn rel_16_a_visit_that_outlasts_a_lease_is_not_made_a_second_time() {
    let (net, clock, asked) = (Internet::start().await, start(), Asked::default());
    let stalls = Reply::feed("<rss>").framing(Framing::Drip(10 * MINUTE));
    asked.on(&net, &clock, "slow.example", "/feed", stalls);
    let app = EndToEnd::at(&net, &clock, |fetch| fetch.timeout_total = 40 * MINUTE);
    app.subscribe(&["http://slow.example/feed"]);
    let running = Running::begin(&app);
    sleep(35 * MINUTE).await;
    assert_eq!(asked.times("http://slow.example/feed").len(), 1);
    running.end().await;
}
