//! The fetcher against the fake internet: what goes over the wire, and what comes of it.

use std::io::Write;
use std::ops::Deref;
use std::time::Duration;

use newswire::clock::Clock;
use newswire::fetch::{FetchOptions, FetchRequest, Fetcher, Names};
use newswire::memory::Body;
use newswire::model::{FailureKind, FeedRow, Outcome, Poll, Secret, Time, Validators, WebUrl};
use tokio_util::sync::CancellationToken;

use crate::support::{Framing, Internet, Item, Reply, rss};

const HOST: &str = "news.example";
const FEED: &str = "http://news.example/feed";

fn document() -> String {
    rss("News", &[Item::numbered(HOST, 1)])
}

fn options(net: &Internet) -> FetchOptions {
    FetchOptions {
        names: Names::Table(net.names()),
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        host_delay: Duration::ZERO,
        ..FetchOptions::default()
    }
}

fn fetcher(net: &Internet) -> Fetcher {
    with(options(net))
}

fn with(options: FetchOptions) -> Fetcher {
    let now = Time::parse_rfc3339("2030-01-01T00:00:00Z").unwrap();
    Fetcher::new(options, Clock::manual(now)).unwrap()
}

fn request(url: &str) -> FetchRequest {
    FetchRequest {
        feed: FeedRow::new(7),
        url: WebUrl::parse(url).unwrap(),
        validators: Vec::new(),
        auth: None,
        headers: Vec::new(),
        user_agent: None,
        has_neighbours: true,
        is_proven: false,
    }
}

/// A poll and its body.
struct Visit {
    poll: Poll,
    body: Option<Body>,
}

impl Deref for Visit {
    type Target = Poll;

    fn deref(&self) -> &Poll {
        &self.poll
    }
}

async fn poll(fetcher: &Fetcher, request: &FetchRequest) -> Visit {
    let (poll, body) = fetcher.poll(request, &CancellationToken::new()).await;
    Visit { poll, body }
}

/// One visit by a fetcher of its own.
pub async fn visit(net: &Internet, url: &str) -> (Poll, Option<Body>) {
    let cancel = CancellationToken::new();
    fetcher(net).poll(&request(url), &cancel).await
}

fn body(visit: &Visit) -> &[u8] {
    match &visit.body {
        Some(body) => body,
        None => panic!("no document: {:?}", visit.outcome),
    }
}

fn failure(poll: &Poll) -> (FailureKind, &str) {
    match &poll.outcome {
        Outcome::Failed(failure) => (failure.kind, &failure.message),
        other => panic!("no failure: {other:?}"),
    }
}

/// One reply, one poll.
async fn once(reply: Reply) -> Visit {
    let net = Internet::start().await;
    net.always(HOST, "/feed", reply);
    poll(&fetcher(&net), &request(FEED)).await
}

#[tokio::test]
async fn a_document_comes_with_type_validators_and_hints() {
    let reply = Reply::feed(document())
        .header("ETag", "W/\"a b\"")
        .header("Last-Modified", "yesterday at noon")
        .header("Cache-Control", "max-age=600");
    let poll = once(reply).await;
    let Outcome::Document {
        content_type,
        validators,
    } = &poll.outcome
    else {
        panic!("{:?}", poll.outcome);
    };
    assert_eq!(body(&poll), document().as_bytes());
    assert_eq!(content_type.as_deref(), Some("application/rss+xml"));
    assert_eq!(validators.etag.as_deref(), Some(&b"W/\"a b\""[..]));
    assert_eq!(
        validators.last_modified.as_deref(),
        Some(&b"yesterday at noon"[..])
    );
    assert_eq!(
        (poll.feed.get(), poll.status, poll.moved_permanently),
        (7, Some(200), false)
    );
    assert_eq!(poll.hints.fresh_for, Some(Duration::from_secs(600)));
    assert_eq!(poll.bytes_wire, document().len() as u64);
    assert_eq!(poll.poll.final_url.unwrap().as_str(), FEED);
}

