//! What we publish against the rules of its formats, whatever is stored: Atom against the grammar of RFC 4287 appendix B
//! and the rules beside it, RSS against RSS 2.0 and the Advisory Board's profile, JSON Feed against version
//! 1.1, OPML against version 2.0. The documents are the server's own: feeds, topics, searches, archives, health.

use std::collections::HashSet;
use std::process::Command;
use std::time::Duration;

use newswire::model::{Category, Draft, Enclosure, Person, Time, WebUrl};
use newswire::serve::ServeOptions;
use newswire::store::FeedChange;

use crate::support::atom_grammar;
use crate::support::server_fixture::{HOST, ServerFixture, options};
use crate::support::store_fixture::draft;
use crate::support::tree::{Node, read};

/// What somebody may have stored, before anything was cleaned: the worst of each kind.
const NASTY: [&str; 12] = [
    "]]> and <![CDATA[ x ]]>",
    "control \u{0}\u{1}\u{8}\u{b}\u{c}\u{1f}\u{7f}\u{85}\u{9b} done",
    "no character \u{fffe}\u{ffff}\u{fdd0}\u{1ffff} here",
    "\u{202e}gnp.exe\u{202c} \u{2066}bidi\u{2069} \u{200f}",
    "👩‍👩‍👧‍👦 🏳️‍🌈 emoji 🇺🇦",
    "<script>alert(1)</script> & &amp; &lt; &#0; &bogus;",
    "quotes ' \" ` and --> <!-- <?php ?> <!DOCTYPE x>",
    "line\nbreak\r\nand\ttab \u{2028} \u{2029}",
    "العربية עברית 日本語 ไทย é e\u{301}",
    "\u{fffd} lost",
    "   ",
    "",
];

fn nasty(n: usize) -> Draft {
    let say = |k: usize| NASTY[(n + k) % NASTY.len()].to_owned();
    let person = Person {
        name: Some(say(1)),
        email: Some("ann@example.org".to_owned()),
        url: Some("https://ann.example/".to_owned()),
    };
    let category = Category {
        term: say(2),
        label: Some(say(3)),
        scheme: Some("https://a.example/terms".to_owned()),
    };
    let file = Enclosure {
        url: format!("https://a.example/{n}.mp3?a=1&b=\"2\""),
        mime: Some(["audio/mpeg", "audio", "x y/z<"][n % 3].to_owned()),
        length: Some(n as u64 * 1000).filter(|_| n.is_multiple_of(2)),
    };
    Draft {
        title: say(0),
        summary: say(4),
        content_html: format!(
            "<p>{} boats</p><p>{}</p>",
            say(5).replace('<', "&lt;"),
            say(1).replace('<', "&lt;")
        ),
        authors: vec![person; n % 3],
        categories: vec![category; n % 2],
        enclosures: vec![file; n % 2],
        image: [
            None,
            WebUrl::parse("https://a.example/i.png?a=1&b=[2]").ok(),
        ][n / 2 % 2]
            .clone(),
        agencies: vec![say(6)],
        language: Some(["en", "pt-BR", "not a language", ""][n % 4].to_owned()),
        published: [
            None,
            Time::parse_rfc3339("2030-01-09T01:02:03.456Z"),
            Some(Time::from_millis(-1)),
            Some(Time::from_millis(i64::MAX / 4)),
        ][n % 4],
        updated: [None, Time::parse_rfc3339("2031-01-01T00:00:00Z")][n % 2],
        ..draft(HOST, n, "", &format!("{} {} boats", say(5), say(1)))
    }
}

