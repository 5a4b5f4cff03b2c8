//! A week of polls against servers of every kind, with restarts and with the machine's clock being set, and what etiquette
//! asks of its request log. Rules that one visit shows are tested at `fetch`; those that one decision shows, at
//! `schedule`.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use newswire::clock::{Clock, Moment};

use crate::support::internet::Request;
use crate::support::{EndToEnd, Framing, Internet, Item, Reply, rss};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// A request as its server saw it, and what it was given.
#[derive(Debug, Clone)]
struct Line {
    host: String,
    /// Since the beginning, whatever was done to the clock.
    at: Duration,
    request: Request,
    status: u16,
    etag: Option<String>,
    last_modified: Option<String>,
    complete: bool,
}

/// The time of the app that asks, once it stands, and what was asked so far.
#[derive(Clone, Default)]
struct Log {
    began: Arc<OnceLock<(Clock, Moment)>>,
    lines: Arc<Mutex<Vec<Line>>>,
}

impl Log {
    fn begin(&self, clock: &Clock) {
        let _ = self.began.set((clock.clone(), clock.moment()));
    }

    fn now(&self) -> Duration {
        let (clock, began) = self.began.get().unwrap();
        clock.elapsed(*began)
    }

    /// A host whose answer depends on how often, and when, it was asked before.
    fn host(
        &self,
        net: &Internet,
        host: &str,
        mut answer: impl FnMut(usize, Duration) -> Reply + Send + 'static,
    ) {
        let (log, name, mut times) = (self.clone(), host.to_owned(), 0);
        net.on(host, "/feed", move |request| {
            let at = log.now();
            let reply = answer(times, at)
                .header("Set-Cookie", "id=1")
                .conditional(request);
            times += 1;
            let header = |name: &str| {
                let found = reply
                    .headers
                    .iter()
                    .find(|(n, _)| n.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.clone())
            };
            log.lines.lock().unwrap().push(Line {
                host: name.clone(),
                at,
                request: request.clone(),
                status: reply.status,
                etag: header("etag"),
                last_modified: header("last-modified"),
                complete: !matches!(reply.framing, Framing::Cut(_)),
            });
            reply
        });
    }

    fn of(&self, host: &str) -> Vec<Line> {
        let lines = self.lines.lock().unwrap();
        lines.iter().filter(|l| l.host == host).cloned().collect()
    }

