//! The sample: its fictional newspapers, polled like all feeds, without a network; and what newswire says about the network.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use newswire::config::environment::Environment;
use newswire::config::{self, ConfigFlags, SAMPLE};
use newswire::daemon::sample::{self, PORT, SampleServer, snapshot};
use newswire::ingest::PassReport;
use newswire::model::{FailureKind, FeedState, Network, StoryView};
use newswire::store::ClaimScope;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use crate::support::cli_home::CliHome;
use crate::support::server_fixture::{ServerFixture, options};
use crate::support::{EndToEnd, Internet, Item, Reply, rss};

/// The configuration of the sample without its public feeds.
fn sample() -> config::Config {
    let given = ConfigFlags {
        db: Some("sample.db".into()),
        sample: true,
        ..ConfigFlags::default()
    };
    let mut config = config::read_text(SAMPLE, None, &given, &Environment::default()).unwrap();
    config
        .feeds
        .retain(|feed| feed.url.host().ends_with(".localhost"));
    config
}

/// Serves the sites of this app's snapshot at any port, and tells the app their address.
async fn with_sample_server(app: EndToEnd, net: &Internet) -> (EndToEnd, SocketAddr) {
    let at = snapshot::time_of(&app.store, true, app.clock.now());
    let server = SampleServer::bind(at.unwrap().unwrap(), &[0]).unwrap();
    let (address, hosts) = (server.address(), server.hosts());
    tokio::spawn(server.serve(CancellationToken::new()));
    let app = app.again_with(net, |fetch| {
        fetch.allow_private = Vec::new();
        fetch.local = Some(hosts);
    });
    (app, address)
}

/// A sample as it is a moment after its first start, on a machine without a network.
async fn started() -> (EndToEnd, SocketAddr, Internet) {
    let net = Internet::start().await;
    let (app, address) = with_sample_server(EndToEnd::new(&net), &net).await;
    let config = sample();
    app.store.reconcile(config.declared_feeds()).unwrap();
    app.store.set_topics(config.topics()).unwrap();
    let cancel = CancellationToken::new();
    sample::first_polls(&app.ingest, app.store.reads(), &cancel)
        .await
        .unwrap();
    (app, address, net)
}

async fn pass(app: &EndToEnd) -> PassReport {
    let manual_interval = Duration::ZERO;
    let scope = ClaimScope::All { manual_interval };
    let cancel = CancellationToken::new();
    app.ingest.pass(scope, &cancel, &|_| {}).await.unwrap()
}

fn wires(stories: &[StoryView]) -> Vec<&StoryView> {
    stories.iter().filter(|s| s.copies > 1).collect()
}

#[tokio::test]
async fn the_sample_has_stories_and_an_edit_without_a_network() {
    let (app, _, net) = started().await;
    let feeds = app.feeds();
    assert_eq!(feeds.len(), 7);
    let titles: BTreeSet<&str> = feeds.iter().map(|f| f.title.as_str()).collect();
    assert!(titles.contains("Сонцедольський вісник") && titles.contains("潮見ヶ浦新報"));
    let river = app.river();
    let wires = wires(&river);
    assert_eq!(wires.len(), 1, "one wire story");
    assert_eq!(wires[0].copies, 4);
    let languages: BTreeSet<_> = river.iter().filter_map(|s| s.language.as_deref()).collect();
    assert_eq!(languages, BTreeSet::from(["en", "ja", "uk"]));
    let edited: Vec<_> = app
        .articles()
        .into_iter()
        .filter(|a| a.revision > 1)
        .collect();
    assert_eq!(edited.len(), 1);
    assert!(edited[0].title.ends_with("to cost 14 million"), "it was 41");
    let now = app.clock.now();
    for story in &river {
        assert!(story.arrived < now, "{}", story.title);
        assert!(now.since(story.arrived) < Duration::from_secs(2 * 86_400));
    }
    assert!(net.log().is_empty(), "nothing else was asked");
}

#[tokio::test]
async fn every_topic_of_the_sample_has_stories_of_its_newspapers() {
    let (app, ..) = started().await;
    let topics = app.store.reads().topics().unwrap();
    assert!(topics.len() >= 4);
    for topic in topics {
        assert!(topic.stories > 0, "{}", topic.name);
    }
}