/// Every document that a server with such a store publishes: path and text.
async fn published() -> Vec<(String, String)> {
    let public = ServeOptions {
        public_url: WebUrl::parse("https://news.example.org/river").ok(),
        hub: WebUrl::parse("https://hub.example.org/?a=1&b=2").ok(),
        title: "]]> <River> & \u{202e}\u{1}".to_owned(),
        ..options()
    };
    let site = ServerFixture::with(public, || Ok(())).await;
    let mut topics = site.fixture.definitions(&[
        ("sea", "boats"),
        ("copies", "boats"),
        ("none", "nothinglikethis"),
    ]);
    topics[0].title = NASTY[5].to_owned();
    topics[1].feed.one_per_story = false;
    site.fixture.store.set_topics(topics).unwrap();
    let titled = FeedChange {
        title: Some(NASTY[5].to_owned()),
        folder: Some("]]>/<b>".to_owned()),
        tags: Some(vec![NASTY[1].to_owned(), NASTY[4].to_owned()]),
        ..FeedChange::default()
    };
    site.fixture.store.change_feed(site.feed, titled).unwrap();
    site.put((0..36).map(nasty).collect());
    // Copies of half of them, from a feed without a title of its own.
    let other = site.fixture.subscribe_titled("b.example", None);
    let copies = (0..18).map(|n| Draft {
        canonical_url: nasty(n).canonical_url,
        ..draft(
            "b.example",
            n,
            NASTY[n % 12],
            &NASTY[(n + 5) % 12].replace('<', "&lt;"),
        )
    });
    let mut sequence = site.fixture.put(other, copies.collect());
    for _ in 0..3 {
        let failed = newswire::model::Outcome::Failed(newswire::model::Failure {
            kind: newswire::model::FailureKind::Server,
            message: NASTY[5].to_owned(),
        });
        sequence = site.fixture.poll(other, failed);
    }
    site.fixture.clock.advance(Duration::from_secs(60));
    site.sequence.send_replace(sequence);
    let mut documents = Vec::new();
    for format in ["atom", "rss", "json"] {
        for path in [
            "all",
            "all.?limit=1000",
            "sea",
            "copies",
            "none",
            "search.?q=boats+OR+%22%3Cscript%3E%22+OR+%2Fa%7Eb%2F",
            "newswire-health",
        ] {
            let (name, query) = path
                .split_once(".?")
                .map_or((path, String::new()), |(n, q)| (n, format!("?{q}")));
            let mut path = format!("/feeds/{name}.{format}{query}");
            // Three pages or archive documents of each.
            for _ in 0..3 {
                let page = site.get(&path).await;
                assert_eq!(page.status, 200, "{path}: {}", page.text());
                let text = page.text();
                let next = [
                    "prev-archive\\\" type=\\\"application/atom+xml\\\" href=\\\"",
                    "\\\"next_url\\\": \\\"",
                ]
                .iter()
                .find_map(|start| text.split_once(&start.replace('\\', "")));
                let next =
                    next.map(|(_, rest)| rest.split('"').next().unwrap().replace("&amp;", "&"));
                documents.push((path.clone(), text.clone()));
                match next {
                    Some(next) => path = next.replace("https://news.example.org/river", ""),
                    None => break,
                }
            }
        }
    }
    for path in ["/feeds.opml", "/subscriptions.opml"] {
        documents.push((path.to_owned(), site.get(path).await.text()));
    }
    documents
}

async fn published_as(format: &str) -> Vec<(String, String)> {
    let documents = published().await;
    let of_format =
        |(path, _): &(String, String)| path.split('?').next().unwrap().ends_with(format);
    let found: Vec<_> = documents.into_iter().filter(of_format).collect();
    assert!(found.len() >= 2);
    found
}

/// SEC-11: what may stand where a URL is wanted.
fn is_web_url(text: &str) -> bool {
    let parsed = url::Url::parse(text);
    let is_uri = text
        .bytes()
        .all(|b| b.is_ascii_graphic() && !b"<>\"{}|\\^`".contains(&b));
    parsed.is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.username().is_empty())
        && is_uri
}

fn no_character_is_out_of_place(path: &str, document: &str) {
    let is_no_character =
        |c| u32::from(c) & 0xfffe == 0xfffe || ('\u{fdd0}'..='\u{fdef}').contains(&c);
    let is_out = |c: char| (c.is_control() && !"\n\t".contains(c)) || is_no_character(c);
    assert_eq!(document.chars().find(|c| is_out(*c)), None, "{path}");
    // The W3C validator takes it for a fault of the document.
    assert!(
        path.contains(".json") || !document.contains('\u{fffd}'),
        "{path}"
    );
}

