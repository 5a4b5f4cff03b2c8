//! The daemon as a process, against the fake internet on loopback.

use std::io::{Read, Write};
use std::time::Duration;

use rustix::process::Signal;

use crate::support::cli_home::CliHome;
use crate::support::process::{Daemon, command, configuration, eventually, log_bytes};
use crate::support::{Framing, Internet, Item, Reply, rss};

/// How the fake internet knows requests to its address.
const HOST: &str = "127.0.0.1";

const TOPIC: &str = "[[topic]]\nname = \"council\"\nmatch = 'council'\n";

/// A feed of this many items, none like another.
fn feed(name: &str, items: usize) -> Reply {
    let items: Vec<Item> = (1..=items)
        .map(|n| Item {
            title: format!("{name}{n} at the council"),
            html: (1..20).map(|word| format!("{name}{n}x{word} ")).collect(),
            ..Item::numbered(&format!("{name}.example"), n)
        })
        .collect();
    Reply::feed(rss(name, &items)).header("ETag", &format!("\"{name}\""))
}

/// A home whose configuration declares these paths of the fake internet as feeds.
fn home(net: &Internet, paths: &[&str]) -> CliHome {
    let home = CliHome::empty();
    home.configure(&with_feeds(&home, net, paths));
    home
}

fn with_feeds(home: &CliHome, net: &Internet, paths: &[&str]) -> String {
    let mut text = configuration(home);
    for path in paths {
        text += &format!("[[feed]]\nurl = \"http://{}{path}\"\n", net.address());
    }
    text
}

fn asked(net: &Internet, path: &str) -> usize {
    net.log()
        .iter()
        .filter(|seen| seen.request.path == path)
        .count()
}

/// Waits until the merged feed holds so many entries.
fn entries(daemon: &Daemon, file: &str, wanted: usize) {
    eventually(&format!("{wanted} entries in {file}"), || {
        let (status, body) = daemon.get(&format!("/feeds/{file}?limit=500"));
        (status == 200 && body.matches("<entry").count() == wanted).then_some(())
    });
}