#[tokio::test]
async fn one_newspaper_of_the_sample_fails_and_has_another_feed() {
    let (app, ..) = started().await;
    let failing: Vec<_> = app
        .feeds()
        .into_iter()
        .filter(|f| f.state != FeedState::Ok)
        .collect();
    assert_eq!(failing.len(), 1);
    assert_eq!(failing[0].failure_kind, Some(FailureKind::NotAFeed));
    let front = format!("http://gazette.localhost:{PORT}/");
    let cancel = CancellationToken::new();
    let added = app
        .ingest
        .add(EndToEnd::feed(&front), false, &cancel)
        .await
        .unwrap();
    assert!(added.new && added.articles > 2, "{added:?}");
}

#[tokio::test]
async fn a_restart_on_another_port_brings_nothing_twice() {
    let (app, first, net) = started().await;
    let (articles, feeds) = (app.articles(), app.feeds().len());
    app.hours(3);
    let (app, second) = with_sample_server(app, &net).await;
    assert_ne!(first, second);
    let config = sample();
    app.store.reconcile(config.declared_feeds()).unwrap();
    let report = pass(&app).await;
    assert_eq!((report.not_modified, report.failed), (6, 1), "{report:?}");
    assert_eq!(app.feeds().len(), feeds);
    assert_eq!(app.articles(), articles);
}

#[tokio::test]
async fn an_old_sample_gets_news_of_today() {
    let (app, _, net) = started().await;
    let before = app.articles().len();
    app.hours(9 * 24);
    let (app, _) = with_sample_server(app, &net).await;
    pass(&app).await;
    assert_eq!(app.articles().len(), 2 * before);
    let river = app.river();
    let copies: Vec<u32> = wires(&river).iter().map(|s| s.copies).collect();
    assert_eq!(copies, [4, 4], "the old story got no copies");
    let newest = app.clock.now().since(river[0].arrived);
    assert!(newest < Duration::from_secs(2 * 3600));
}

#[tokio::test]
async fn a_store_is_a_sample_only_if_it_was_made_one() {
    let net = Internet::start().await;
    let app = EndToEnd::new(&net);
    let now = app.clock.now();
    assert_eq!(snapshot::time_of(&app.store, false, now).unwrap(), None);
    let made = snapshot::time_of(&app.store, true, now).unwrap();
    assert!(made.is_some());
    app.hours(30 * 24);
    let later = snapshot::time_of(&app.store, false, app.clock.now()).unwrap();
    assert_eq!(later, made, "only `run --sample` makes a new snapshot");
}

#[tokio::test]
async fn a_store_with_feeds_of_its_own_is_not_taken_for_a_sample() {
    let net = Internet::start().await;
    let config = sample();
    let may_use = |app: &EndToEnd| snapshot::may_use(&app.store, &config).unwrap();
    let app = EndToEnd::new(&net);
    assert!(may_use(&app), "a new store");
    app.subscribe(&["https://a.example/feed"]);
    assert!(!may_use(&app), "subscribed by command");
    let declared = |url: &str| newswire::store::NewFeed {
        declared: true,
        ..EndToEnd::feed(url)
    };
    let app = EndToEnd::new(&net);
    let feeds = ["https://a.example/feed", config.feeds[0].url.as_str()].map(declared);
    app.store.reconcile(feeds.to_vec()).unwrap();
    assert!(!may_use(&app), "declared by a configuration");
    let app = EndToEnd::new(&net);
    let older = vec![declared(config.feeds[0].url.as_str())];
    app.store.reconcile(older).unwrap();
    app.subscribe(&["https://a.example/feed"]);
    assert!(may_use(&app), "a sample of an older version");
}

#[test]
fn commands_on_a_sample_leave_its_feeds_alone_whatever_the_users_configuration() {
    let home = CliHome::empty();
    let clock = newswire::clock::Clock::manual("2030-01-10T06:12:00Z".parse_time());
    std::fs::create_dir_all(home.db().parent().unwrap()).unwrap();
    let store = home.store(&clock);
    snapshot::time_of(&store, true, clock.now()).unwrap();
    store.reconcile(sample().declared_feeds()).unwrap();
    drop(store);
    home.configure("[[feed]]\nurl = \"https://own.example/feed\"\n");
    let db = home.db();
    let db = ["--db", db.to_str().unwrap()];
    let status = home
        .run(&[&db[..], &["status"]].concat())
        .exits(0)
        .to_owned();
    assert!(status.contains("the built-in sample"), "{status}");
    home.run(&[&db[..], &["prune"]].concat()).exits(0);
    let feeds = home.run(&[&db[..], &["feeds", "--json"]].concat());
    assert!(feeds.exits(0).contains("ledger.localhost"));
    assert!(!feeds.out.contains("own.example"));
}

