//! The memory of bodies and the turns to decode them, together (SEC-24, REL-13).

use std::io::Write;
use std::time::Duration;

use newswire::clock::Clock;
use newswire::fetch::{FetchOptions, FetchRequest, Fetcher, Names};
use newswire::model::{FeedRow, Outcome, Time, WebUrl};
use tokio_util::sync::CancellationToken;

use crate::support::{EndToEnd, Internet, Item, Reply, rss};

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(body).unwrap();
    gzip.finish().unwrap()
}

/// A body that hardly gets smaller.
fn noise(len: usize) -> Vec<u8> {
    let mut x = 7_u64;
    let mut step = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x.to_le_bytes()
    };
    (0..len / 8).flat_map(|_| step()).collect()
}

/// A body that gets some 140 times smaller.
fn dull(len: usize) -> Vec<u8> {
    let line = |n: usize| format!("<item><title>{:>120}</title></item>", n % 7);
    (0..)
        .flat_map(|n| line(n / 40).into_bytes())
        .take(len)
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rel_13_four_packed_bodies_at_once_all_end() {
    let net = Internet::start().await;
    let (wide, deep) = (gzip(&noise(9_800_000)), gzip(&dull(15_000_000)));
    for n in 0..4 {
        let body = if n % 2 == 0 { &wide } else { &deep };
        let reply = Reply::feed(body.clone()).header("Content-Encoding", "gzip");
        net.always(&format!("h{n}.example"), "/feed", reply);
    }
    let options = FetchOptions {
        names: Names::Table(net.names()),
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        host_delay: Duration::ZERO,
        ..FetchOptions::default()
    };
    let now = Time::parse_rfc3339("2030-01-01T00:00:00Z").unwrap();
    let fetcher = std::sync::Arc::new(Fetcher::new(options, Clock::manual(now)).unwrap());
    for _ in 0..20 {
        let mut visits = tokio::task::JoinSet::new();
        for n in 0..4 {
            let fetcher = std::sync::Arc::clone(&fetcher);
            visits.spawn(async move {
                let request = FetchRequest {
                    feed: FeedRow::new(n),
                    url: WebUrl::parse(&format!("http://h{n}.example/feed")).unwrap(),
                    validators: Vec::new(),
                    auth: None,
                    headers: Vec::new(),
                    user_agent: None,
                    has_neighbours: false,
                    is_proven: false,
                };
                let poll = fetcher.poll(&request, &CancellationToken::new()).await.0;
                assert!(
                    matches!(poll.outcome, Outcome::Document { .. }),
                    "{:?}",
                    poll.status
                );
            });
        }
        let all = tokio::time::timeout(Duration::from_secs(20), visits.join_all()).await;
        assert!(all.is_ok(), "some visit does not end");
    }
}

/// A feed of one article that is this long.
fn long(host: &str, bytes: usize) -> String {
    let item = Item {
        html: format!("<p>{}</p>", "word ".repeat(bytes / 5)),
        ..Item::numbered(host, 1)
    };
    rss("News", &[item])
}

#[tokio::test]
async fn rel_13_a_feed_that_found_no_memory_is_put_off_and_not_blamed() {
    let net = Internet::start().await;
    net.always(
        "large.example",
        "/feed",
        Reply::feed(long("large.example", 3_000_000)),
    );
    net.always(
        "small.example",
        "/feed",
        Reply::feed(long("small.example", 3000)),
    );
    let app = EndToEnd::with(&net, |options| {
        options.local_wait = Duration::from_millis(50)
    });
    app.subscribe(&["http://large.example/feed", "http://small.example/feed"]);
    // Others have all the memory for large bodies, and the place beyond it.
    let memory = app.ingest.memory();
    let mut others = [memory.reserve(), memory.reserve()];
    assert!(others.iter_mut().all(|other| other.try_grow(16 << 20)));
    let report = app.pass().await;
    assert_eq!((report.fetched, report.failed, report.skipped), (1, 0, 1));
    let feeds = app.feeds();
    let large = feeds.iter().find(|f| f.url.contains("large")).unwrap();
    assert_eq!((large.failures, large.articles), (0, 0));
    let wait = large.next_poll.unwrap().since(app.clock.now());
    assert_eq!(
        wait,
        Duration::from_secs(3600),
        "it was asked: not sooner than usual (et_18)"
    );
    drop(others);
    assert_eq!(memory.used(), 0);
    app.hours(1);
    assert_eq!(app.pass_due().await.failed, 0);
    assert_eq!(app.articles().len(), 2);
    assert_eq!(app.ingest.memory().used(), 0, "all is stored");
}