    /// The times between requests to a host.
    fn gaps(&self, host: &str) -> Vec<Duration> {
        let times: Vec<Duration> = self.of(host).iter().map(|l| l.at).collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

fn news(host: &str, upto: usize) -> String {
    let items: Vec<Item> = (0..=upto).map(|n| Item::numbered(host, n)).collect();
    rss(host, &items)
}

fn feed(host: &str, upto: usize) -> Reply {
    Reply::feed(news(host, upto))
}

/// What changes every `every`.
fn edition(at: Duration, every: Duration) -> usize {
    usize::try_from(at.as_secs() / every.as_secs()).unwrap()
}

const BOTH: &str = "both.example";
const FRESH: &str = "fresh.example";
const DATED: &str = "dated.example";
const BARE: &str = "bare.example";
const TTL: &str = "ttl.example";
const TIRED: &str = "tired.example";
const BUSY: &str = "busy.example";
const BROKEN: &str = "broken.example";
const LOST: &str = "lost.example";
const CUT: &str = "cut.example";
const FICKLE: &str = "fickle.example";

fn open(net: &Internet, log: &Log) {
    log.host(net, BOTH, |_, at| {
        let n = edition(at, HOUR * 6);
        feed(BOTH, n)
            .header("ETag", &format!("W/\"a b-{n}\""))
            .header(
                "Last-Modified",
                &format!("Sun, 20 Jan 2030 12:00:{:02} GMT", n % 60),
            )
    });
    log.host(net, FRESH, |_, _| {
        feed(FRESH, 3)
            .header("ETag", "\"same\"")
            .header("Cache-Control", "max-age=7500")
    });
    // A date that no client would write like that.
    log.host(net, DATED, |_, _| {
        feed(DATED, 3).header("Last-Modified", "Sun, 20-Jan-30 1:02:03 +0000")
    });
    log.host(net, BARE, |_, at| feed(BARE, edition(at, DAY)));
    log.host(net, TTL, |_, _| {
        Reply::feed(news(TTL, 3).replace("<channel>", "<channel><ttl>180</ttl>"))
            .header("ETag", "\"t\"")
    });
    log.host(net, TIRED, |n, _| match n % 3 {
        2 => Reply::status(503).header("Retry-After", "9000"),
        _ => feed(TIRED, 3).header("ETag", "\"x\""),
    });
    log.host(net, BUSY, |n, _| match n % 4 {
        3 => Reply::status(429).header("Retry-After", "14400"),
        _ => feed(BUSY, 3).header("ETag", "\"x\""),
    });
    log.host(net, BROKEN, |_, _| Reply::status(500));
    log.host(net, LOST, |_, _| Reply::status(404));
    // Every other new edition breaks off: its tag must not be kept.
    log.host(net, CUT, |n, at| {
        let edition = edition(at, HOUR * 8);
        let reply = feed(CUT, edition).header("ETag", &format!("\"c{edition}\""));
        if n % 2 == 1 {
            reply.framing(Framing::Cut(300))
        } else {
            reply
        }
    });
    // Its tag comes and goes.
    log.host(net, FICKLE, |_, at| {
        let n = edition(at, HOUR * 12);
        let reply = feed(FICKLE, n)
            .header(
                "Last-Modified",
                &format!("Mon, 21 Jan 2030 00:00:{n:02} GMT"),
            )
            .header("Cache-Control", "no-cache, max-age=1000000")
            .header("Expires", "0");
        if n.is_multiple_of(2) {
            reply.header("ETag", &format!("\"f{n}\""))
        } else {
            reply
        }
    });
}

const HOSTS: [&str; 11] = [
    BOTH, FRESH, DATED, BARE, TTL, TIRED, BUSY, BROKEN, LOST, CUT, FICKLE,
];

/// A week: looked at every twelve minutes, restarted now and then, and the clock set by a day, twice on and twice back.
async fn a_week() -> Log {
    let net = Internet::start().await;
    let log = Log::default();
    open(&net, &log);
    let mut app = EndToEnd::new(&net);
    log.begin(&app.clock);
    let urls = HOSTS.map(|host| format!("http://{host}/feed"));
    app.subscribe(&urls.iter().map(String::as_str).collect::<Vec<_>>());
    for look in 0..7 * 24 * 5 {
        let now = app.clock.now();
        match look {
            150 | 500 => app.clock.set(now.plus(DAY)),
            300 | 600 => app.clock.set(now.minus(DAY)),
            _ => {}
        }
        app.pass_due().await;
        if look % 60 == 59 {
            app = app.again(&net);
            app.pass_due().await;
        }
        app.clock.advance(MINUTE * 12);
    }
    log
}

/// ET-01 to ET-05: what each request had to bring, by what came before it.
fn validators_are_kept(log: &Log) {
    for host in HOSTS {
        let (mut etag, mut last_modified) = (None, None);
        for (n, line) in log.of(host).iter().enumerate() {
            let sent = |name: &str| line.request.header(name).map(str::to_owned);
            assert_eq!(sent("if-none-match"), etag, "{host}, request {n}: {line:?}");
            assert_eq!(
                sent("if-modified-since"),
                last_modified,
                "{host}, request {n}"
            );
            if line.status == 200 && line.complete {
                (etag, last_modified) = (line.etag.clone(), line.last_modified.clone());
            } else if line.status == 304 {
                etag = line.etag.clone().or(etag);
                last_modified = line.last_modified.clone().or(last_modified);
            }
        }
    }
}

/// ET-11, ET-13, ET-16, ET-18, ET-19, ET-24: gaps that the server asked for, and the usual ones, whatever was done to the
/// clock. Looks are twelve minutes apart, so nothing is due to the second.
fn gaps_are_kept(log: &Log) {
    let least = |host: &str| log.gaps(host).into_iter().min().unwrap();
    for host in HOSTS {
        assert!(least(host) >= HOUR, "{host}: {:?}", log.gaps(host));
    }
    assert!(least(FRESH) >= Duration::from_secs(7500));
    let fickle = log.gaps(FICKLE);
    assert!(
        fickle.iter().all(|gap| *gap <= DAY + HOUR),
        "no-cache voids max-age"
    );
    assert!(least(TTL) >= HOUR * 3);
    assert!(least(BARE) >= HOUR * 3);
}

/// ET-25: Retry-After, across restarts and jumps. ET-29, ET-32: what fails is asked ever more rarely, what is lost daily.
fn failing_servers_are_spared(log: &Log) {
    for (host, status, wait) in [(TIRED, 503, 9000), (BUSY, 429, 14_400)] {
        let asked = log.of(host);
        assert!(asked.iter().any(|l| l.status == status), "{host}");
        for pair in asked.windows(2).filter(|pair| pair[0].status == status) {
            let gap = pair[1].at - pair[0].at;
            assert!(gap.as_secs() >= wait, "{host}: {:?}", pair[0].at);
        }
    }
    let broken = log.gaps(BROKEN);
    assert!(
        broken.len() <= 14 && *broken.last().unwrap() >= HOUR * 20,
        "{broken:?}"
    );
    let lost = log.gaps(LOST);
    let is_daily = |gap: &Duration| *gap >= DAY && *gap <= DAY + HOUR * 4;
    assert!(lost.iter().all(is_daily), "{lost:?}");
}

/// ET-41, ET-44: GET, and nothing about ourselves but the name; cookies were offered every time. ET-40, ET-43: the same
/// words every time.
fn requests_say_little_and_the_same(lines: &[Line]) {
    for line in lines {
        assert_eq!(line.request.method, "GET");
        for name in [
            "cookie",
            "referer",
            "origin",
            "range",
            "cache-control",
            "pragma",
            "accept-language",
        ] {
            assert_eq!(line.request.header(name), None, "{name}");
        }
    }
    for name in ["user-agent", "accept", "accept-encoding"] {
        let values = lines.iter().map(|l| l.request.header(name));
        let distinct: HashSet<_> = values.collect();
        assert_eq!(distinct.len(), 1, "{name}");
    }
}

/// ET-55: of polls that could be answered 304, all but the first are.
fn what_did_not_change_is_not_sent_again(log: &Log) {
    for host in [FRESH, DATED, TTL] {
        let lines = log.of(host);
        let answered = |status| lines.iter().filter(|line| line.status == status).count();
        assert_eq!(answered(200), 1, "{host}");
        assert!(answered(304) >= 20, "{host}: {}", answered(304));
    }
}

#[tokio::test]
async fn et_01_et_05_et_11_et_18_et_24_et_25_et_55_a_week_with_restarts_and_a_set_clock() {
    let log = a_week().await;
    validators_are_kept(&log);
    gaps_are_kept(&log);
    failing_servers_are_spared(&log);
    requests_say_little_and_the_same(&log.lines.lock().unwrap());
    what_did_not_change_is_not_sent_again(&log);
}

#[tokio::test]
async fn et_39_no_fragment_goes_over_the_wire() {
    let net = Internet::start().await;
    net.always(
        "a.example",
        "/feed",
        Reply::redirect(302, "http://b.example/rss#part"),
    );
    net.document("b.example", "/rss", feed("b.example", 2));
    let app = EndToEnd::new(&net);
    app.subscribe(&["http://a.example/feed#top"]);
    assert_eq!(app.pass_due().await.fetched, 1);
    let log = net.log();
    assert_eq!(log.len(), 2);
    assert!(
        log.iter().all(|seen| !seen.request.path.contains('#')),
        "{log:?}"
    );
    assert_eq!(app.feeds()[0].url, "http://a.example/feed");
}