#[test]
fn the_sample_refuses_a_store_of_the_users_own() {
    let home = CliHome::empty();
    let clock = newswire::clock::Clock::manual("2030-01-10T06:12:00Z".parse_time());
    std::fs::create_dir_all(home.db().parent().unwrap()).unwrap();
    let store = home.store(&clock);
    store
        .subscribe(vec![EndToEnd::feed("https://own.example/feed")])
        .unwrap();
    drop(store);
    let db = home.db();
    let refused = home.run(&[
        "demo",
        "--no-fetch",
        "--no-serve",
        "--db",
        db.to_str().unwrap(),
    ]);
    refused.exits(2);
    assert!(
        refused.err.contains("has feeds of your own"),
        "{}",
        refused.err
    );
    assert!(
        home.run(&["feeds", "--json"])
            .exits(0)
            .contains("own.example")
    );
}

#[tokio::test]
async fn sec_06_the_sample_opens_no_other_way_to_this_machine() {
    let (app, address, net) = started().await;
    let other = net.names().into_values().flatten().next();
    let other = other.map_or(address.port(), |at| at.port());
    let port = address.port();
    for url in [
        format!("http://127.0.0.1:{port}/feed.xml"),
        format!("http://localhost:{port}/feed.xml"),
        format!("http://ledger.localhost:{port}/feed.xml"),
        format!("http://ledger.localhost:{other}/"),
        format!("https://ledger.localhost:{PORT}/feed.xml"),
        format!("http://evil.localhost:{PORT}/feed.xml"),
    ] {
        let feed = app.subscribe(&[&url])[0];
        let report = app.poll(feed).await;
        assert_eq!(report.failed, 1, "{url}: {report:?}");
    }
    assert!(net.log().is_empty());
}

