//! Visits return all resources, whatever their servers did, and none takes longer than allowed (SEC-24, REL-13).

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::time::Instant;

use super::super::visited::Visited;
use super::super::{Load, archive};
use super::internet::Framing;
use super::*;
use crate::model::{Extent, Hints, Outcome, Poll, Validators};

/// Visits of each kind of server.
const ROUNDS: usize = 8;
/// Time limit for servers.
const TIMEOUT: Duration = Duration::from_millis(400);

fn packed(plain: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(plain).unwrap();
    gzip.finish().unwrap()
}

/// A feed with new items at every visit, whose archive is at `to`, and whose articles have no pages.
fn overflowing(round: usize, to: &str) -> Reply {
    let numbers = [2 * round, 2 * round + 1];
    let items = numbers.map(|n| Item::numbered("127.0.0.1:1", n));
    let link = "<link xmlns=\"http://www.w3.org/2005/Atom\" rel=\"prev-archive\" href=\"TO\"/>";
    let link = format!("<channel>{}", link.replace("TO", to));
    Reply::feed(rss("News", &items).replacen("<channel>", &link, 1))
}

/// Hostile servers by name. For names that begin with `pages`, the pages of articles are read.
fn hostile() -> Vec<(&'static str, Reply)> {
    let feed = || Reply::feed(rss("News", &[Item::numbered("a.example", 1)]));
    let zeros = vec![b' '; 17 << 20];
    let gzip = |body: Vec<u8>| feed().header("Content-Encoding", "gzip").body(body);
    let slow = Framing::Drip(Duration::from_millis(100));
    let hard: Vec<u8> = (0..2_u64 << 20)
        .map(|n| (n.wrapping_mul(n) >> 13) as u8)
        .collect();
    let mut many = feed();
    for n in 0..150 {
        many = many.header(&format!("X-{n}"), "1");
    }
    vec![
        ("bomb", gzip(packed(&zeros))),
        ("hard", gzip(packed(&hard))),
        ("cut-gzip", gzip(packed(b"<rss/>")[..12].to_vec())),
        (
            "garbage",
            gzip(vec![0x1f, 0x8b, 8, 0, 7, 7, 7, 7, 7, 7, 7, 7]),
        ),
        ("twice", feed().header("Content-Encoding", "gzip, gzip")),
        ("large", feed().body(zeros.clone())),
        (
            "large-chunked",
            feed().body(zeros).framing(Framing::Chunked),
        ),
        ("no-feed", feed().body(packed(&vec![b'x'; 3 << 20]))),
        ("claims", feed().framing(Framing::Claim(1 << 20))),
        ("cut", feed().framing(Framing::Cut(100))),
        ("cut-chunk", feed().framing(Framing::ChunkedCut)),
        ("slow", feed().framing(slow)),
        ("headers", many),
        ("line", feed().header("X-Long", &"x".repeat(90_000))),
        ("no-http", Reply::raw("9".repeat(5000))),
        (
            "two-lengths",
            Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        ),
        (
            "trailers",
            Reply::raw(format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n{}",
                "X: y\r\n".repeat(9000)
            )),
        ),
        (
            "early",
            Reply::raw("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(50_000)),
        ),
        (
            "switching",
            Reply::raw("HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
        ),
        ("circle", Reply::redirect(302, "/feed")),
        ("private", Reply::redirect(301, "http://10.0.0.1/")),
        ("to-slow", Reply::redirect(302, "http://slow.example/feed")),
        ("uninvited", Reply::status(304)),
        ("part", Reply::status(206).body("<rss/>")),
        ("failing", Reply::status(500).body("x".repeat(100_000))),
        ("gone-away", Reply::raw("")),
    ]
}

impl IngestFixture {
    /// Serves every server's answer of this round.
    fn serve_hostile(&self, servers: &[(&str, Reply)], round: usize) {
        for (name, reply) in servers {
            self.net
                .always(&format!("{name}.example"), "/feed", reply.clone());
        }
        for (archive, to) in [
            ("archive-slow", "/slow"),
            ("archive-bomb", "/bomb"),
            ("pages", "/x"),
        ] {
            let host = format!("{archive}.example");
            self.net.always(&host, "/feed", overflowing(round, to));
            let slow = Framing::Drip(Duration::from_millis(100));
            self.net
                .always(&host, "/slow", Reply::feed("<rss>").framing(slow));
            let bomb = Reply::feed(packed(&vec![b' '; 17 << 20]));
            self.net
                .always(&host, "/bomb", bomb.header("Content-Encoding", "gzip"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_24_after_hundreds_of_hostile_visits_all_resources_are_free() {
    let servers = hostile();
    let archives = ["archive-slow", "archive-bomb", "pages"];
    let names = servers.iter().map(|(name, _)| *name).chain(archives);
    let names: Vec<String> = names.map(str::to_owned).collect();
    let fixture = IngestFixture::fetching(&names, |options| options.timeout_total = TIMEOUT).await;
    for round in 0..ROUNDS {
        fixture.serve_hostile(&servers, round);
        fixture.clock.advance(Duration::from_secs(86_400));
        let cancel = CancellationToken::new();
        let scope = ClaimScope::All {
            manual_interval: Duration::ZERO,
        };
        let progress = |_| {
            // Every other pass is cancelled on the way.
            if round % 2 == 1 {
                cancel.cancel();
            }
        };
        fixture
            .ingest
            .pass(scope, &cancel, &progress)
            .await
            .unwrap();
    }
    assert!(
        fixture.net.log().len() > 20 * ROUNDS / 2,
        "{}",
        fixture.net.log().len()
    );
    // A body may still be decoded for a visit that has ended; its slot is returned afterwards.
    let idle = async {
        while fixture.ingest.load() != Load::default() {
            tokio::task::yield_now().await;
        }
    };
    let is_idle = tokio::time::timeout(Duration::from_secs(30), idle).await;
    assert!(is_idle.is_ok(), "{:?}", fixture.ingest.load());
    let feeds = fixture.store.reads().feeds().unwrap();
    assert_eq!(feeds.len(), names.len());
    assert_eq!(
        fixture.store.reads().verify().unwrap(),
        Vec::<String>::new()
    );
}

/// A poll with a document that is not read yet.
fn visited(fixture: &IngestFixture) -> Arc<Visited> {
    let (claims, _) = fixture
        .store
        .claim(fixture.clock.now(), ClaimScope::Due, 1)
        .unwrap();
    let now = fixture.clock.now();
    let poll = Poll {
        feed: claims[0].feed,
        started: now,
        finished: now,
        final_url: None,
        moved_permanently: false,
        status: Some(200),
        bytes_wire: 0,
        hints: Hints::default(),
        extent: Extent::Whole,
        outcome: Outcome::Document {
            content_type: None,
            validators: Validators::default(),
        },
    };
    Visited::new(
        claims.into_iter().next().unwrap(),
        poll,
        None,
        &fixture.clock,
    )
}

#[tokio::test(start_paused = true)]
async fn rel_13_a_long_queue_behind_a_redirect_does_not_hold_up_a_visit() {
    let none: &[String] = &[];
    let fixture = IngestFixture::fetching(none, |options| {
        options.host_delay = Duration::from_secs(3600);
        options.names = Names::Table(Default::default());
    })
    .await;
    fixture.store.subscribe(vec![feed("archive")]).unwrap();
    let (visited, cancel) = (visited(&fixture), CancellationToken::new());
    let url = WebUrl::parse("http://archive.example/old").unwrap();
    // The name does not resolve, but the first request takes the turn of its host.
    let mut took = Vec::new();
    for _ in 0..2 {
        let begun = Instant::now();
        let result = fixture
            .ingest
            .archive(visited.claim.feed, &url, &cancel)
            .await
            .unwrap();
        assert!(matches!(result, archive::ArchiveResult::Failed));
        took.push(begun.elapsed());
    }
    assert!(took[0] < Duration::from_secs(30), "{took:?}");
    assert!(took[1] > Duration::from_secs(30), "it waited: {took:?}");
    assert!(took[1] <= Duration::from_secs(60), "{took:?}");
}
