//! What reading a feed costs beside plain feed-rs over the same bytes, in one run: `cargo bench --bench parse`.
//!
//! `parse` is everything that `newswire parse` does to a document; `bodies` is the part of it that feed-rs does not do,
//! sanitizing every body and making its text; the difference is charset, trees and fields. Times on a shared machine
//! say little: compare within one run.
// A bench that cannot go on ends: a panic is the message.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use newswire::parse::{ParseContext, parse};
use newswire::text::{html, html_text};

/// Articles of a feed.
const ITEMS: usize = 20;
/// The body of an article, in bytes.
const BODY_BYTES: usize = 2000;

/// Words without end, the same in every run.
struct Words(u64);

impl Words {
    fn next(&mut self) -> &'static str {
        const WORDS: [&str; 24] = [
            "harbour",
            "council",
            "storm",
            "bridge",
            "vote",
            "minister",
            "strait",
            "lighthouse",
            "railway",
            "market",
            "the",
            "of",
            "and",
            "to",
            "in",
            "said",
            "on",
            "after",
            "Zürich",
            "élection",
            "ministère",
            "a",
            "for",
            "with",
        ];
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from((self.0 >> 33) % 24).unwrap();
        WORDS.get(at).copied().unwrap_or_default()
    }

    fn sentence(&mut self, words: usize) -> String {
        let words: Vec<&str> = (0..words).map(|_| self.next()).collect();
        words.join(" ")
    }
}

/// Paragraphs with links, a list, a picture, an entity: what articles are made of.
fn body(words: &mut Words) -> String {
    let mut out = String::from("<p><img src=\"/i/1.jpg\" alt=\"A harbour\" class=\"wide\"></p>\n");
    while out.len() < BODY_BYTES {
        let (a, b) = (words.sentence(40), words.sentence(3));
        let _ = writeln!(
            out,
            "<p>{a} <a href=\"https://a.example/{b}?x=1&amp;y=2\" target=\"_blank\">{b}</a>, &#8220;{b}&#8221; <em>{b}</em>.</p>"
        );
        let _ = writeln!(out, "<ul><li>{b}</li><li><strong>{b}</strong></li></ul>");
    }
    out
}

fn rss(bodies: &[String]) -> String {
    let mut words = Words(7);
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>Feed</title><link>https://a.example/</link>\n",
    );
    for (n, body) in bodies.iter().enumerate() {
        let title = words.sentence(8);
        let _ = writeln!(
            out,
            "<item><title>{title}</title><link>https://a.example/{n}</link><guid>https://a.example/{n}</guid><dc:creator>Jane Doe</dc:creator>\
             <pubDate>Sat, 19 Jan 2030 {:02}:00:00 GMT</pubDate><category>World</category><content:encoded><![CDATA[{body}]]></content:encoded></item>",
            n % 24
        );
    }
    out + "</channel></rss>"
}

fn atom(bodies: &[String]) -> String {
    let mut words = Words(9);
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Feed</title><id>tag:a.example</id>\n",
    );
    for (n, body) in bodies.iter().enumerate() {
        let title = words.sentence(8);
        let body = html_escape::encode_text(body);
        let _ = writeln!(
            out,
            "<entry><title>{title}</title><link href=\"https://a.example/{n}\"/><id>tag:a.example,{n}</id><author><name>Jane Doe</name></author>\
             <updated>2030-01-19T{:02}:00:00Z</updated><content type=\"html\">{body}</content></entry>",
            n % 24
        );
    }
    out + "</feed>"
}

fn against_feed_rs(c: &mut Criterion) {
    let mut words = Words(1);
    let bodies: Vec<String> = (0..ITEMS).map(|_| body(&mut words)).collect();
    let context = ParseContext::default();
    for (name, feed) in [("rss", rss(&bodies)), ("atom", atom(&bodies))] {
        assert_eq!(
            parse(feed.as_bytes(), &context).unwrap().entries.len(),
            ITEMS
        );
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Bytes(feed.len() as u64));
        group.bench_function("feed-rs", |b| {
            b.iter(|| {
                let parser = feed_rs::parser::Builder::new()
                    .sanitize_content(false)
                    .build();
                black_box(parser.parse(feed.as_bytes()).unwrap())
            });
        });
        group.bench_function("parse", |b| {
            b.iter(|| black_box(parse(feed.as_bytes(), &context).unwrap()));
        });
        group.bench_function("bodies", |b| {
            b.iter(|| {
                for body in &bodies {
                    let clean = html::sanitize(body, None);
                    black_box(html_text::from_html(&clean));
                }
            });
        });
        group.finish();
    }
}

/// An article of two kilobytes; the aim is 35 µs for both together.
fn article(c: &mut Criterion) {
    let html = body(&mut Words(3));
    let clean = html::sanitize(&html, None);
    let mut group = c.benchmark_group("article");
    group.throughput(Throughput::Bytes(html.len() as u64));
    group.bench_function("sanitize", |b| {
        b.iter(|| black_box(html::sanitize(&html, None)));
    });
    group.bench_function("text", |b| {
        b.iter(|| black_box(html_text::from_html(&clean)));
    });
    group.finish();
}

criterion_group!(benches, against_feed_rs, article);
criterion_main!(benches);
