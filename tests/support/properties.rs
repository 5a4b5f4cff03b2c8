//! What holds whatever comes in: each function takes any bytes and panics where a promise is broken. The targets in
//! `fuzz/` call them with what a fuzzer makes up, `tests/parse/seeds.rs` with the seeds in `fuzz/seeds`.

use std::cell::RefCell;

use html5ever::tokenizer::{
    BufferQueue, Tag, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};
use newswire::emit::opml::Subscription;
use newswire::emit::{Channel, opml};
use newswire::model::{
    Category, Content, Draft, FeedId, FeedRef, Person, Seq, StoryId, StoryView, Time, WebUrl,
};
use newswire::normalize::boilerplate::Boilerplate;
use newswire::normalize::{self, discover, links, page};
use newswire::parse::{self, ParseContext, people};
use newswire::query;
use newswire::text::dates;
use newswire::text::{html, html_text, plain};
use uuid::Uuid;

use super::comes_back::{self, distinct};

/// When every story was seen, in seconds.
const SEEN_S: i64 = 4_000_000_000;
/// What is printed in hexadecimal in a URL.
const HEXADECIMAL: [char; 8] = ['[', ']', '\\', '^', '`', '{', '|', '}'];
const FEED_URL: &str = "https://feed.example/news/feed.xml?a=1&b=2";

/// A document, read or refused: what is read is sane, and comes back as it went out in every format (SEC-01, SEC-10,
/// SEC-16).
pub fn document(bytes: &[u8]) {
    let context = ParseContext {
        url: WebUrl::parse(FEED_URL).ok(),
        content_type: None,
    };
    let Ok(feed) = parse::parse(bytes, &context) else {
        return;
    };
    for entry in &feed.entries {
        let bodies = [&entry.content_html, &entry.summary_html];
        bodies.into_iter().flatten().for_each(|b| assert_inert(b));
    }
    let drafts = normalize::drafts(&feed, &Boilerplate::default()).drafts;
    assert!(drafts.len() <= feed.entries.len());
    let channel = Channel {
        id: "urn:uuid:00000000-0000-0000-0000-000000000001".to_owned(),
        title: "Everything".to_owned(),
        self_url: Some("https://news.example/feeds/all".to_owned()),
        home_url: Some("https://news.example/".to_owned()),
        updated: Time::from_seconds(1_700_000_000),
        stories: drafts.into_iter().zip(1..).map(story).collect(),
        ..Channel::default()
    };
    comes_back::atom(&channel);
    comes_back::rss(&channel);
    comes_back::json(&channel);
}