/// The response of the sample's server to these bytes.
async fn say(address: SocketAddr, request: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn sec_22_the_sample_answers_only_to_the_names_of_its_newspapers() {
    let (_house, address, _net) = started().await;
    assert!(address.ip().is_loopback());
    let status = async |method: &str, path: &str, host: &str| {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = say(address, &head).await;
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    assert_eq!(status("GET", "/feed.xml", "ledger.localhost").await, "200");
    assert_eq!(
        status("HEAD", "/feed.xml", "LEDGER.localhost.:8391").await,
        "200"
    );
    assert_eq!(status("GET", "/", "gazette.localhost:1").await, "200");
    for host in [
        "evil.example",
        "127.0.0.1:8391",
        "localhost",
        "",
        "ledger.localhost.evil.example",
    ] {
        assert_eq!(status("GET", "/feed.xml", host).await, "421", "{host}");
    }
    let twice = "ledger.localhost\r\nHost: evil.example";
    assert_eq!(status("GET", "/feed.xml", twice).await, "421");
    assert_eq!(status("POST", "/feed.xml", "ledger.localhost").await, "405");
    for path in [
        "/..%2f..%2fetc/passwd",
        "/%00",
        "/2030/01/01/",
        "//feed.xml?x=%3Cscript%3E",
    ] {
        assert_eq!(
            status("GET", path, "ledger.localhost").await,
            "404",
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_sample_corrects_an_article_for_clients_with_its_first_version() {
    let (_house, address, _net) = started().await;
    let ask = async |tag: &str| {
        let head = format!(
            "GET /atom.xml HTTP/1.1\r\nHost: observer.localhost\r\nIf-None-Match: {tag}\r\nConnection: close\r\n\r\n"
        );
        let answer = say(address, &head).await;
        let tag = answer.lines().find_map(|l| l.strip_prefix("etag: "));
        (tag.unwrap_or_default().to_owned(), answer)
    };
    let (first, answer) = ask("\"other\"").await;
    assert!(answer.contains("to cost 41 million"));
    let (second, answer) = ask(&first).await;
    assert!(answer.contains("to cost 14 million") && second != first);
    let (same, answer) = ask(&second).await;
    assert!(answer.starts_with("HTTP/1.1 304") && same == second);
}

#[tokio::test]
async fn et_30_the_sample_neither_ends_an_outage_nor_is_part_of_one() {
    let (app, _, net) = started().await;
    assert_eq!(app.store.reads().network().unwrap(), Network::Unknown);
    app.subscribe(&[
        "http://a.example/f",
        "http://b.example/f",
        "http://c.example/f",
    ]);
    app.hours(3);
    let since = app.clock.now();
    let report = pass(&app).await;
    assert!(report.offline);
    assert_eq!(report.not_modified, 6, "the newspapers are reachable");
    let down = app.store.reads().network().unwrap();
    assert_eq!(
        down,
        Network::Down {
            since,
            tried: since
        }
    );
    let blamed = |f: &&newswire::model::Feed| f.failures > 0 && f.url.contains(".example");
    assert_eq!(app.feeds().iter().filter(blamed).count(), 0);
    app.hours(3);
    let newspapers: Vec<_> = app
        .feeds()
        .into_iter()
        .filter(|f| f.site.is_some())
        .collect();
    for newspaper in newspapers {
        app.poll(newspaper.row).await;
    }
    assert_eq!(app.store.reads().network().unwrap(), down);
    let document = rss("A", &[Item::numbered("a.example", 1)]);
    net.always("a.example", "/f", Reply::feed(document));
    let app = app.again(&net);
    app.hours(3);
    pass(&app).await;
    assert_eq!(app.store.reads().network().unwrap(), Network::Up);
}

#[test]
fn the_status_tells_that_there_is_no_network_and_since_when() {
    let home = CliHome::empty();
    let clock = newswire::clock::Clock::manual("2030-01-10T06:12:00Z".parse_time());
    std::fs::create_dir_all(home.db().parent().unwrap()).unwrap();
    let store = home.store(&clock);
    let since = clock.now();
    let told = |home: &CliHome| {
        let json = home.run(&["status", "--json"]).json().remove(0)["network"].clone();
        let text = home.run(&["status", "--time", "utc"]).exits(0).to_owned();
        let line = text
            .lines()
            .find(|l| l.starts_with("network"))
            .unwrap()
            .to_owned();
        (json, line)
    };
    assert_eq!(told(&home).0, serde_json::json!({"state": "unknown"}));
    store.note_network(Network::Up).unwrap();
    assert_eq!(told(&home).0, serde_json::json!({"state": "ok"}));
    let tried = "2030-01-10T11:59:00Z".parse_time();
    store.note_network(Network::Down { since, tried }).unwrap();
    let (json, line) = told(&home);
    assert_eq!(json["state"], "none");
    assert_eq!(json["since"], "2030-01-10T06:12:00Z");
    assert!(line.contains("down since 2030-01-10 06:12 UTC"), "{line}");
    assert!(line.ends_with("stored articles are still served"), "{line}");
    store
        .note_network(Network::Down {
            since,
            tried: since,
        })
        .unwrap();
    let line = told(&home).1;
    assert!(
        line.contains("at the last attempt"),
        "nothing was tried since: {line}"
    );
}

#[tokio::test]
async fn the_pages_tell_of_the_sample_and_of_the_missing_network() {
    let site = ServerFixture::with(
        newswire::serve::ServeOptions {
            is_sample: true,
            ..options()
        },
        || Ok(()),
    )
    .await;
    let now = site.fixture.clock.now();
    site.fixture
        .store
        .note_network(Network::Down {
            since: now,
            tried: now,
        })
        .unwrap();
    for path in ["/", "/status", "/topics"] {
        let page = site.get(path).await.text();
        assert!(page.contains("This is a sample"), "{path}");
        assert!(page.contains("No network since"), "{path}");
    }
    let other = ServerFixture::open().await;
    let page = other.get("/").await.text();
    assert!(!page.contains("sample") && !page.contains("network"));
}

trait ParseTime {
    fn parse_time(&self) -> newswire::model::Time;
}

impl ParseTime for str {
    fn parse_time(&self) -> newswire::model::Time {
        newswire::model::Time::parse_rfc3339(self).unwrap()
    }
}