#[tokio::test]
async fn sec_16_atom_is_valid_by_the_grammar_of_rfc_4287_whatever_is_stored() {
    for (path, document) in published_as(".atom").await {
        no_character_is_out_of_place(&path, &document);
        let feed = read(&document);
        assert_eq!(atom_grammar::faults(&feed), Vec::<String>::new(), "{path}");
        check_atom(&path, &feed);
        for broken in broken(&document) {
            assert_ne!(atom_grammar::faults(&read(&broken)), Vec::<String>::new());
        }
    }
}

/// The same document with one fault each, so that we see that the grammar is looked at.
fn broken(document: &str) -> Vec<String> {
    let edits = [
        ("<id>", "</id>", "<ids>", "</ids>"),
        ("<updated>", "</updated>", "<updated>on ", "</updated>"),
        ("<title", "</title>", "<rights/><rights/><title", "</title>"),
    ];
    let edit = |(a, b, c, d): (&str, &str, &str, &str)| {
        let start = document.replacen(a, c, 1);
        start.replacen(b, d, 1)
    };
    edits.into_iter().map(edit).collect()
}

#[tokio::test]
#[ignore = "needs xmllint; .ci/run installs it and runs this"]
async fn sec_16_the_table_of_the_atom_grammar_agrees_with_relax_ng() {
    let dir = tempfile::tempdir().unwrap();
    let documents = published_as(".atom").await;
    let (mut well, mut wrong) = (Vec::new(), Vec::new());
    for (n, (_, document)) in documents.iter().enumerate() {
        let file = dir.path().join(format!("{n}.atom"));
        std::fs::write(&file, document).unwrap();
        well.push(file);
        for (k, broken) in broken(document).into_iter().enumerate() {
            let file = dir.path().join(format!("{n}-{k}.atom"));
            std::fs::write(&file, broken).unwrap();
            wrong.push(file);
        }
    }
    let (valid, told) = xmllint(&well);
    assert!(valid, "{told}");
    for file in wrong {
        assert!(!xmllint(std::slice::from_ref(&file)).0, "{file:?}");
    }
}

/// Whether all of these are valid, and what xmllint says.
fn xmllint(files: &[std::path::PathBuf]) -> (bool, String) {
    let grammar = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/formats/atom.rng");
    let told = Command::new("xmllint")
        .args(["--noout", "--nonet", "--relaxng", grammar])
        .args(files)
        .output();
    let told = told.unwrap_or_else(|e| panic!("xmllint: {e}; it is in libxml2-utils"));
    (
        told.status.success(),
        String::from_utf8_lossy(&told.stderr).into_owned(),
    )
}

