//! A daemon that was at the mercy of hostile servers holds nothing of them afterwards: no memory, turn, request or connection
//! (SEC-24, REL-09).

use std::time::Duration;

use rustix::process::Signal;

use crate::support::cli_home::CliHome;
use crate::support::process::{Daemon, configuration, eventually};
use crate::support::{Framing, Internet, Item, Reply, rss};

const HOST: &str = "127.0.0.1";
const VISITS: usize = 200;
/// Connections to servers stay open for some seconds, and others come and go.
const SPARE: usize = 4;

/// Servers by path.
fn servers() -> Vec<(&'static str, Reply)> {
    let feed = || Reply::feed(rss("News", &[Item::numbered(HOST, 1)]));
    let slow = Framing::Drip(Duration::from_millis(200));
    let hints = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(50_000);
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    vec![
        (
            "/large",
            feed().body(vec![b' '; 17 << 20]).framing(Framing::Chunked),
        ),
        ("/slow", feed().framing(slow)),
        ("/cut", feed().framing(Framing::Cut(50))),
        ("/claims", feed().framing(Framing::Claim(1 << 20))),
        ("/hints", Reply::raw(hints)),
        (
            "/extended",
            Reply::raw(format!("{chunked}5;{}", "e".repeat(50_000))),
        ),
        (
            "/trailing",
            Reply::raw(format!("{chunked}0\r\n{}", "X: y\r\n".repeat(9000))),
        ),
        (
            "/switching",
            Reply::raw("HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
        ),
        ("/circle", Reply::redirect(301, "/circle")),
        ("/private", Reply::redirect(301, "http://10.0.0.1/")),
        ("/closed", Reply::raw("")),
        (
            "/packed",
            feed()
                .header("Content-Encoding", "br")
                .body(vec![7; 300_000]),
        ),
    ]
}

/// What of polling is not zero.
fn under_way(daemon: &Daemon) -> Vec<String> {
    let (_, metrics) = daemon.get("/metrics");
    let rooms = ["newswire_fetch_", "newswire_documents_", "newswire_pushes_"];
    let lines = metrics
        .lines()
        .filter(|l| rooms.iter().any(|r| l.starts_with(r)));
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    assert_eq!(lines.len(), 10, "{metrics}");
    lines.into_iter().filter(|l| !l.ends_with(" 0")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_09_after_hostile_servers_a_daemon_holds_nothing_of_them() {
    let (net, home) = (Internet::start().await, CliHome::empty());
    let mut text = configuration(&home).replace("[fetch]\n", "[fetch]\ntimeout = \"1s\"\n");
    for (path, reply) in servers() {
        net.always(HOST, path, reply);
        text += &format!("[[feed]]\nurl = \"http://{}{path}\"\n", net.address());
    }
    home.configure(&text);
    let daemon = Daemon::start(&home);
    eventually("nothing is under way", || {
        under_way(&daemon).is_empty().then_some(())
    });
    let before = daemon.sockets();
    eventually("hundreds of visits", || {
        if under_way(&daemon).is_empty() {
            daemon.signal(Signal::USR1);
        }
        (net.log().len() >= VISITS).then_some(())
    });
    assert_eq!(daemon.get("/healthz").0, 200);
    eventually("nothing is under way", || {
        under_way(&daemon).is_empty().then_some(())
    });
    eventually("connections are closed", || {
        (daemon.sockets() <= before + SPARE).then_some(())
    });
}
