//! The publishers: feeds of 20 articles of 2 KB, in RSS, Atom and RDF by turns, each on an address of 127/8 of its own.
//! A process of its own, so that its CPU time is not counted.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Articles of a feed.
pub const ITEMS: usize = 20;

/// Every feed whose number this divides has a new article in the second version.
pub const NEWS_EVERY: usize = 20;

const WORDS: [&str; 32] = [
    "harbour",
    "council",
    "storm",
    "bridge",
    "vote",
    "budget",
    "minister",
    "strait",
    "lighthouse",
    "railway",
    "market",
    "school",
    "winter",
    "report",
    "election",
    "river",
    "hospital",
    "energy",
    "climate",
    "border",
    "the",
    "of",
    "and",
    "to",
    "in",
    "said",
    "on",
    "for",
    "with",
    "as",
    "by",
    "after",
];

/// What `/control/VERSION/LATENCY/HANG` sets: the version of the documents, the time until an answer in ms, and of how
/// many feeds one never answers (0: all do).
static CONTROL: [AtomicU64; 3] = [AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0)];

/// Prints the port and answers until the process is ended.
pub async fn serve() {
    // Feeds are asked at all addresses of 127/8.
    let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    std::io::stdout().flush().unwrap();
    let began = SystemTime::now() - Duration::from_secs(36 * 3600);
    loop {
        let (stream, peer) = listener.accept().await.unwrap();
        if peer.ip().is_loopback() {
            tokio::spawn(answer(stream, began));
        }
    }
}

fn control(index: usize) -> u64 {
    CONTROL.get(index).unwrap().load(Ordering::SeqCst)
}

async fn answer(mut stream: TcpStream, began: SystemTime) {
    let mut head = Vec::new();
    while let Ok(1..) = stream.read_buf(&mut head).await {
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8_lossy(&head).into_owned();
        head.clear();
        let path = text.split(' ').nth(1).unwrap_or("/0");
        let reply = match path.strip_prefix("/control/") {
            Some(values) => {
                for (place, value) in CONTROL.iter().zip(values.split('/')) {
                    place.store(value.parse().unwrap(), Ordering::SeqCst);
                }
                "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_owned()
            }
            None => {
                let number = path.trim_start_matches('/').parse().unwrap_or(0);
                let hang = usize::try_from(control(2)).unwrap();
                let is_dead = hang > 0 && usize::is_multiple_of(number, hang);
                let seconds = if is_dead { 3600 } else { 0 };
                let wait = Duration::from_millis(control(1)) + Duration::from_secs(seconds);
                if !wait.is_zero() {
                    tokio::time::sleep(wait).await;
                }
                reply(number, &text, began)
            }
        };
        if stream.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn reply(number: usize, head: &str, began: SystemTime) -> String {
    let is_new = number.is_multiple_of(NEWS_EVERY);
    let version = if is_new { control(0) } else { 0 };
    let etag = format!("\"{number}-{version}\"");
    let mut lines = head.lines();
    let has_it = lines.any(|line| {
        let (name, value) = line.split_once(':').unwrap_or_default();
        name.eq_ignore_ascii_case("if-none-match") && value.trim() == etag
    });
    if has_it {
        return format!("HTTP/1.1 304 Not Modified\r\nETag: {etag}\r\n\r\n");
    }
    let (kind, body) = document(number, usize::try_from(version).unwrap(), began);
    format!(
        "HTTP/1.1 200 OK\r\nETag: {etag}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Feed `n` and its media type, the newest article first. In version 1 there is a new one, and the oldest has gone.
pub fn document(n: usize, version: usize, began: SystemTime) -> (&'static str, String) {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>");
    let site = format!("https://h{n}.example");
    let items = (version..version + ITEMS)
        .rev()
        .map(|i| Item::new(n, i, began));
    let (kind, end) = match n % 3 {
        0 => {
            let _ = write!(
                out,
                "<rss version=\"2.0\"><channel><title>Feed {n}</title><link>{site}/</link>"
            );
            items.for_each(|item| item.rss(&mut out));
            ("application/rss+xml", "</channel></rss>")
        }
        1 => {
            let _ = write!(
                out,
                "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Feed {n}</title><id>{site}/</id>"
            );
            items.for_each(|item| item.atom(&mut out));
            ("application/atom+xml", "</feed>")
        }
        _ => {
            let _ = write!(
                out,
                "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\" \
                 xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>Feed {n}</title><link>{site}/</link></channel>"
            );
            items.for_each(|item| item.rdf(&mut out));
            ("application/rdf+xml", "</rdf:RDF>")
        }
    };
    (kind, out + end)
}

struct Item {
    page: String,
    title: String,
    body: String,
    at: SystemTime,
}

impl Item {
    /// Article `i` of feed `n`; no two are alike.
    fn new(n: usize, i: usize, began: SystemTime) -> Self {
        let mut seed = (n * 1000 + i) as u64 + 1;
        let mut words = move |count: usize| {
            let mut text = String::new();
            for _ in 0..count {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let pick = usize::try_from((seed >> 33) % 64).unwrap();
                let _ = match WORDS.get(pick) {
                    Some(word) => write!(text, "{word} "),
                    None => write!(text, "w{} ", (seed >> 40) % 20_000),
                };
            }
            text.trim_end().to_owned()
        };
        // The first numbers of neighbouring seeds are alike.
        words(8);
        let title = words(9);
        let mut body = String::new();
        while body.len() < 2000 {
            let _ = write!(
                body,
                "<p>{} <a href=\"https://h{n}.example/x\">{}</a></p>",
                words(60),
                words(1)
            );
        }
        Self {
            page: format!("https://h{n}.example/{i}"),
            title,
            body,
            at: began + Duration::from_secs(3600 * i as u64),
        }
    }

    fn rss(&self, out: &mut String) {
        let Self {
            page, title, body, ..
        } = self;
        let _ = write!(
            out,
            "<item><title>{title}</title><link>{page}</link><guid>{page}</guid><pubDate>{}</pubDate>\
             <description><![CDATA[{body}]]></description></item>",
            httpdate::fmt_http_date(self.at)
        );
    }

    fn atom(&self, out: &mut String) {
        let Self { page, title, .. } = self;
        let _ = write!(
            out,
            "<entry><title>{title}</title><id>{page}</id><link href=\"{page}\"/><updated>{}</updated>\
             <content type=\"html\">{}</content></entry>",
            self.iso_date(),
            html_escape::encode_text(&self.body)
        );
    }

    fn rdf(&self, out: &mut String) {
        let Self { page, title, .. } = self;
        let _ = write!(
            out,
            "<item rdf:about=\"{page}\"><title>{title}</title><link>{page}</link><dc:date>{}</dc:date>\
             <description>{}</description></item>",
            self.iso_date(),
            html_escape::encode_text(&self.body)
        );
    }

    fn iso_date(&self) -> String {
        let at = jiff::Timestamp::try_from(self.at).unwrap();
        at.round(jiff::Unit::Second).unwrap().to_string()
    }
}
