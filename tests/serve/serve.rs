//! The server through real sockets: what it sends, in how few bytes, and what it bears.

use std::collections::HashSet;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use newswire::model::WebUrl;
use newswire::serve::{Limits, ServeOptions};
use newswire::store::Selection;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::browser::{Page, ask, get, hear, say};
use crate::support::server_fixture::{HOST, ServerFixture, between, options};
use crate::support::store_fixture::draft;

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut plain).unwrap();
    plain
}

#[tokio::test]
async fn every_feed_comes_in_three_formats() {
    let site = ServerFixture::open().await;
    site.fixture.topics(&[("sea", "boats"), ("air", "planes")]);
    site.arrive([1]);
    for (path, entries) in [
        ("/feeds/all", 1),
        ("/feeds/sea", 1),
        ("/feeds/air", 0),
        ("/feeds/search.{}?q=title:report+-planes", 1),
    ] {
        for (format, content_type, entry) in [
            ("atom", "application/atom+xml; charset=utf-8", "<entry"),
            ("rss", "application/rss+xml; charset=utf-8", "<item>"),
            ("json", "application/feed+json", "\"date_modified\""),
        ] {
            let path = match path.contains("{}") {
                true => path.replace("{}", format),
                false => format!("{path}.{format}"),
            };
            let page = site.get(&path).await;
            assert_eq!(
                (page.status, page.header("content-type")),
                (200, content_type)
            );
            assert_eq!(page.text().matches(entry).count(), entries, "{path}");
            let link = format!("<http://{}{path}>; rel=\"self\"", site.at);
            assert_eq!(page.header("link").replace("%3A", ":"), link);
        }
    }
    let sea = site.get("/feeds/sea.json").await.text();
    let sea: serde_json::Value = serde_json::from_str(&sea).unwrap();
    assert_eq!(sea["title"], "All about sea");
    assert_eq!(
        sea["home_page_url"],
        format!("http://{}/topics/sea", site.at)
    );
}

#[tokio::test]
async fn et_54_what_a_client_has_is_not_sent_again() {
    let site = ServerFixture::open().await;
    site.arrive([1]);
    for path in ["/feeds/all.atom", "/feeds/all.rss", "/feeds/all.json", "/"] {
        let whole = site.get(path).await;
        let (tag, date) = (whole.header("etag"), whole.header("last-modified"));
        assert!(tag.starts_with('"'), "a strong tag: {tag}");
        assert_eq!(date, "Thu, 10 Jan 2030 12:01:00 GMT");
        for condition in [("If-None-Match", tag), ("If-Modified-Since", date)] {
            let answer = site.get_with(path, &[condition]).await;
            assert_eq!(
                (answer.status, answer.body.len()),
                (304, 0),
                "{condition:?}"
            );
            for name in ["etag", "last-modified", "cache-control", "vary", "link"] {
                assert_eq!(answer.header(name), whole.header(name), "{name}");
            }
            let policy = "content-security-policy";
            assert_eq!(answer.header(policy), whole.header(policy));
        }
        let stale = [("If-None-Match", "\"old\""), ("If-Modified-Since", date)];
        assert_eq!(site.get_with(path, &stale).await.status, 200);
        let head = ask(site.at, "HEAD", path, &[]).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), whole.body.len().to_string());
        assert_eq!(head.header("etag"), tag);
    }
}