#[tokio::test]
async fn et_02_et_03_et_04_both_validators_go_back_byte_for_byte() {
    let net = Internet::start().await;
    let reply = Reply::feed(document())
        .header("ETag", "W/\"x-1\"")
        .header("Last-Modified", "Tue, 1 Jan 2030 0:00:00 +0000")
        .header("Cache-Control", "max-age=60");
    net.document(HOST, "/feed", reply);
    let fetcher = fetcher(&net);
    let first = poll(&fetcher, &request(FEED)).await;
    let Outcome::Document { validators, .. } = first.poll.outcome else {
        panic!()
    };
    let mut again = request(FEED);
    again.validators = vec![(FEED.to_owned(), validators.clone())];
    let second = poll(&fetcher, &again).await;
    assert_eq!(second.outcome, Outcome::NotModified { validators });
    assert_eq!(
        second.hints.fresh_for,
        Some(Duration::from_secs(60)),
        "et_15"
    );
    let log = net.log();
    assert_eq!(log[0].request.header("if-none-match"), None);
    assert_eq!(log[1].request.header("if-none-match"), Some("W/\"x-1\""));
    assert_eq!(
        log[1].request.header("if-modified-since"),
        Some("Tue, 1 Jan 2030 0:00:00 +0000")
    );
    assert_eq!(
        log[1].connection, log[0].connection,
        "et_44: the connection is kept"
    );
}

#[tokio::test]
async fn et_07_a_redirect_target_gets_its_own_validators_or_none() {
    let net = Internet::start().await;
    net.always(HOST, "/feed", Reply::redirect(302, "http://b.example/feed"));
    net.always("b.example", "/feed", Reply::feed(document()));
    let tag = |t: &str| Validators {
        etag: Some(t.as_bytes().to_vec()),
        last_modified: None,
    };
    let fetcher = fetcher(&net);
    let mut ask = request(FEED);
    ask.validators = vec![(FEED.to_owned(), tag("\"a\""))];
    poll(&fetcher, &ask).await;
    ask.validators
        .push(("http://b.example/feed".to_owned(), tag("\"b\"")));
    poll(&fetcher, &ask).await;
    let tags: Vec<_> = net
        .log()
        .iter()
        .map(|s| s.request.header("if-none-match").map(str::to_owned))
        .collect();
    assert_eq!(
        tags,
        [
            Some("\"a\"".into()),
            None,
            Some("\"a\"".into()),
            Some("\"b\"".into())
        ]
    );
}

#[tokio::test]
async fn et_36_et_37_only_an_all_permanent_chain_has_moved() {
    let net = Internet::start().await;
    net.always(HOST, "/feed", Reply::redirect(301, "/b"));
    net.always(HOST, "/b", Reply::redirect(308, "/c#part"));
    net.always(HOST, "/c", Reply::feed(document()));
    net.always(HOST, "/mixed", Reply::redirect(302, "/feed"));
    net.always(HOST, "/lost", Reply::redirect(301, "/gone"));
    let fetcher = fetcher(&net);
    let moved = poll(&fetcher, &request(FEED)).await;
    assert!(moved.moved_permanently);
    assert_eq!(
        moved.poll.final_url.unwrap().as_str(),
        "http://news.example/c"
    );
    assert!(
        net.log().iter().all(|s| !s.request.path.contains('#')),
        "et_39"
    );
    let mixed = poll(&fetcher, &request("http://news.example/mixed")).await;
    assert!(!mixed.moved_permanently);
    assert_eq!(body(&mixed), document().as_bytes());
    let lost = poll(&fetcher, &request("http://news.example/lost")).await;
    assert!(!lost.moved_permanently, "a failed visit moves nothing");
}

#[tokio::test]
async fn et_38_five_hops_and_no_loops() {
    let net = Internet::start().await;
    for n in 0..8 {
        net.always(
            HOST,
            &format!("/{n}"),
            Reply::redirect(302, &format!("/{}", n + 1)),
        );
    }
    net.always(HOST, "/6", Reply::feed(document()));
    net.always(HOST, "/round", Reply::redirect(302, "/trip"));
    net.always(HOST, "/trip", Reply::redirect(302, "/round"));
    let fetcher = fetcher(&net);
    assert_eq!(
        failure(&poll(&fetcher, &request("http://news.example/0")).await.poll).0,
        FailureKind::Redirect
    );
    assert_eq!(net.log().len(), 6);
    body(&poll(&fetcher, &request("http://news.example/1")).await);
    let round = poll(&fetcher, &request("http://news.example/round")).await;
    assert_eq!(failure(&round).0, FailureKind::Redirect);
    assert!(failure(&round).1.contains("loop"));
}