/// What the grammar cannot say: the Schematron rules of appendix B, and sections 4.1.1 to 4.2.14.
fn check_atom(path: &str, feed: &Node) {
    assert_eq!(feed.name, "feed");
    let id = &feed.one("id").text;
    assert!(
        !id.contains("%7E"),
        "{path}: {id} is not canonical (RFC 3986 section 6.2.2.2)"
    );
    let ids: Vec<&str> = feed
        .all("entry")
        .map(|e| e.one("id").text.as_str())
        .collect();
    assert_eq!(
        ids.iter().collect::<HashSet<_>>().len(),
        ids.len(),
        "{path}: an id stands twice"
    );
    let updated: HashSet<&str> = feed
        .all("entry")
        .map(|e| e.one("updated").text.as_str())
        .collect();
    assert_eq!(
        updated.len(),
        ids.len(),
        "{path}: the W3C validator warns of two entries updated at once"
    );
    let rel = |node: &Node, rel: &str| {
        node.all("link")
            .filter(|l| l.attribute("rel") == Some(rel))
            .count()
    };
    assert_eq!(
        (rel(feed, "self"), rel(feed, "alternate"), rel(feed, "hub")),
        (1, 1, 1),
        "{path}"
    );
    for entry in feed.all("entry") {
        assert!(entry.all("author").count() > 0, "{path}");
        assert!(
            rel(entry, "alternate") == 1 || entry.all("content").count() == 1,
            "{path}"
        );
        assert!(url::Url::parse(&entry.one("id").text).is_ok());
        check_media(path, entry);
        let source = entry.one("source");
        for name in ["id", "title", "updated"] {
            assert!(!source.one(name).text.is_empty(), "{path}: source {name}");
        }
    }
    for node in feed.walk() {
        if ["published", "updated"].contains(&node.name.as_str()) {
            is_plausible(path, Time::parse_rfc3339(&node.text));
        }
        if let Some(language) = node.attribute("xml:lang") {
            assert!(["en", "pt-BR"].contains(&language), "{path}: {language}");
        }
        if node.name == "link" {
            assert!(
                is_web_url(node.attribute("href").unwrap()),
                "{path}: {node:?}"
            );
        }
        if ["title", "name", "subtitle"].contains(&node.name.as_str()) {
            assert!(
                !node.text.trim().is_empty(),
                "{path}: {} is empty",
                node.name
            );
            // A title may say that it is HTML; a name is text by section 3.2.1, and nothing else.
            inert(path, &node.text, node.attribute("type") == Some("html"));
        }
    }
}

/// The W3C validator warns of a date before the web and of one more than ten minutes from now.
fn is_plausible(path: &str, date: Option<Time>) {
    let date = date.unwrap_or_else(|| panic!("{path}: no date"));
    assert!(
        Time::parse_rfc3339("1990-01-01T00:00:00Z").unwrap() <= date,
        "{path}: {date}"
    );
    assert!(
        date <= Time::parse_rfc3339("2030-01-10T12:20:00Z").unwrap(),
        "{path}: {date}"
    );
}

/// SEC-10: read as it says it is to be read, it is text; and what is no HTML does not look like it.
fn inert(path: &str, text: &str, is_html: bool) {
    let text = text.to_lowercase();
    assert!(!text.contains("<script"), "{path}: {text}");
    assert!(
        !text.contains(['\u{202e}', '\u{2066}']),
        "{path}: SEC-14 {text}"
    );
    assert!(
        is_html || !text.contains('<') || !text.contains('>'),
        "{path}: {text}"
    );
}

/// Elements of a channel that we write.
const OF_CHANNEL: [&str; 8] = [
    "title",
    "link",
    "description",
    "lastBuildDate",
    "generator",
    "atom:link",
    "fh:archive",
    "item",
];

#[tokio::test]
async fn sec_16_rss_keeps_the_rules_of_rss_2_0_and_of_the_profile_whatever_is_stored() {
    for (path, document) in published_as(".rss").await {
        no_character_is_out_of_place(&path, &document);
        let rss = read(&document);
        let root = (rss.name.as_str(), rss.attribute("version"));
        assert_eq!(root, ("rss", Some("2.0")), "{path}");
        assert_eq!(rss.children.len(), 1);
        let channel = rss.one("channel");
        for name in ["title", "link", "description"] {
            assert!(!channel.one(name).text.trim().is_empty(), "{path}: {name}");
        }
        for name in channel.children.iter().map(|node| node.name.as_str()) {
            assert!(OF_CHANNEL.contains(&name), "{path}: {name}");
        }
        let links = channel.all("atom:link");
        let own = links.filter(|l| l.attribute("rel") == Some("self")).count();
        assert_eq!(own, 1, "{path}: the profile wants one atom:link to itself");
        let guids = channel.all("item").map(|i| i.one("guid").text.as_str());
        let guids: Vec<&str> = guids.collect();
        let distinct: HashSet<_> = guids.iter().collect();
        assert_eq!(distinct.len(), guids.len(), "{path}");
        channel.all("item").for_each(|item| check_item(&path, item));
        channel.walk().for_each(|node| check_values(&path, node));
    }
}