#[tokio::test]
async fn et_54_each_coding_has_its_tag_and_the_same_content() {
    let site = ServerFixture::open().await;
    site.arrive(0..8);
    let path = "/feeds/all.atom";
    let plain = site.get(path).await;
    assert_eq!(plain.header("content-encoding"), "");
    let gzip = site.get_with(path, &[("Accept-Encoding", "gzip")]).await;
    let accept = [("Accept-Encoding", "gzip;q=0.5, br;q=0.9")];
    let brotli = site.get_with(path, &accept).await;
    assert_eq!(gzip.header("content-encoding"), "gzip");
    assert_eq!(brotli.header("content-encoding"), "br");
    assert_eq!(gunzip(&gzip.body), plain.body);
    let mut unpacked = Vec::new();
    brotli::BrotliDecompress(&mut &brotli.body[..], &mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
    let tags = HashSet::from([&plain, &gzip, &brotli].map(|p| p.header("etag").to_owned()));
    assert_eq!(tags.len(), 3);
    for page in [&plain, &gzip, &brotli] {
        assert_eq!(page.header("vary"), "Accept-Encoding");
        assert_eq!(page.header("last-modified"), plain.header("last-modified"));
    }
    let has = [
        ("Accept-Encoding", "gzip"),
        ("If-None-Match", gzip.header("etag")),
    ];
    assert_eq!(site.get_with(path, &has).await.status, 304);
}

#[tokio::test]
async fn a_hit_renders_nothing_and_validators_change_with_the_content_alone() {
    let site = ServerFixture::open().await;
    site.fixture.topics(&[("five", "title:\"report 5\"")]);
    site.arrive([5]);
    let path = "/feeds/five.atom";
    let first = site.get(path).await;
    let rendered = site.renderings().await;
    for _ in 0..5 {
        assert_eq!(site.get(path).await.body, first.body);
    }
    assert_eq!(site.renderings().await, rendered);

    site.arrive([6]);
    let same = site.get(path).await;
    assert_eq!(site.renderings().await, rendered + 1, "the store moved");
    for name in ["etag", "last-modified"] {
        assert_eq!(same.header(name), first.header(name));
    }

    let edit = draft(HOST, 5, "Report 5", "It tells of six boats.");
    site.put(vec![edit]);
    let other = site.get(path).await;
    assert_ne!(other.header("etag"), first.header("etag"));
    assert_eq!(
        other.header("last-modified"),
        "Thu, 10 Jan 2030 12:03:00 GMT"
    );

    site.fixture.clock.advance(Duration::from_secs(61));
    site.fixture.topics(&[("five", "title:\"report 6\"")]);
    let redefined = site.get(path).await.text();
    assert!(
        redefined.contains("Report 6"),
        "a topic changes without the sequence"
    );
}

#[tokio::test]
async fn a_feed_is_fresh_until_the_next_planned_poll() {
    let site = ServerFixture::open().await;
    site.arrive([1]);
    let page = site.get("/feeds/all.atom").await;
    assert_eq!(page.header("cache-control"), "max-age=300");
    assert_eq!(site.get("/").await.header("cache-control"), "no-cache");
    assert_eq!(
        site.get("/healthz").await.header("cache-control"),
        "no-store"
    );
}

#[tokio::test]
async fn a_bad_request_is_told_what_where_and_what_to_do() {
    let site = ServerFixture::open().await;
    site.fixture.topics(&[("ukraine", "kyiv")]);
    for (path, status, told) in [
        (
            "/feeds/all.atom?limit=0",
            400,
            "limit: \"0\" is not a number from 1 to 1000",
        ),
        ("/feeds/all.atom?limit=ten", 400, "limit: \"ten\""),
        ("/feeds/all.atom?since=tomorrowish", 400, "since: "),
        ("/feeds/all.atom?before=%1b[31m", 400, "before: "),
        ("/feeds/all.atom?limit=1&limit=2", 400, "twice"),
        ("/feeds/search.atom", 400, "q: the expression is missing"),
        ("/feeds/search.atom?q=a+(b", 400, "  a (b\n"),
        ("/feeds/ukrane.atom", 404, "did you mean ukraine?"),
        ("/topics/ukrane", 404, "did you mean ukraine?"),
        ("/feeds/all.xml", 404, "all.atom"),
        ("/feeds/all", 404, "all.atom"),
        ("/stories/7", 404, "no such story"),
        (
            "/stories/00000000-0000-0000-0000-000000000000",
            404,
            "no such story",
        ),
        ("/wp-login.php", 404, "nothing at this address"),
    ] {
        let page = site.get(path).await;
        assert_eq!(page.status, status, "{path}");
        assert_eq!(page.header("content-type"), "text/plain; charset=utf-8");
        assert!(page.text().contains(told), "{path}: {}", page.text());
        assert!(!page.text().contains('\u{1b}'), "SEC-14");
    }
    let caret = site.get("/feeds/search.rss?q=a+(b").await.text();
    assert!(caret.lines().any(|l| l.trim() == "^"), "{caret}");
}

#[tokio::test]
async fn an_address_with_a_slash_too_many_leads_to_the_page() {
    let site = ServerFixture::open().await;
    for (path, status, place) in [
        ("/topics/", 308, "../topics"),
        ("/status/?token=a%26b", 308, "../status?token=a%26b"),
        ("/feeds/all.atom/", 308, "../all.atom"),
        ("//evil.example/", 308, "../evil.example"),
        ("/sources?token=x", 303, "status?token=x"),
    ] {
        let page = site.get(path).await;
        assert_eq!(
            (page.status, page.header("location")),
            (status, place),
            "{path}"
        );
    }
    assert_eq!(site.get("//").await.status, 404);
    assert!(site.get("/robots.txt").await.text().contains("Disallow: /"));
}

#[tokio::test]
async fn sec_18_only_whole_and_harmless_requests_are_answered() {
    let site = ServerFixture::open().await;
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        for path in ["/feeds/all.atom", "/nowhere"] {
            let page = ask(site.at, method, path, &[]).await;
            assert_eq!((page.status, page.header("allow")), (405, "GET, HEAD"));
        }
    }
    let long = format!("/feeds/search.atom?q={}", "a".repeat(9000));
    assert_eq!(site.get(&long).await.status, 414);
    for (request, status) in [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
            400,
        ),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            400,
        ),
        ("NONSENSE\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\n\r\n", 200),
    ] {
        assert_eq!(
            say(site.at, request.as_bytes()).await.status,
            status,
            "{request:?}"
        );
    }
    let fat = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n",
        "a".repeat(40_000)
    );
    // The answer may be lost with the connection that is closed upon the rest.
    let fat = say(site.at, fat.as_bytes()).await.status;
    assert!(matches!(fat, 431 | 0), "{fat}");
}