#[tokio::test]
async fn sec_06_redirects_to_private_addresses_are_never_dialled() {
    let net = Internet::start().await;
    let port = net.address().port();
    let targets = [
        format!("http://127.0.0.2:{port}/x"),
        format!("http://[::ffff:127.0.0.2]:{port}/x"),
        format!("http://0x7f.2:{port}/x"),
        "http://inside.example/x".to_owned(),
        "http://other.example:22/".to_owned(),
    ];
    for (n, target) in targets.iter().enumerate() {
        net.always(HOST, &format!("/{n}"), Reply::redirect(302, target));
    }
    net.always("inside.example", "/x", Reply::feed("secret"));
    let mut names = net.names();
    // The public site is on the one loopback address that is allowed; the inside is on another.
    names.insert(
        "inside.example".to_owned(),
        vec![format!("127.0.0.2:{port}").parse().unwrap()],
    );
    let fetcher = with(FetchOptions {
        names: Names::Table(names),
        allow_private: vec!["127.0.0.1/32".parse().unwrap()],
        ..options(&net)
    });
    for (n, target) in targets.iter().enumerate() {
        let poll = poll(&fetcher, &request(&format!("http://news.example/{n}"))).await;
        assert_eq!(
            failure(&poll).0,
            FailureKind::Blocked,
            "{target}: {:?}",
            poll.outcome
        );
    }
    assert!(net.log().iter().all(|s| s.request.host == HOST));
}

#[tokio::test]
async fn sec_06_without_permission_loopback_is_blocked() {
    let net = Internet::start().await;
    net.always(HOST, "/feed", Reply::feed(document()));
    let fetcher = with(FetchOptions {
        allow_private: Vec::new(),
        ..options(&net)
    });
    let poll = poll(&fetcher, &request(FEED)).await;
    assert_eq!(failure(&poll).0, FailureKind::Blocked);
    assert!(failure(&poll).1.contains("news.example is at 127.0.0.1"));
    assert_eq!((poll.status, net.log().len()), (None, 0));
}

#[tokio::test]
async fn sec_08_credentials_go_to_their_own_origin_only() {
    let net = Internet::start().await;
    net.always(HOST, "/feed", Reply::redirect(302, "/own"));
    net.always(HOST, "/own", Reply::redirect(302, "http://b.example/feed"));
    net.always("b.example", "/feed", Reply::status(403));
    let mut ask = request(FEED);
    ask.auth = Some(("amy".to_owned(), Secret::new("hunter2")));
    ask.headers = vec![
        ("X-Token".to_owned(), Secret::new("t0p")),
        ("Cookie".to_owned(), Secret::new("c=1")),
    ];
    let poll = poll(&fetcher(&net), &ask).await;
    let log = net.log();
    for seen in &log[..2] {
        assert_eq!(
            seen.request.header("authorization"),
            Some("Basic YW15Omh1bnRlcjI=")
        );
        assert_eq!(seen.request.header("x-token"), Some("t0p"));
        assert_eq!(seen.request.header("cookie"), Some("c=1"));
    }
    for name in ["authorization", "x-token", "cookie", "referer"] {
        assert_eq!(log[2].request.header(name), None, "{name}");
    }
    assert!(!format!("{ask:?}{:?}", poll.poll).contains("hunter2"));
    assert!(!format!("{ask:?}{:?}", poll.poll).contains("t0p"));
}

#[tokio::test]
async fn et_40_et_41_et_42_et_43_et_44_the_request_says_this_and_no_more() {
    let net = Internet::start().await;
    net.always(
        HOST,
        "/feed",
        Reply::feed(document()).header("Set-Cookie", "id=1; Path=/"),
    );
    let fetcher = fetcher(&net);
    for _ in 0..2 {
        poll(&fetcher, &request(FEED)).await;
    }
    for seen in net.log() {
        assert_eq!(
            (seen.request.method.as_str(), seen.request.path.as_str()),
            ("GET", "/feed")
        );
        let mut names: Vec<_> = seen
            .request
            .headers
            .iter()
            .map(|(n, _)| n.to_ascii_lowercase())
            .collect();
        names.sort();
        assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
        assert_eq!(
            seen.request.header("accept-encoding"),
            Some("gzip, br, zstd")
        );
        assert!(
            seen.request
                .header("user-agent")
                .unwrap()
                .starts_with("newswire/")
        );
    }
}

#[tokio::test]
async fn et_42_packed_bodies_are_unpacked() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(document().as_bytes()).unwrap();
    let wire = gzip.finish().unwrap();
    let poll = once(Reply::feed(wire.clone()).header("Content-Encoding", "x-gzip")).await;
    assert_eq!(body(&poll), document().as_bytes());
    assert_eq!(poll.bytes_wire, wire.len() as u64);
    let zstd = zstd::encode_all(document().as_bytes(), 3).unwrap();
    let poll = once(
        Reply::feed(zstd)
            .header("Content-Encoding", "zstd")
            .framing(Framing::Chunked),
    )
    .await;
    assert_eq!(body(&poll), document().as_bytes());
    let twice = once(Reply::feed(wire).header("Content-Encoding", "gzip, gzip")).await;
    assert_eq!(failure(&twice).0, FailureKind::Body);
}