/// A fragment of HTML: nothing in it runs, styles or frames, and cleaning it again changes nothing (SEC-10).
pub fn fragment(bytes: &[u8]) {
    let fragment = String::from_utf8_lossy(bytes);
    let clean = html::sanitize(&fragment, WebUrl::parse(FEED_URL).ok().as_ref());
    assert_inert(&clean);
    assert_eq!(html::sanitize(&clean, None), clean, "of {fragment:?}");
    let readable = html_text::from_html(&clean);
    assert!(!readable.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
    let line = plain::line_of_html(&fragment);
    assert_eq!(plain::line(&line), line);
}

/// A date: none, or one that is the same when it is printed and read again.
pub fn date(bytes: &[u8]) {
    let written = String::from_utf8_lossy(bytes);
    for time in [dates::read(&written), dates::read_bare(&written)] {
        // Printed dates have no fractions.
        let Some(time) = time.map(|t| Time::from_seconds(t.seconds())) else {
            continue;
        };
        for printed in [time.to_string(), time.to_rfc2822()] {
            assert_eq!(dates::read(&printed), Some(time), "of {written:?}");
        }
    }
    let _ = people::read_list(&written);
}

/// A URL: none, or one that is the same when it is read again, and whose canonical form is its own.
pub fn url(bytes: &[u8]) {
    let written = String::from_utf8_lossy(bytes);
    let base = WebUrl::parse(FEED_URL).unwrap();
    for url in [WebUrl::parse(&written), base.join(&written)]
        .into_iter()
        .flatten()
    {
        assert_eq!(WebUrl::parse(url.as_str()).as_ref(), Ok(&url));
        let canonical = links::canonicalize(&url);
        assert_eq!(links::canonicalize(&canonical), canonical, "of {written:?}");
    }
}

/// A web page: its article is inert, its feeds are addresses (SEC-01, SEC-10).
pub fn web_page(bytes: &[u8]) {
    let page = String::from_utf8_lossy(bytes);
    let url = WebUrl::parse("https://paper.example/2026/article.html").unwrap();
    if let Some(read) = page::read(&page, &url) {
        assert_inert(&read.html);
    }
    let _ = discover::discover(&page, &url, &[]);
}

/// An expression: refused with places in it, or the same when it is printed and read again.
pub fn expression(bytes: &[u8]) {
    let written = String::from_utf8_lossy(bytes);
    match query::parse(&written) {
        Ok(expr) => {
            let printed = expr.to_string();
            assert_eq!(query::parse(&printed).as_ref(), Ok(&expr), "of {written:?}");
        }
        Err(errors) => {
            assert!(!errors.errors().is_empty());
            assert!(!errors.render("the expression").is_empty());
        }
    }
}

/// A subscription list: refused, or the same when it is written and read again (SEC-17).
pub fn subscriptions(bytes: &[u8]) {
    // What is lost is printed as a question mark.
    let written = String::from_utf8_lossy(bytes).replace('\u{fffd}', "?");
    if let Ok(list) = opml::read(&written) {
        let written = opml::write("Feeds", &list);
        comes_back::assert_well_formed(&written);
        let mut read = opml::read(&written).unwrap();
        // Credentials are never exported.
        let without_auth = |subscription| Subscription {
            auth: None,
            ..subscription
        };
        let mut list: Vec<Subscription> = list.into_iter().map(without_auth).collect();
        // Folders gather what is in them.
        read.sort_by(|a, b| a.url.cmp(&b.url));
        list.sort_by(|a, b| a.url.cmp(&b.url));
        assert_eq!(read, list);
    }
}

/// A story of one copy, of what emit has no rules of its own for: those are proven beside it.
fn story((draft, n): (Draft, u128)) -> StoryView {
    // What a publisher lost is printed as a question mark.
    let shown = |text: String| text.replace('\u{fffd}', "?");
    // What RFC 3986 has no place for is printed in hexadecimal.
    let address = |url: WebUrl| Some(url.to_string()).filter(|u| !u.contains(HEXADECIMAL));
    let is_plausible = |time: &Time| (900_000_000..SEEN_S).contains(&time.seconds());
    let published = draft.published.filter(is_plausible);
    let name = |p: Person| p.name.map(|name| plain::line(&shown(name)));
    let names = draft.authors.into_iter().filter_map(name);
    let names =
        names.filter(|name| !name.is_empty() && !name.contains('@') && !name.contains("://"));
    let term = |c: Category| Some(plain::line(&shown(c.term))).filter(|t| !t.is_empty());
    StoryView {
        id: StoryId(Uuid::from_u128(n)),
        seq: Seq::new(1),
        content: Content {
            // What has no headline is shown under its feed's title.
            title: match plain::line(&draft.title) {
                none if none.is_empty() => "Feed".to_owned(),
                _ => shown(draft.title),
            },
            url: draft.url.and_then(address),
            summary: shown(draft.summary),
            content_html: Some(shown(draft.content_html)),
            content_text: Some(shown(draft.content_text)),
            boilerplate: Vec::new(),
            authors: distinct(&names.collect::<Vec<_>>())
                .into_iter()
                .map(|name| Person {
                    name: Some(name),
                    ..Person::default()
                })
                .collect(),
            agencies: draft.agencies,
            categories: distinct(
                &draft
                    .categories
                    .into_iter()
                    .filter_map(term)
                    .collect::<Vec<_>>(),
            )
            .into_iter()
            .map(|term| Category {
                term,
                label: None,
                scheme: None,
            })
            .collect(),
            tags: Vec::new(),
            topics: Vec::new(),
            language: draft.language,
            published,
            updated: draft.updated.filter(is_plausible).max(published),
            first_seen: Time::from_seconds(SEEN_S),
            arrived: Time::from_seconds(1_700_000_000),
            image: draft.image.and_then(address),
            enclosures: draft
                .enclosures
                .into_iter()
                .filter(|file| !file.url.contains(HEXADECIMAL))
                .collect(),
            feed: FeedRef {
                id: FeedId::of(FEED_URL),
                title: "Feed".to_owned(),
                url: FEED_URL.to_owned(),
                site: None,
            },
        },
        copies: 1,
        also_in: Vec::new(),
    }
}

/// Whether a browser would find nothing in it that runs, styles, frames, or leads elsewhere than the web and to people.
fn assert_inert(fragment: &str) {
    let tokenizer = Tokenizer::new(Tags::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(fragment.into());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    for tag in tokenizer.sink.0.take() {
        assert!(
            !RUNS.contains(&&*tag.name),
            "<{}> in {fragment:?}",
            tag.name
        );
        for attribute in &tag.attrs {
            let (name, value) = (&*attribute.name.local, &*attribute.value);
            assert!(
                !name.starts_with("on") && !["style", "srcdoc", "id", "formaction"].contains(&name),
                "{name} in {fragment:?}"
            );
            if ["href", "src", "cite", "poster"].contains(&name) {
                let scheme = value.split_once(':').map(|(scheme, _)| scheme);
                assert!(
                    scheme.is_some_and(|s| ["http", "https", "mailto", "tel"].contains(&s)),
                    "{name}={value:?} in {fragment:?}"
                );
            }
        }
    }
}

/// Elements that run, style, frame, ask for input, or change how the rest is read.
const RUNS: [&str; 22] = [
    "script",
    "style",
    "iframe",
    "frame",
    "frameset",
    "object",
    "embed",
    "applet",
    "form",
    "input",
    "button",
    "textarea",
    "select",
    "base",
    "meta",
    "link",
    "template",
    "noscript",
    "svg",
    "math",
    "plaintext",
    "xmp",
];

#[derive(Default)]
struct Tags(RefCell<Vec<Tag>>);

impl TokenSink for Tags {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        if let Token::TagToken(tag) = token {
            self.0.borrow_mut().push(tag);
        }
        TokenSinkResult::Continue
    }
}
