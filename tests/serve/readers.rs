//! Hostile readers: what they ask for and do not take is bounded over all connections (SEC-24), a foreign page cannot read
//! us under its own name, and no path goes round the token (SEC-22).

use std::collections::HashSet;
use std::sync::Arc;

use newswire::memory::MemoryBudget;
use newswire::model::{Category, Draft, HubReply, WebUrl};
use newswire::serve::{HubCallback, Limits, ServeOptions, Tokens};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

use crate::support::browser::{ask, say};
use crate::support::server_fixture::{HOST, ServerFixture, between, options};
use crate::support::store_fixture::draft;

/// A text of so many bytes in words that no other number has.
fn text(n: usize, bytes: usize) -> String {
    let words = (0..).map(|i| format!("w{n}x{i} "));
    let mut text = String::new();
    for word in words {
        if text.len() >= bytes {
            return text;
        }
        text.push_str(&word);
    }
    text
}

/// Article `n`, with a body of a mebibyte of which almost nothing is text.
fn giant(n: usize) -> Draft {
    let mut giant = draft(HOST, n, &format!("Report {n}"), &format!("{n} boats."));
    giant.content_html = format!("<p>{n}{} boats.</p>", " ".repeat(1 << 20));
    giant
}

/// A site with one story of so many copies, each another text of so many bytes; and the path of its page.
async fn copied(copies: usize, bytes: usize) -> (ServerFixture, String) {
    let site = ServerFixture::open().await;
    for n in 0..copies {
        let host = format!("copy{n}.example");
        let feed = site.fixture.subscribe(&host);
        let mut copy = draft(&host, n, "Boats come in", &text(n, bytes));
        copy.canonical_url = WebUrl::parse("https://wire.example/boats").ok();
        site.sequence
            .send_replace(site.fixture.put(feed, vec![copy]));
    }
    let river = site.get("/").await.text();
    let id = between(&river, "href=\"stories/", "\"")[0];
    let path = format!("/stories/{}", id.split('#').next().unwrap());
    (site, path)
}

#[tokio::test]
async fn sec_24_a_story_page_of_long_copies_comes_in_parts() {
    let (site, first) = copied(24, 150_000).await;
    let (mut path, mut sources) = (first.clone(), Vec::new());
    let mut pages = 0;
    loop {
        let page = site.get(&path).await.text();
        assert!(page.contains("24 copies"), "{path}");
        assert!(page.len() < 3 << 20, "{path}: {} bytes", page.len());
        let copies = between(&page, "<b><bdi>", "</bdi>");
        sources.extend(copies.into_iter().map(str::to_owned));
        pages += 1;
        let next = between(&page, "<nav class=\"pages\"", "</nav>");
        let next = next
            .first()
            .and_then(|nav| nav.split_once("\" rel=\"next\""));
        let Some((before, _)) = next else { break };
        let link = before.rsplit('"').next().unwrap();
        path = format!("/stories/{}", link.split('#').next().unwrap());
    }
    assert!((2..10).contains(&pages), "{pages} pages");
    let distinct: HashSet<_> = sources.iter().collect();
    assert_eq!((sources.len(), distinct.len()), (24, 24));
    let rendered = site.renderings().await;
    site.get(&first).await;
    assert_eq!(site.renderings().await, rendered, "it is kept");
    assert_eq!(site.get(&format!("{first}?after=x")).await.status, 400);
}