#[tokio::test]
async fn et_49_sec_05_cut_bodies_are_failures() {
    let chunked = Reply::feed(document());
    for framing in [Framing::Cut(40), Framing::Claim(9000), Framing::ChunkedCut] {
        let poll = once(chunked.clone().framing(framing.clone())).await;
        assert_eq!(failure(&poll).0, FailureKind::Body, "{framing:?}");
        assert!(
            failure(&poll)
                .1
                .contains("closed the connection in the middle"),
            "{}",
            failure(&poll).1
        );
    }
    assert_eq!(
        body(&once(chunked.framing(Framing::Close)).await),
        document().as_bytes()
    );
}

#[tokio::test]
async fn sec_05_size_is_limited_by_claim_by_wire_and_by_decoding() {
    let net = Internet::start().await;
    let big = vec![b' '; 3000];
    net.always(
        HOST,
        "/claim",
        Reply::feed("<rss/>").framing(Framing::Claim(1 << 40)),
    );
    net.always(
        HOST,
        "/wire",
        Reply::feed(big.clone()).framing(Framing::Chunked),
    );
    let packed = zstd::encode_all(&big[..], 3).unwrap();
    net.always(
        HOST,
        "/packed",
        Reply::feed(packed).header("Content-Encoding", "zstd"),
    );
    let fetcher = with(FetchOptions {
        body_bytes_max: 2000,
        ..options(&net)
    });
    for path in ["claim", "wire", "packed"] {
        let poll = poll(&fetcher, &request(&format!("http://news.example/{path}"))).await;
        assert_eq!(failure(&poll).0, FailureKind::TooLarge, "{path}");
    }
}

#[tokio::test]
async fn sec_05_uninvited_304_and_206_are_failures() {
    for status in [304, 206, 204] {
        let poll = once(Reply::status(status)).await;
        assert_eq!(failure(&poll).0, FailureKind::Status, "{status}");
        assert_eq!(poll.status, Some(status));
    }
}

#[tokio::test]
async fn sec_05_bad_framing_and_silence_are_named() {
    let noise = once(Reply::raw("220 mail.example ESMTP\r\n")).await;
    assert_eq!(
        failure(&noise),
        (FailureKind::Body, "news.example sent no valid HTTP")
    );
    let silent = once(Reply::raw("")).await;
    assert_eq!(failure(&silent).0, FailureKind::Connect);
    let both = once(Reply::raw(
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 9\r\n\r\n<a>",
    ))
    .await;
    assert_eq!(failure(&both).0, FailureKind::Body);
    let fat = format!(
        "HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 0\r\n\r\n",
        "x".repeat(70_000)
    );
    assert_eq!(
        failure(&once(Reply::raw(fat)).await.poll).0,
        FailureKind::Body
    );
}

#[tokio::test]
async fn sec_05_a_body_in_too_many_tiny_pieces_is_given_up() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let pieces = |n| {
        once(Reply::raw(format!(
            "{head}{}0\r\n\r\n",
            "1\r\nx\r\n".repeat(n)
        )))
    };
    assert_eq!(body(&pieces(100_000).await).len(), 100_000);
    assert_eq!(
        failure(&pieces(100_001).await.poll),
        (
            FailureKind::Body,
            "news.example sent its body in pieces of a few bytes"
        )
    );
}

#[tokio::test]
async fn et_49_a_drip_is_cut_at_the_total_limit() {
    let net = Internet::start().await;
    net.always(
        HOST,
        "/feed",
        Reply::feed(document()).framing(Framing::Drip(Duration::from_millis(20))),
    );
    let fetcher = with(FetchOptions {
        timeout_total: Duration::from_millis(150),
        ..options(&net)
    });
    let poll = poll(&fetcher, &request(FEED)).await;
    assert_eq!(failure(&poll).0, FailureKind::Timeout);
}