/// URLs and dates of one element of RSS.
fn check_values(path: &str, node: &Node) {
    let url = match node.name.as_str() {
        "link" => Some(node.text.as_str()),
        "atom:link" => node.attribute("href"),
        "source" | "enclosure" => node.attribute("url"),
        _ => None,
    };
    assert!(url.is_none_or(is_web_url), "{path}: {url:?}");
    if ["pubDate", "lastBuildDate"].contains(&node.name.as_str()) {
        assert!(is_rfc_822(&node.text), "{path}: {}", node.text);
        let date = httpdate::parse_http_date(&node.text).unwrap();
        let age = date
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        is_plausible(path, Some(Time::EPOCH.plus(age)));
    }
}

fn check_item(path: &str, item: &Node) {
    let known = [
        "title",
        "link",
        "description",
        "content:encoded",
        "dc:creator",
        "category",
        "comments",
        "enclosure",
        "guid",
        "pubDate",
        "source",
        "media:content",
        "media:thumbnail",
    ];
    let once = [
        "title",
        "link",
        "description",
        "content:encoded",
        "comments",
        "enclosure",
        "guid",
        "pubDate",
        "source",
        "media:thumbnail",
    ];
    for node in &item.children {
        assert!(known.contains(&node.name.as_str()), "{path}: {}", node.name);
    }
    for name in once {
        assert!(
            item.all(name).count() <= 1,
            "{path}: the profile wants one {name}"
        );
    }
    assert!(
        item.all("title").chain(item.all("description")).count() > 0,
        "{path}"
    );
    assert_eq!(item.one("guid").attribute("isPermaLink"), Some("false"));
    assert_eq!(
        item.all("pubDate").count(),
        1,
        "{path}: an item without a date"
    );
    assert!(!item.one("source").text.is_empty() && item.one("source").attribute("url").is_some());
    for file in item.all("enclosure") {
        assert!(
            file.attribute("length").unwrap().parse::<u64>().is_ok(),
            "{path}"
        );
        assert!(file.attribute("type").unwrap().contains('/'), "{path}");
    }
    check_media(path, item);
    // SEC-16: nobody knows whether a title is text or HTML; it is inert as both.
    inert(path, &item.one("title").text, false);
    item.all("category")
        .for_each(|node| assert!(!node.text.trim().is_empty(), "{path}"));
}

/// Media RSS 1.5.1: what the W3C validator checks of these elements.
fn check_media(path: &str, entry: &Node) {
    for node in entry
        .children
        .iter()
        .filter(|n| n.name.starts_with("media:"))
    {
        assert!(
            is_web_url(node.attribute("url").unwrap()),
            "{path}: {node:?}"
        );
        assert!(node.children.is_empty() && node.text.is_empty(), "{path}");
        let size = node.attribute("fileSize").map(str::parse::<i64>);
        assert!(
            size.is_none_or(|s| s.is_ok_and(|s| s > 0)),
            "{path}: {node:?}"
        );
        assert!(node.attribute("type").is_none_or(|t| t.contains('/')));
        let medium = node.attribute("medium");
        assert!(medium.is_none_or(|m| ["image", "audio", "video"].contains(&m)));
    }
}

/// RFC 822 section 5.1, with the four digits of the year that RSS 2.0 prefers.
fn is_rfc_822(text: &str) -> bool {
    let parts: Vec<&str> = text.split(' ').collect();
    parts.len() == 6
        && parts[0].len() == 4
        && parts[0].ends_with(',')
        && parts[3].len() == 4
        && parts[5] == "GMT"
        && httpdate::parse_http_date(text).is_ok()
}