#[tokio::test]
async fn sec_10_every_answer_says_that_nothing_in_it_runs() {
    let site = ServerFixture::open().await;
    site.arrive([1]);
    for path in [
        "/",
        "/status",
        "/search",
        "/feeds/all.rss",
        "/feeds.opml",
        "/healthz",
        "/nowhere",
    ] {
        let page = site.get(path).await;
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("sandbox"),
            "{path}"
        );
        assert!(
            !policy.contains("script") && !policy.contains("http"),
            "{path}"
        );
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
    }
}

#[tokio::test]
async fn sec_18_no_header_of_a_request_reaches_an_answer() {
    let forged = [
        ("X-Forwarded-Host", "evil.example"),
        ("Forwarded", "host=evil.example"),
        ("X-Forwarded-Proto", "evil"),
    ];
    let public = ServeOptions {
        public_url: Some(WebUrl::parse("https://news.example.org/river/").unwrap()),
        hub: Some(WebUrl::parse("https://hub.example/").unwrap()),
        ..options()
    };
    let site = ServerFixture::with(public, || Ok(())).await;
    site.arrive(0..12);
    for path in [
        "/feeds/all.atom",
        "/feeds/all.json",
        "/feeds.opml",
        "/",
        "/status",
    ] {
        let foreign = site.get_with(path, &[("Host", "evil.example")]).await;
        assert_eq!(foreign.status, 421);
        assert!(!format!("{:?}{}", foreign.headers, foreign.text()).contains("evil"));
        let page = site.get_with(path, &forged).await;
        let said = format!("{:?}{}", page.headers, page.text());
        assert!(!said.contains("evil"), "{path}");
        assert!(!said.contains("127.0.0.1"), "{path}");
    }
    let honest = site.get("/feeds/all.atom").await;
    let text = honest.text();
    assert!(
        text.contains("https://news.example.org/river/feeds/all.atom?before="),
        "{text}"
    );
    assert_eq!(
        honest.header("link"),
        "<https://news.example.org/river/feeds/all.atom>; rel=\"self\", <https://hub.example/>; rel=\"hub\""
    );
}