#[tokio::test]
async fn sec_24_a_page_is_bounded_whatever_its_bytes_are_in() {
    let site = ServerFixture::open().await;
    let labelled = |n: usize| {
        let mut draft = draft(HOST, n, &format!("Report {n}"), "Short.");
        draft.categories = (0..64)
            .map(|c| Category {
                term: format!("{c}{}", "x".repeat(4000)),
                ..Category::default()
            })
            .collect();
        draft
    };
    site.put((0..60).map(labelled).collect());
    for path in [
        "/feeds/all.atom?limit=60",
        "/feeds/all.json?limit=60",
        "/?limit=60",
    ] {
        let page = site.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.len() < 6 << 20, "{path}: {}", page.body.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sec_24_answers_that_nobody_takes_are_bounded_and_small_ones_go_on() {
    let limits = Limits {
        response_bytes_max: 40 << 20,
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
    site.fixture.topics(&[("small", "title:small")]);
    site.put((0..4).map(giant).collect());
    site.put(vec![draft(HOST, 99, "Small", "It is small.")]);
    let mut greedy = Vec::new();
    for second in 0..20 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stream = socket.connect(site.at).await.unwrap();
        let path = format!("/feeds/all.json?since=2030-01-01T00:00:{second:02}Z");
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.unwrap();
        greedy.push(stream);
        let bytes = site.metric("newswire_http_answer_bytes").await;
        assert!(bytes <= 40 << 20, "{bytes} bytes, {} wait", greedy.len());
        assert_eq!(site.get("/feeds/small.atom").await.status, 200);
        let cut = site.metric("newswire_http_connections_cut_total").await;
        if cut > 1 {
            break;
        }
        assert!(second < 19, "a reader that takes nothing is cut");
    }
    drop(greedy);
    let mut status = 503;
    while status == 503 {
        // The server may not have noticed yet that they are gone.
        status = site.get("/feeds/all.json").await.status;
    }
    assert_eq!(status, 200, "what is given back is there for others");
}

#[tokio::test]
async fn sec_24_the_list_of_many_sources_is_that_of_all_in_their_folders() {
    let site = ServerFixture::open().await;
    let feeds = (0..300).map(|n| newswire::store::NewFeed {
        url: WebUrl::parse(&format!("https://f{n}.example/feed")).unwrap(),
        title: Some(format!("Paper {n}")),
        folder: [None, Some("b".to_owned()), Some("a/c".to_owned())][n % 3].clone(),
        tags: Vec::new(),
        settings: Default::default(),
        declared: false,
    });
    site.fixture.store.subscribe(feeds.collect()).unwrap();
    let list = site.get("/subscriptions.opml").await.text();
    let all = newswire::emit::opml::read(&list).unwrap();
    assert_eq!(all.len(), 301);
    assert_eq!(list.matches("<outline text=\"a\"").count(), 1);
    let (a, b) = (
        list.find("text=\"c\"").unwrap(),
        list.find("text=\"b\"").unwrap(),
    );
    assert!(
        a < b && list.find("Paper 0\"").unwrap() < a,
        "feeds first, then folders"
    );
}

#[tokio::test]
async fn sec_22_a_name_that_is_not_ours_is_refused_and_told_what_to_do() {
    let ours = ServeOptions {
        public_url: WebUrl::parse("https://news.example.org/").ok(),
        allowed_hosts: vec!["newswire".to_owned()],
        ..options()
    };
    let site = ServerFixture::with(ours, || Ok(())).await;
    for path in [
        "/",
        "/feeds/all.atom",
        "/subscriptions.opml",
        "/metrics",
        "/nowhere",
    ] {
        let foreign = site.get_with(path, &[("Host", "evil.example")]).await;
        assert_eq!(foreign.status, 421, "{path}");
        let told = foreign.text();
        assert!(told.contains("server.public_url") && told.contains("server.allowed_hosts"));
        for host in ["news.example.org", "newswire:8390", "localhost", "[::1]"] {
            assert_ne!(
                site.get_with(path, &[("Host", host)]).await.status,
                421,
                "{host}"
            );
        }
    }
    let probes = site.get_with("/healthz", &[("Host", "evil.example")]).await;
    assert_eq!(probes.status, 200);
    let whole = "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(say(site.at, whole.as_bytes()).await.status, 421);
    let private = ServeOptions {
        tokens: Tokens::read("0123456789abcdef0").ok(),
        ..options()
    };
    let site = ServerFixture::with(private, || Ok(())).await;
    let asked = [
        ("Host", "nas.home"),
        ("Authorization", "Bearer 0123456789abcdef0"),
    ];
    assert_eq!(site.get_with("/feeds/all.atom", &asked).await.status, 200);
}

#[tokio::test]
async fn sec_22_no_path_goes_round_the_token() {
    let private = ServeOptions {
        tokens: Tokens::read("0123456789abcdef0").ok(),
        ..options()
    };
    let callback = HubCallback {
        memory: MemoryBudget::new(),
        body_bytes_max: 1000,
        handler: Arc::new(|_, _| Box::pin(std::future::ready(HubReply::Gone))),
    };
    let site = ServerFixture::called_back(private, || Ok(()), Some(callback)).await;
    for path in [
        "/",
        "/feeds/all.atom",
        "/subscriptions.opml",
        "//subscriptions.opml",
        "/websub/../subscriptions.opml",
        "/websub/x/../../feeds/all.atom",
        "/websub",
        "/websub/",
        "/websub/a/b",
        "/websubs/x",
        "/healthz/",
        "/nowhere",
        "/metrics",
    ] {
        assert_eq!(site.get(path).await.status, 401, "{path}");
        let browser = site.get_with(path, &[("Accept", "text/html")]).await;
        assert!(
            browser.status == 401 && !browser.text().contains("<html"),
            "{path}"
        );
    }
    for (method, path, status) in [
        ("GET", "/websub/x?hub.mode=denied&hub.topic=t", 410),
        ("POST", "/websub/x", 410),
        ("PUT", "/websub/x", 405),
        ("POST", "/websub", 405),
        ("GET", "/healthz", 200),
        ("POST", "/healthz", 405),
        ("GET", "/style.css", 200),
    ] {
        let page = ask(site.at, method, path, &[]).await;
        assert_eq!(page.status, status, "{method} {path}");
    }
}

#[tokio::test]
async fn the_page_of_the_sources_is_kept_like_others() {
    let site = ServerFixture::open().await;
    site.arrive(0..3);
    let first = site.get("/status").await;
    let rendered = site.renderings().await;
    assert_eq!(site.get("/status").await.body, first.body);
    assert_eq!(site.renderings().await, rendered);
    site.arrive([4]);
    assert_ne!(site.get("/status").await.body, first.body);
}

#[tokio::test]
async fn sec_12_a_store_above_its_watermark_is_told_on_the_page_of_the_sources() {
    for (size_warning, is_told) in [(0, false), (1, true), (1 << 40, false)] {
        let watched = ServeOptions {
            size_warning,
            ..options()
        };
        let site = ServerFixture::with(watched, || Ok(())).await;
        let page = site.get("/status").await.text();
        assert_eq!(
            page.contains("store.size_warning"),
            is_told,
            "{size_warning}"
        );
    }
}