fn run(home: &CliHome, args: &[&str]) -> (Option<i32>, String) {
    let done = command(home, args).output().unwrap();
    let mut text = String::from_utf8(done.stdout).unwrap();
    text += &String::from_utf8(done.stderr).unwrap();
    (done.status.code(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_08_it_is_ready_serves_what_it_polls_and_ends_in_order_whoever_hangs() {
    let net = Internet::start().await;
    net.document(HOST, "/good", feed("good", 5));
    let drip = Framing::Drip(Duration::from_secs(1));
    net.always(HOST, "/hangs", feed("hangs", 5).framing(drip));
    let home = home(&net, &["/good", "/hangs"]);
    let mut daemon = Daemon::start(&home);
    assert_eq!(daemon.get("/readyz"), (200, "ready\n".to_owned()));
    entries(&daemon, "all.atom", 5);
    assert_eq!(run(&home, &["healthcheck"]).0, Some(0));
    eventually("the request that hangs", || {
        (asked(&net, "/hangs") == 1).then_some(())
    });

    let mut half_sent = daemon.connect();
    half_sent.write_all(b"GET /feeds/all.atom HT").unwrap();
    daemon.signal(Signal::TERM);
    daemon.hears("STOPPING=1");
    assert_eq!(daemon.ends(), Some(0), "{}", daemon.log());
    let mut rest = String::new();
    let _ = half_sent.read_to_string(&mut rest);
    assert!(!home.path("http.sock").exists(), "the socket goes with it");
    let log = home.db().with_file_name("newswire.db-wal");
    assert!(!log.exists(), "a store that nobody uses is one file");
    assert_eq!(run(&home, &["verify"]).0, Some(0));
    assert_eq!((asked(&net, "/good"), asked(&net, "/hangs")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_08_a_second_signal_ends_it_at_once() {
    let net = Internet::start().await;
    let home = home(&net, &[]);
    let mut daemon = Daemon::start(&home);
    let mut half_sent = daemon.connect();
    half_sent.write_all(b"GET / HT").unwrap();
    // Connections are taken in turn: it has the half-sent one, and will wait for the rest of it.
    assert_eq!(daemon.get("/healthz").0, 200);
    daemon.signal(Signal::INT);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ends(), Some(143), "{}", daemon.log());
}

/// What sets the heap in a new environment starts itself again and again where the environment is cleaned.
#[test]
fn sec_05_the_daemon_sets_its_heap_without_starting_itself_anew() {
    let home = CliHome::empty();
    let daemon = Daemon::spawn(&home, &[]);
    daemon.hears("READY=1");
    let is_malloc = |var: &String| var.starts_with("MALLOC_") || var.starts_with("GLIBC_");
    assert!(!daemon.environment().iter().any(is_malloc));
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_08_a_second_daemon_is_refused_and_commands_work_beside_it() {
    let net = Internet::start().await;
    net.document(HOST, "/a", feed("a", 3));
    net.document(HOST, "/b", feed("b", 4));
    let home = home(&net, &[]);
    let daemon = Daemon::start(&home);
    let (code, told) = run(&home, &["run"]);
    assert_eq!(code, Some(75), "{told}");
    assert!(told.contains("process "), "it says who: {told}");

    let a = format!("http://{}/a", net.address());
    let (code, told) = run(&home, &["add", &a]);
    assert_eq!(code, Some(0), "{told}");
    entries(&daemon, "all.atom", 3);
    let list = format!(
        "<opml version=\"2.0\"><body><outline text=\"b\" xmlUrl=\"http://{}/b\"/></body></opml>",
        net.address()
    );
    let list = home.write("list.opml", &list);
    let (code, told) = run(&home, &["import", list.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{told}");
    entries(&daemon, "all.atom", 7);
    assert_eq!(
        (asked(&net, "/a"), asked(&net, "/b")),
        (1, 1),
        "ET-20: each costs one request"
    );
    let (_, subscriptions) = daemon.get("/subscriptions.opml");
    assert!(subscriptions.contains(&a));
    assert_eq!(run(&home, &["remove", &a]).0, Some(0));
    eventually("the list without it", || {
        (!daemon.get("/subscriptions.opml").1.contains(&a)).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_puts_feeds_and_topics_in_force_and_a_wrong_one_changes_nothing() {
    let net = Internet::start().await;
    net.document(HOST, "/a", feed("a", 3));
    net.document(HOST, "/b", feed("b", 4));
    let home = home(&net, &["/a"]);
    let daemon = Daemon::start(&home);
    entries(&daemon, "all.atom", 3);
    assert_eq!(daemon.get("/feeds/council.atom").0, 404);

    home.configure(&(with_feeds(&home, &net, &["/a", "/b"]) + TOPIC));
    daemon.signal(Signal::HUP);
    daemon.hears("RELOADING=1");
    daemon.hears("READY=1");
    entries(&daemon, "council.atom", 7);
    entries(&daemon, "all.atom", 7);

    home.configure("[server]\nlisten = 5\n");
    daemon.signal(Signal::HUP);
    daemon.hears("RELOADING=1");
    daemon.hears("READY=1");
    let told = eventually("why", || {
        Some(daemon.log()).filter(|l| l.contains("listen"))
    });
    assert!(told.contains("the previous one remains in use"), "{told}");
    assert_eq!(daemon.get("/readyz").0, 200);
    entries(&daemon, "council.atom", 7);

    home.configure(&with_feeds(&home, &net, &["/b"]));
    daemon.signal(Signal::HUP);
    eventually("the topic's end", || {
        (daemon.get("/feeds/council.atom").0 == 404).then_some(())
    });
    let (_, subscriptions) = daemon.get("/subscriptions.opml");
    assert!(!subscriptions.contains("/a\"") && subscriptions.contains("/b\""));
    entries(&daemon, "all.atom", 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_01_after_a_kill_only_unanswered_feeds_are_asked_again_and_nothing_doubles() {
    let net = Internet::start().await;
    let paths = ["/a", "/b", "/c", "/d", "/e", "/f"];
    for path in paths {
        let slow = Framing::Drip(Duration::from_millis(if path < "/d" { 0 } else { 1000 }));
        net.document(HOST, path, feed(&path[1..], 4).framing(slow));
    }
    let home = home(&net, &paths);
    let mut daemon = Daemon::start(&home);
    entries(&daemon, "all.atom", 12);
    eventually("all to be asked", || {
        (net.log().len() == paths.len()).then_some(())
    });
    daemon.kill();

    let daemon = Daemon::start(&home);
    entries(&daemon, "all.atom", 12);
    // The scheduler has looked: what is added now is polled after what was due before.
    net.document(HOST, "/g", feed("g", 1));
    home.configure(&with_feeds(
        &home,
        &net,
        &["/a", "/b", "/c", "/d", "/e", "/f", "/g"],
    ));
    daemon.signal(Signal::HUP);
    entries(&daemon, "all.atom", 13);
    eventually("what had no answer", || {
        let again = ["/d", "/e", "/f"].map(|path| asked(&net, path));
        (again == [2; 3]).then_some(())
    });
    for path in ["/a", "/b", "/c"] {
        assert_eq!(asked(&net, path), 1, "{path} had been stored");
    }
    assert_eq!(run(&home, &["verify"]).0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_02_after_a_full_disk_polls_are_stored_without_asking_again() {
    let net = Internet::start().await;
    net.document(HOST, "/a", feed("a", 3));
    let home = home(&net, &["/a"]);
    let mut daemon = Daemon::start(&home);
    entries(&daemon, "all.atom", 3);

    let slow = feed("slow", 4).framing(Framing::Drip(Duration::from_millis(1)));
    net.always(HOST, "/slow", slow);
    home.configure(&with_feeds(&home, &net, &["/a", "/slow"]));
    daemon.signal(Signal::HUP);
    eventually("the slow request", || {
        (asked(&net, "/slow") == 1).then_some(())
    });
    daemon.limit_files(Some(log_bytes(&home.db())));
    eventually("the complaint", || {
        daemon.log().contains("nothing can be stored").then_some(())
    });
    assert_eq!(daemon.get("/readyz").0, 200);
    entries(&daemon, "all.atom", 3);
    assert_eq!(
        run(&home, &["list", "--format", "ids"]).1.lines().count(),
        3
    );

    daemon.limit_files(None);
    entries(&daemon, "all.atom", 7);
    eventually("readiness", || {
        (daemon.get("/readyz").0 == 200).then_some(())
    });
    assert_eq!(asked(&net, "/slow"), 1);
    let complaints = daemon.log().matches("nothing can be stored").count();
    assert_eq!(complaints, 1, "{}", daemon.log());
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ends(), Some(0));
    assert_eq!(run(&home, &["verify"]).0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_08_the_watchdog_is_fed_while_scheduler_and_writer_make_progress() {
    let net = Internet::start().await;
    let home = home(&net, &[]);
    let daemon = Daemon::spawn(&home, &[("WATCHDOG_USEC", "300000")]);
    daemon.hears("READY=1");
    daemon.hears("WATCHDOG=1");
    daemon.hears("WATCHDOG=1");
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_08_the_watchdog_hears_nothing_while_the_writer_gets_nowhere() {
    let net = Internet::start().await;
    let home = home(&net, &[]);
    let daemon = Daemon::spawn(&home, &[("WATCHDOG_USEC", "90000")]);
    daemon.hears("READY=1");
    daemon.hears("WATCHDOG=1");
    let other = rusqlite::Connection::open(home.db()).unwrap();
    other
        .execute_batch("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE")
        .unwrap();
    // One may have been on its way.
    while daemon.hears_within("WATCHDOG=1", Duration::from_millis(200)) {}
    assert!(!daemon.hears_within("WATCHDOG=1", Duration::from_millis(600)));
    other.execute_batch("COMMIT").unwrap();
    daemon.hears("WATCHDOG=1");
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_09_with_48_descriptors_and_120_idle_clients_it_survives_and_recovers() {
    let net = Internet::start().await;
    let paths = ["/a", "/b", "/c"];
    for path in paths {
        net.document(HOST, path, feed(&path[1..], 3));
    }
    let home = home(&net, &paths);
    let mut daemon = Daemon::start(&home);
    entries(&daemon, "all.atom", 9);
    daemon.limit_descriptors(48);
    let idle: Vec<_> = (0..120).map(|_| daemon.connect()).collect();
    eventually("the complaint", || {
        daemon
            .log()
            .contains("cannot accept connections")
            .then_some(())
    });
    daemon.signal(Signal::USR1);
    net.always(HOST, "/a", feed("a", 5));
    drop(idle);
    assert_eq!(daemon.get("/healthz").0, 200);
    entries(&daemon, "all.atom", 9);
    eventually("what is new", || {
        daemon.signal(Signal::USR1);
        let (_, body) = daemon.get("/feeds/all.atom?limit=500");
        (body.matches("<entry").count() == 11).then_some(())
    });
    let log = daemon.log();
    assert!(log.lines().count() < 30, "{log}");
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ends(), Some(0));
    assert_eq!(run(&home, &["verify"]).0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn et_30_without_a_network_it_says_so_once_and_serves_what_it_has() {
    let net = Internet::start().await;
    net.document(HOST, "/a", feed("a", 3));
    let home = home(&net, &["/a"]);
    entries(&Daemon::start(&home), "all.atom", 3);
    let mut text = with_feeds(&home, &net, &["/a"]);
    for n in 0..12 {
        text += &format!("[[feed]]\nurl = \"http://host{n}.invalid/feed\"\n");
    }
    home.configure(&text);
    let daemon = Daemon::start(&home);
    eventually("the word", || {
        daemon.log().contains("no network since ").then_some(())
    });
    entries(&daemon, "all.atom", 3);
    eventually("every feed to be tried", || {
        let (_, feeds) = run(&home, &["feeds", "--json"]);
        let tried = feeds
            .lines()
            .filter(|f| f.contains("\"last_poll\":\""))
            .count();
        (tried == 13).then_some(())
    });
    let log = daemon.log();
    assert_eq!(log.matches("WARN").count(), 1, "{log}");
    let (_, status) = run(&home, &["status", "--json"]);
    assert!(
        status.contains(r#""network":{"state":"none","since":""#),
        "{status}"
    );
    assert!(!run(&home, &["feeds", "--json"]).1.contains("\"failing\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_03_a_damaged_store_is_refused_and_stays_as_it_is() {
    let net = Internet::start().await;
    net.document(HOST, "/a", feed("a", 40));
    let home = home(&net, &["/a"]);
    let mut daemon = Daemon::start(&home);
    entries(&daemon, "all.atom", 40);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ends(), Some(0));
    let mut bytes = std::fs::read(home.db()).unwrap();
    let half = bytes.len() / 2;
    bytes[half..half + 16_384].fill(0xa5);
    std::fs::write(home.db(), &bytes).unwrap();
    let (code, told) = run(&home, &["run"]);
    assert_eq!(code, Some(74), "{told}");
    assert!(
        told.contains("damaged") && told.contains("backup"),
        "{told}"
    );
    assert!(
        std::fs::read(home.db()).unwrap() == bytes,
        "not a byte of it changed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_listens_on_what_systemd_opened_and_not_on_its_own() {
    let home = CliHome::empty();
    home.configure(&configuration(&home));
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    // A client that comes before the daemon waits for it.
    let mut early = std::net::TcpStream::connect(address).unwrap();
    early
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut daemon = Daemon::activated(&home, socket);
    daemon.hears("READY=1");
    let mut answer = String::new();
    early.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        !home.path("http.sock").exists(),
        "server.listen does not count"
    );
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ends(), Some(0));
}