#[tokio::test]
async fn pages_have_neither_gap_nor_repeat_while_articles_arrive() {
    let site = ServerFixture::open().await;
    site.fixture.topics(&[("sea", "boats")]);
    site.arrive(0..47);
    let river = site.fixture.store.reads().stories(&Selection::default());
    let all: Vec<_> = river.unwrap().iter().map(|s| s.id.to_string()).collect();
    for start in [
        "/feeds/all.atom",
        "/feeds/sea.atom?limit=7",
        "/feeds/search.atom?q=boats&limit=9",
    ] {
        let mut path = start.to_owned();
        let mut seen: Vec<String> = Vec::new();
        loop {
            let page = site.get(&path).await.text();
            let entries = between(&page, "<entry", "</entry>");
            let ids = entries
                .iter()
                .map(|e| between(e, "<id>urn:uuid:", "</id>")[0]);
            seen.extend(ids.map(str::to_owned));
            site.arrive([1000 + seen.len()]);
            let base = format!("http://{}", site.at);
            let next = between(
                &page,
                "<link rel=\"next\" type=\"application/atom+xml\" href=\"",
                "\"",
            );
            let Some(next) = next.first() else { break };
            path = next.strip_prefix(&base).unwrap().replace("&amp;", "&");
            assert!(
                page.contains("rel=\"first\"") == (seen.len() > entries.len()),
                "{page}"
            );
        }
        let old: Vec<_> = seen.iter().filter(|id| all.contains(id)).cloned().collect();
        assert_eq!(old, all, "{start}");
        assert_eq!(
            seen.iter().collect::<HashSet<_>>().len(),
            seen.len(),
            "{start}"
        );
    }
}

#[tokio::test]
async fn a_page_of_giants_ends_early_and_leads_to_the_rest() {
    let site = ServerFixture::open().await;
    let giant = |n| {
        let mut giant = draft(HOST, n, &format!("Report {n}"), &format!("{n} boats."));
        giant.content_html.push_str(&" ".repeat(1 << 20));
        giant
    };
    site.put((0..9).map(giant).collect());
    let (mut path, mut on_pages) = ("/feeds/all.json".to_owned(), Vec::new());
    loop {
        let page = site.get(&path).await;
        let page: serde_json::Value = serde_json::from_slice(&page.body).unwrap();
        on_pages.push(page["items"].as_array().unwrap().len());
        let Some(next) = page["next_url"].as_str() else {
            break;
        };
        path = next.split_once(&site.at.to_string()).unwrap().1.to_owned();
    }
    assert_eq!(on_pages, [3, 3, 3]);
}

#[tokio::test]
async fn a_list_keeps_to_its_limit_and_its_time() {
    let site = ServerFixture::open().await;
    site.arrive(0..3);
    site.fixture.clock.advance(Duration::from_secs(48 * 3600));
    site.arrive(3..5);
    let count = |page: Page| page.text().matches("<entry").count();
    assert_eq!(count(site.get("/feeds/all.atom?limit=4").await), 4);
    assert_eq!(count(site.get("/feeds/all.atom?since=24h").await), 2);
    assert_eq!(count(site.get("/feeds/all.atom?since=2030-01-12").await), 2);
    assert_eq!(
        count(
            site.get("/feeds/all.atom?since=2030-01-01T00:00:00Z&utm_source=x")
                .await
        ),
        5
    );
}