#[tokio::test]
async fn et_26_after_429_the_host_is_not_asked_again() {
    let net = Internet::start().await;
    net.always(
        HOST,
        "/feed",
        Reply::status(429).header("Retry-After", "120"),
    );
    net.always(HOST, "/other", Reply::feed(document()));
    let fetcher = fetcher(&net);
    let first = poll(&fetcher, &request(FEED)).await;
    assert_eq!(failure(&first).0, FailureKind::Throttled);
    assert_eq!(first.hints.retry_after, Some(Duration::from_secs(120)));
    let other = poll(&fetcher, &request("http://news.example/other")).await;
    assert_eq!(failure(&other).0, FailureKind::Throttled);
    assert_eq!(other.status, None);
    assert!(other.hints.retry_after.unwrap() > Duration::from_secs(100));
    assert!(fetcher.backoff(&WebUrl::parse(FEED).unwrap()).is_some());
    assert_eq!(net.log().len(), 1);
    assert_eq!(fetcher.host_stats()[0].throttled, 1);
}

#[tokio::test]
async fn et_31_one_request_a_poll_whatever_it_gives() {
    for (status, kind) in [
        (404, FailureKind::NotFound),
        (410, FailureKind::Gone),
        (401, FailureKind::Forbidden),
        (403, FailureKind::Forbidden),
        (500, FailureKind::Server),
        (503, FailureKind::Throttled),
    ] {
        let net = Internet::start().await;
        net.always(HOST, "/feed", Reply::status(status));
        let poll = poll(&fetcher(&net), &request(FEED)).await;
        assert_eq!(failure(&poll).0, kind);
        assert_eq!(net.log().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn unknown_names_and_closed_ports_are_told_apart() {
    let net = Internet::start().await;
    let fetcher = fetcher(&net);
    let unknown = poll(&fetcher, &request("http://nowhere.example/")).await;
    assert_eq!(
        failure(&unknown),
        (
            FailureKind::Dns,
            "cannot resolve nowhere.example: no such host"
        )
    );
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let closed = poll(&fetcher, &request(&format!("http://{free}/"))).await;
    assert_eq!(
        failure(&closed),
        (FailureKind::Connect, "127.0.0.1 refused the connection")
    );
}

#[tokio::test]
async fn sec_09_a_server_without_tls_is_named() {
    let net = Internet::start().await;
    net.always(HOST, "/feed", Reply::feed(document()));
    let poll = poll(&fetcher(&net), &request("https://news.example/feed")).await;
    assert_eq!(failure(&poll).0, FailureKind::Tls, "{:?}", poll.outcome);
}

#[tokio::test]
async fn a_cancelled_visit_asks_nobody() {
    let net = Internet::start().await;
    net.always(HOST, "/feed", Reply::feed(document()));
    let cancel = CancellationToken::new();
    cancel.cancel();
    let poll = fetcher(&net).poll(&request(FEED), &cancel).await;
    assert_eq!(failure(&poll.0).0, FailureKind::Internal);
    assert!(net.log().is_empty());
}

#[tokio::test]
async fn pages_come_through_the_same_guard_with_their_own_limit() {
    let net = Internet::start().await;
    net.always(
        HOST,
        "/",
        Reply::status(200)
            .header("Content-Type", "text/html")
            .body("<html></html>"),
    );
    let fetcher = fetcher(&net);
    let cancel = CancellationToken::new();
    let url = WebUrl::parse("http://news.example/#top").unwrap();
    let page = fetcher
        .get(&url, "text/html, */*;q=0.1", 1000, &cancel)
        .await
        .unwrap();
    assert_eq!(
        (page.url.as_str(), page.body.as_slice()),
        ("http://news.example/", &b"<html></html>"[..])
    );
    assert_eq!(page.content_type.as_deref(), Some("text/html"));
    let small = fetcher
        .get(&url, "text/html", 5, &cancel)
        .await
        .unwrap_err();
    assert_eq!(small.kind, FailureKind::TooLarge);
}

#[tokio::test]
async fn et_26_a_hub_is_left_alone_for_as_long_as_it_says() {
    let net = Internet::start().await;
    let busy = Reply::status(429).header("Retry-After", "7200");
    net.always("hub.example", "/", busy);
    let spent = Reply::status(202).header("RateLimit", "limit=9, remaining=0, reset=3600");
    net.always("spent.example", "/", spent);
    let fetcher = fetcher(&net);
    for (hub, least) in [
        ("http://hub.example/", 7200),
        ("http://spent.example/", 3600),
    ] {
        let url = WebUrl::parse(hub).unwrap();
        let changed = ["https://reader.example/feed".to_owned()];
        let _ = fetcher
            .notify_hub(&url, &changed, &CancellationToken::new())
            .await;
        let rest = fetcher.backoff(&url).unwrap_or_default();
        assert!(rest > Duration::from_secs(least - 60), "{hub}: {rest:?}");
    }
}