#[tokio::test]
async fn sec_10_sec_11_json_feeds_keep_to_version_1_1_whatever_is_stored() {
    for (path, document) in published_as(".json").await {
        no_character_is_out_of_place(&path, &document);
        let feed: serde_json::Value = serde_json::from_str(&document).unwrap();
        assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
        assert!(!feed["title"].as_str().unwrap().trim().is_empty());
        let known = [
            "version",
            "title",
            "home_page_url",
            "feed_url",
            "description",
            "next_url",
            "hubs",
            "items",
        ];
        only(&path, &feed, &known);
        for url in ["home_page_url", "feed_url"] {
            assert!(is_web_url(feed[url].as_str().unwrap()), "{path}");
        }
        assert_ne!(feed["next_url"], feed["feed_url"], "{path}");
        for hub in feed["hubs"].as_array().unwrap() {
            only(&path, hub, &["type", "url"]);
        }
        let items = feed["items"].as_array().unwrap();
        let ids: HashSet<&str> = items.iter().map(|i| i["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), items.len(), "{path}");
        items.iter().for_each(|item| check_json_item(&path, item));
    }
}

fn check_json_item(path: &str, item: &serde_json::Value) {
    let known = [
        "id",
        "url",
        "title",
        "content_html",
        "content_text",
        "summary",
        "image",
        "date_published",
        "date_modified",
        "authors",
        "tags",
        "language",
        "attachments",
        "_newswire",
    ];
    only(path, item, &known);
    assert!(
        item["content_html"].is_string() || item["content_text"].is_string(),
        "{path}: {item}"
    );
    for date in ["date_published", "date_modified"] {
        assert!(
            Time::parse_rfc3339(item[date].as_str().unwrap()).is_some(),
            "{path}: {item}"
        );
    }
    for url in ["url", "image"] {
        assert!(
            item[url].is_null() || is_web_url(item[url].as_str().unwrap()),
            "{path}"
        );
    }
    for author in item["authors"].as_array().into_iter().flatten() {
        only(path, author, &["name", "url", "avatar"]);
        assert!(!author.as_object().unwrap().is_empty());
    }
    for file in item["attachments"].as_array().into_iter().flatten() {
        only(
            path,
            file,
            &[
                "url",
                "mime_type",
                "title",
                "size_in_bytes",
                "duration_in_seconds",
            ],
        );
        assert!(
            is_web_url(file["url"].as_str().unwrap())
                && file["mime_type"].as_str().unwrap().contains('/')
        );
    }
    let texts = item["tags"].as_array().into_iter().flatten();
    texts.for_each(|tag| assert!(!tag.as_str().unwrap().trim().is_empty()));
    let html = item["content_html"]
        .as_str()
        .unwrap_or_default()
        .to_lowercase();
    assert!(!html.contains("<script"), "{path}: {html}");
}

fn only(path: &str, object: &serde_json::Value, known: &[&str]) {
    for key in object.as_object().unwrap().keys() {
        assert!(known.contains(&key.as_str()), "{path}: {key}");
    }
}

#[tokio::test]
async fn subscription_lists_keep_to_opml_2_0() {
    for (path, document) in published_as(".opml").await {
        no_character_is_out_of_place(&path, &document);
        let opml = read(&document);
        assert_eq!(
            (opml.name.as_str(), opml.attribute("version")),
            ("opml", Some("2.0"))
        );
        assert_eq!(
            opml.children
                .iter()
                .map(|c| c.name.as_str())
                .collect::<Vec<_>>(),
            ["head", "body"]
        );
        assert!(!opml.one("head").one("title").text.is_empty());
        let body = opml.one("body");
        assert!(
            body.children.iter().any(|c| c.name == "outline"),
            "{path}: a body has an outline"
        );
        for outline in body.walk().filter(|n| n.name == "outline") {
            assert!(
                outline
                    .attribute("text")
                    .is_some_and(|t| !t.trim().is_empty()),
                "{path}"
            );
            if outline.attribute("type") == Some("rss") {
                assert!(is_web_url(outline.attribute("xmlUrl").unwrap()), "{path}");
                assert!(
                    outline.attribute("htmlUrl").is_none_or(is_web_url),
                    "{path}"
                );
            } else {
                assert!(
                    !outline.children.is_empty(),
                    "{path}: a folder has something in it"
                );
            }
        }
    }
}