#[tokio::test]
async fn rel_08_a_half_sent_request_does_not_hold_up_the_end() {
    let limits = Limits {
        drain_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let site = ServerFixture::with(
        ServeOptions {
            limits,
            ..options()
        },
        || Ok(()),
    )
    .await;
    let mut half = TcpStream::connect(site.at).await.unwrap();
    half.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-")
        .await
        .unwrap();
    let mut idle = TcpStream::connect(site.at).await.unwrap();
    // Both are accepted once a later one has been answered.
    site.get("/healthz").await;
    site.cancel.cancel();
    site.running.await.unwrap();
    assert_eq!(hear(&mut half).await.status, 0);
    assert_eq!(hear(&mut idle).await.status, 0);
    assert!(TcpStream::connect(site.at).await.is_err(), "nobody listens");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rel_08_a_request_that_was_asked_is_answered_before_the_end() {
    let gate = Arc::new(Barrier::new(2));
    let held = Arc::clone(&gate);
    let ready = move || {
        held.wait();
        held.wait();
        Ok(())
    };
    let site = ServerFixture::with(options(), ready).await;
    let asked = tokio::spawn(get(site.at, "/readyz", &[]));
    let pass = || {
        let gate = Arc::clone(&gate);
        tokio::task::spawn_blocking(move || gate.wait())
    };
    pass().await.unwrap();
    site.cancel.cancel();
    pass().await.unwrap();
    let page = asked.await.unwrap();
    assert_eq!((page.status, page.text().as_str()), (200, "ready\n"));
    site.running.await.unwrap();
}

#[tokio::test]
async fn sec_18_who_sends_no_request_is_cut_off() {
    let limits = Limits {
        header_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let site = ServerFixture::with(
        ServeOptions {
            limits,
            ..options()
        },
        || Ok(()),
    )
    .await;
    let mut slow = TcpStream::connect(site.at).await.unwrap();
    slow.write_all(b"GET / HT").await.unwrap();
    assert_ne!(hear(&mut slow).await.status, 200);
}

#[tokio::test]
async fn sec_18_who_keeps_us_waiting_longest_makes_room_for_one_connection_too_many() {
    let limits = Limits {
        connections_max: 2,
        ..Limits::default()
    };
    let two = ServeOptions {
        limits,
        ..options()
    };
    let site = ServerFixture::with(two, || Ok(())).await;
    let mut first = TcpStream::connect(site.at).await.unwrap();
    first.write_all(b"GET / HT").await.unwrap();
    let mut second = TcpStream::connect(site.at).await.unwrap();
    let alive = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", site.at);
    second.write_all(alive.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    tokio::io::AsyncReadExt::read_exact(&mut second, &mut answer)
        .await
        .unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    assert_eq!(
        site.get("/healthz").await.status,
        200,
        "there is room for one more"
    );
    assert_eq!(hear(&mut first).await.status, 0, "the slowest had to go");
    // And for a good client, whoever else is there.
    let slow: Vec<TcpStream> =
        futures_util::future::join_all((0..50).map(|_| TcpStream::connect(site.at)))
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
    for _ in 0..20 {
        assert_eq!(site.get("/healthz").await.status, 200);
    }
    drop(slow);
}

#[tokio::test]
async fn a_panic_is_one_failed_request() {
    let site = ServerFixture::with(options(), || panic!("a bug")).await;
    let page = site.get("/readyz").await;
    assert_eq!(page.status, 500);
    assert!(page.text().contains("log"), "{}", page.text());
    assert_eq!(site.get("/healthz").await.text(), "ok\n");
}

#[tokio::test]
async fn readiness_says_why_not() {
    let reason = || Err("the scheduler has not run for 3 minutes".to_owned());
    let site = ServerFixture::with(options(), reason).await;
    let page = site.get("/readyz").await;
    assert_eq!(page.status, 503);
    assert_eq!(page.text(), "the scheduler has not run for 3 minutes\n");
}

#[tokio::test]
async fn metrics_count_what_is_stored_and_asked() {
    let site = ServerFixture::open().await;
    site.fixture.topics(&[("sea", "boats")]);
    site.arrive(0..3);
    let tag = site.get("/feeds/all.atom").await.header("etag").to_owned();
    site.get_with("/feeds/all.atom", &[("If-None-Match", &tag)])
        .await;
    let page = site.get("/metrics").await;
    assert!(
        page.header("content-type")
            .starts_with("application/openmetrics-text")
    );
    let told = page.text();
    for line in [
        "newswire_feeds{state=\"ok\"} 1",
        "newswire_articles 3",
        "newswire_topics 1",
        "newswire_polls_total{outcome=\"document\"} 1",
        "newswire_http_requests_total{kind=\"feed\",class=\"2xx\"} 1",
        "newswire_http_requests_total{kind=\"feed\",class=\"304\"} 1",
    ] {
        assert!(told.lines().any(|l| l == line), "{line}\n{told}");
    }
    assert!(told.ends_with("# EOF\n"));
}

#[tokio::test]
async fn subscription_lists_name_our_feeds_and_our_sources() {
    let site = ServerFixture::open().await;
    site.fixture.topics(&[("sea", "boats")]);
    let ours = site.get("/feeds.opml").await;
    assert_eq!(ours.status, 200);
    let urls: Vec<String> = ["all", "sea"]
        .map(|name| format!("http://{}/feeds/{name}.atom", site.at))
        .to_vec();
    assert_eq!(between(&ours.text(), "xmlUrl=\"", "\""), urls);
    let sources = site.get("/subscriptions.opml").await.text();
    assert_eq!(
        between(&sources, "xmlUrl=\"", "\""),
        ["https://a.example/feed"]
    );
}

#[tokio::test]
async fn pages_show_the_river_a_story_and_its_copies() {
    let site = ServerFixture::open().await;
    site.fixture.topics(&[("sea", "boats")]);
    let other = site.fixture.subscribe("b.example");
    let wire: String = (0..60).map(|n| format!("boats{n} ")).collect();
    site.put(vec![draft(
        HOST,
        1,
        "Boats come in",
        &format!("boats {wire}"),
    )]);
    let copy = draft("b.example", 1, "Boats come in", &format!("boats {wire}"));
    site.sequence
        .send_replace(site.fixture.put(other, vec![copy]));

    let river = site.get("/").await.text();
    assert!(
        river.contains("2 copies") && river.contains("Thursday, 10 January 2030"),
        "{river}"
    );
    assert!(river.contains("href=\"topics/sea\"") && river.contains("href=\"feeds/all.atom\""));
    let story = between(&river, "href=\"stories/", "\"")[0];
    let story = site.get(&format!("/stories/{story}")).await.text();
    for told in [
        "boats59",
        "b.example",
        "same text",
        "href=\"https://a.example/1\"",
        "href=\"../topics/sea\"",
    ] {
        assert!(story.contains(told), "{told}\n{story}");
    }
    let topic = site.get("/topics/sea").await.text();
    assert!(topic.contains(">All about sea</h1>") && topic.contains("href=\"../feeds/sea.atom\""));
    let status = site.get("/status").await.text();
    assert!(status.contains("a.example") && status.contains("b.example"));
    let style = site.get("/style.css").await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
}

#[tokio::test]
async fn pages_of_the_river_lead_to_older_ones() {
    let site = ServerFixture::open().await;
    site.arrive(0..25);
    let mut seen = HashSet::new();
    let mut path = "/".to_owned();
    loop {
        let page = site.get(&path).await.text();
        seen.extend(
            between(&page, "stories/", "\"")
                .into_iter()
                .map(str::to_owned),
        );
        let Some((before, _)) = page.split_once("\" rel=\"next\"") else {
            break;
        };
        path = format!("/{}", before.rsplit('"').next().unwrap());
    }
    assert_eq!(seen.len(), 25);
}

#[tokio::test]
async fn sec_10_titles_names_and_questions_are_text() {
    let site = ServerFixture::open().await;
    let bad = "<script>alert(1)</script>\" onload=\"x";
    let mut hostile = draft(HOST, 1, bad, "Boats.");
    hostile.summary = bad.to_owned();
    hostile.authors.push(newswire::model::Person {
        name: Some(bad.to_owned()),
        ..Default::default()
    });
    site.put(vec![hostile]);
    let river = site.get("/").await.text();
    let story = between(&river, "href=\"stories/", "\"")[0].to_owned();
    let search = "/search?q=%22%3Cscript%3Ealert(1)%3C/script%3E%22";
    for path in [
        "/",
        &format!("/stories/{story}"),
        search,
        "/search?q=%3Cscript%3E(",
    ] {
        let page = site.get(path).await;
        assert!(
            page.header("content-type").starts_with("text/html"),
            "{path}"
        );
        let text = page.text();
        assert!(text.contains("script"), "{path}: it is shown");
        assert!(
            !text.contains("<script") && !text.contains("\" onload"),
            "{path}\n{text}"
        );
    }
}

#[tokio::test]
async fn a_person_is_told_on_a_page_and_a_program_in_plain_text() {
    let site = ServerFixture::open().await;
    site.fixture.topics(&[("seaside", "boats")]);
    let browser = [("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
    for (path, status, told) in [
        ("/topics/saeside", 404, "did you mean seaside?"),
        ("/stories/x", 404, "there is no such story"),
        ("/sources/x", 404, "there is no"),
        ("/nothing/at/all", 404, "nothing at this address"),
        ("/?limit=0", 400, "is not a number from 1 to 1000"),
    ] {
        let page = site.get_with(path, &browser).await;
        assert_eq!(page.status, status, "{path}");
        assert!(
            page.header("content-type").starts_with("text/html"),
            "{path}"
        );
        assert!(
            page.header("content-security-policy")
                .contains("default-src 'none'")
        );
        assert!(
            page.header("vary").contains("Accept") && page.header("cache-control") == "no-store"
        );
        let text = page.text();
        assert!(
            text.to_lowercase().contains(told) && text.contains("topics/seaside\""),
            "{path}: {text}"
        );
        let plain = site.get(path).await;
        assert!(
            plain.header("content-type").starts_with("text/plain"),
            "{path}"
        );
        assert!(plain.text().contains(told), "{path}");
    }
    let feed = site.get_with("/feeds/sae.atom", &browser).await;
    assert!(
        feed.header("content-type").starts_with("text/plain"),
        "a feed is for programs"
    );
}

#[tokio::test]
async fn a_search_finds_or_explains() {
    let site = ServerFixture::open().await;
    site.arrive(0..3);
    let found = site.get("/search?q=%22report+2%22").await;
    assert_eq!(found.status, 200);
    assert!(found.text().contains("Report 2") && !found.text().contains("Report 1"));
    let empty = site.get("/search").await;
    assert!(empty.status == 200 && empty.text().contains("since:7d"));
    let wrong = site.get("/search?q=(boats").await;
    assert!(
        wrong.status == 400 && wrong.text().contains('^'),
        "{}",
        wrong.text()
    );
}

#[tokio::test]
async fn a_story_shows_where_its_copies_differ() {
    let site = ServerFixture::open().await;
    let other = site.fixture.subscribe("b.example");
    let text = "Ten boats came into the harbour at night, and nobody saw <them>.";
    site.put(vec![draft(HOST, 1, "Boats", &text.replace('<', "&lt;"))]);
    let mut copy = draft(
        "b.example",
        1,
        "Boats & ships",
        &text.replace('<', "&lt;").replace("Ten", "Twelve"),
    );
    copy.canonical_url = draft(HOST, 1, "", "").canonical_url;
    site.sequence
        .send_replace(site.fixture.put(other, vec![copy]));
    let river = site.get("/").await.text();
    let id = between(&river, "stories/", "\"")[0]
        .split('#')
        .next()
        .unwrap();
    let page = site.get(&format!("/stories/{id}")).await.text();
    assert!(page.contains("shown above"), "{page}");
    assert!(page.contains("<ins>+1</ins> <del>−1</del> words"), "{page}");
    assert!(
        page.contains("<del>Ten</del> <ins>Twelve</ins> boats came"),
        "{page}"
    );
    assert!(page.contains("Boats &#38; ships"), "{page}");
}

#[tokio::test]
async fn a_source_has_a_page_with_plots_and_topics_have_a_list() {
    let site = ServerFixture::open().await;
    site.fixture
        .topics(&[("sea", "boats <b>"), ("land", "hills")]);
    site.arrive(0..5);
    site.fixture.clock.advance(Duration::from_secs(3600));
    let mut late = draft(HOST, 9, "Late", "It came late.");
    late.published = Some(site.fixture.clock.now());
    site.put(vec![late]);
    let status = site.get("/status").await.text();
    let source = between(&status, "href=\"sources/", "\"")[0];
    let page = site.get(&format!("/sources/{source}")).await;
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-security-policy")
            .contains("default-src 'none'")
    );
    let page = page.text();
    let plots = between(&page, "aria-label=\"", "\"");
    assert!(
        plots.contains(&"articles per day over 42 days: 6 in total, at most 6"),
        "{plots:?}"
    );
    assert!(
        plots.iter().any(|p| p.contains("median 1 min")),
        "{plots:?}"
    );
    assert!(plots.contains(&"the last 2 polls: 0 failed"), "{plots:?}");
    assert!(page.contains("Late") && !page.contains("style="), "{page}");
    assert_eq!(site.get("/sources/0").await.status, 404);
    let topics = site.get("/topics").await.text();
    assert!(topics.contains("boats &#60;b&#62;"), "{topics}");
    assert!(topics.contains("href=\"feeds/land.rss\""), "{topics}");
}
