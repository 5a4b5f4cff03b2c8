//! Whether a merged feed that newswire printed says what went into it when newswire reads it again. Shared with `fuzz/`.

use newswire::emit::{self, Channel, Format};
use newswire::model::{
    Category, Enclosure, ParsedEntry, ParsedFeed, Person, StoryView, Time, WebUrl,
};
use newswire::parse::{ParseContext, parse};
use newswire::text::plain;
use quick_xml::events::Event;

pub fn atom(channel: &Channel) {
    let feed = read_back(channel, Format::Atom);
    for (entry, story) in feed.entries.iter().zip(&channel.stories) {
        assert_says(entry, story);
        let changed = story.updated.max(story.published).unwrap_or(story.arrived);
        assert_eq!(entry.updated.map(Time::seconds), Some(changed.seconds()));
        let told = match names(&story.authors) {
            nobody if nobody.is_empty() => vec![plain::line(&story.feed.title)],
            names => names,
        };
        // A name that looks like HTML is printed with other brackets.
        let same = |names: Vec<String>| -> Vec<String> {
            let plain = |n: &String| n.replace('\u{2039}', "<").replace('\u{203a}', ">");
            names.iter().map(plain).collect()
        };
        assert_eq!(same(names(&entry.authors)), same(told));
        assert_eq!(entry.language, story.language);
        let source = entry.source.clone().unwrap();
        assert_eq!(source.title, Some(plain::line(&story.feed.title)));
        assert_eq!(source.id, Some(format!("urn:uuid:{}", story.feed.id)));
        let files = |files: &[Enclosure]| files.iter().map(|f| f.url.clone()).collect::<Vec<_>>();
        assert_eq!(
            files(&entry.enclosures),
            distinct(&files(&story.enclosures))
        );
        assert_eq!(
            entry.published.map(Time::seconds),
            story.published.map(Time::seconds)
        );
        assert_shows(entry, story);
    }
}

pub fn rss(channel: &Channel) {
    let feed = read_back(channel, Format::Rss);
    for (entry, story) in feed.entries.iter().zip(&channel.stories) {
        assert_says(entry, story);
        assert_eq!(names(&entry.authors), names(&story.authors));
        let source = entry.source.clone().unwrap();
        assert_eq!(source.title, Some(plain::line(&story.feed.title)));
        assert_eq!(source.url.as_deref(), Some(story.feed.url.as_str()));
        let first = |files: &[Enclosure]| {
            let first = files.first()?;
            Some((first.url.clone(), first.length.unwrap_or(0)))
        };
        assert_eq!(first(&entry.enclosures), first(&story.enclosures));
        // Further files come back as media:content.
        let files = |files: &[Enclosure]| files.iter().map(|f| f.url.clone()).collect::<Vec<_>>();
        assert_eq!(
            files(&entry.enclosures),
            distinct(&files(&story.enclosures))
        );
        assert_dated(entry, story);
        assert_shows(entry, story);
    }
}

pub fn json(channel: &Channel) {
    let feed = read_back(channel, Format::Json);
    let document: serde_json::Value = serde_json::from_str(&emit::json_feed(channel)).unwrap();
    for (at, (entry, story)) in feed.entries.iter().zip(&channel.stories).enumerate() {
        assert_says(entry, story);
        assert_dated(entry, story);
        let written = names(&story.authors);
        let read: Vec<String> = written.iter().map(|n| plain::line_of_text(n)).collect();
        assert_eq!(names(&entry.authors), read);
        assert_eq!(
            entry.image.as_ref().map(WebUrl::as_str),
            story.image.as_deref()
        );
        let ours = &document["items"][at]["_newswire"];
        assert_eq!(ours["arrived"], story.arrived.to_string());
        assert_eq!(ours["feed"]["url"], story.feed.url.as_str());
        assert_eq!(ours["agencies"], serde_json::json!(story.agencies));
    }
}

/// Whether a document is well-formed: ends match, references resolve, only XML's characters.
pub fn assert_well_formed(document: &str) {
    let is_char = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    assert_eq!(document.chars().find(|c| !is_char(*c)), None);
    let mut reader = quick_xml::Reader::from_str(document);
    let mut depth = 0;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                depth += 1;
                check_attributes(&tag);
            }
            Event::Empty(tag) => check_attributes(&tag),
            Event::End(_) => depth -= 1,
            Event::Text(text) => assert!(!text.contains("]]>")),
            Event::GeneralRef(r) if r.is_char_ref() => {
                assert!(is_char(r.resolve_char_ref().unwrap().unwrap()));
            }
            Event::GeneralRef(r) => assert!(["amp", "lt", "gt", "quot", "apos"].contains(&&*r)),
            Event::Decl(_) => {}
            Event::Eof => break,
            other => panic!("nobody wrote {other:?}"),
        }
    }
    assert_eq!(depth, 0);
}

fn check_attributes(tag: &quick_xml::events::BytesStart<'_>) {
    for attribute in tag.attributes() {
        let attribute = attribute.unwrap();
        assert!(!attribute.value.contains('<'));
        quick_xml::escape::unescape(&attribute.value).unwrap();
    }
}

fn read_back(channel: &Channel, format: Format) -> ParsedFeed {
    let document = emit::render(channel, format);
    if format != Format::Json {
        assert_well_formed(&document);
    }
    assert_eq!(
        document,
        emit::render(channel, format),
        "the same content gives the same bytes"
    );
    let feed = parse(document.as_bytes(), &ParseContext::default()).unwrap();
    assert_eq!(feed.warnings, Vec::<String>::new());
    let plain_line = match format {
        Format::Json => plain::line_of_text,
        _ => plain::line,
    };
    assert_eq!(feed.title, Some(plain_line(&channel.title)));
    assert_eq!(
        feed.feed_url.as_ref().map(WebUrl::as_str),
        channel.self_url.as_deref()
    );
    assert_eq!(
        feed.link.as_ref().map(WebUrl::as_str),
        channel.home_url.as_deref()
    );
    assert_eq!(
        feed.hub.as_ref().map(WebUrl::as_str),
        channel.hub_url.as_deref()
    );
    assert_eq!(
        feed.description.unwrap_or_default(),
        match plain_line(&channel.description) {
            empty if empty.is_empty() && format == Format::Rss => plain::line(&channel.title),
            line => line,
        }
    );
    let ids = |e: &ParsedEntry| e.id.clone().unwrap_or_default();
    let told: Vec<String> = channel
        .stories
        .iter()
        .map(|s| format!("urn:uuid:{}", s.id))
        .collect();
    assert_eq!(feed.entries.iter().map(ids).collect::<Vec<_>>(), told);
    ParsedFeed {
        description: None,
        ..feed
    }
}

/// What every format says of a story.
fn assert_says(entry: &ParsedEntry, story: &StoryView) {
    // What a title of JSON Feed writes as a reference is read as one.
    let title = plain::line(&story.title);
    let titles = [plain::line_of_text(&title), title];
    assert!(entry.title.as_ref().is_some_and(|t| titles.contains(t)));
    assert_eq!(entry.url.as_ref().map(WebUrl::as_str), story.url.as_deref());
    let summary = plain::line_of_html(entry.summary_html.as_deref().unwrap_or_default());
    assert_eq!(terms(&entry.categories), labels(story));
    if !plain::line(&story.summary).is_empty() {
        assert_eq!(summary, plain::line(&story.summary));
        let content = entry.content_html.as_deref().unwrap_or_default();
        let told = story.content_html.as_deref().unwrap_or_default().trim();
        // A frame without words is read as no content.
        if !plain::line_of_html(told).is_empty() {
            assert_eq!(content, told);
        }
    }
}

/// What RSS and JSON Feed date a story by: its publication, else the first sighting.
fn assert_dated(entry: &ParsedEntry, story: &StoryView) {
    let dated = story.published.unwrap_or(story.first_seen);
    assert_eq!(entry.published.map(Time::seconds), Some(dated.seconds()));
}

/// A picture comes back as the picture.
fn assert_shows(entry: &ParsedEntry, story: &StoryView) {
    if story.image.is_some() {
        assert_eq!(
            entry.image.as_ref().map(WebUrl::as_str),
            story.image.as_deref()
        );
    }
}

fn names(people: &[Person]) -> Vec<String> {
    people
        .iter()
        .filter_map(|p| p.name.as_deref())
        .map(plain::line)
        .collect()
}

fn terms(categories: &[Category]) -> Vec<String> {
    categories.iter().map(|c| plain::line(&c.term)).collect()
}

fn labels(story: &StoryView) -> Vec<String> {
    let mut all = story.topics.clone();
    // Labels are plain text in every format, but many publishers write references into them: they are read as such.
    for label in terms(&story.categories) {
        let label = plain::line_of_text(&label);
        if !all.contains(&label) {
            all.push(label);
        }
    }
    all
}

pub fn distinct<T: PartialEq + Clone>(values: &[T]) -> Vec<T> {
    let mut out = Vec::new();
    for value in values {
        if !out.contains(value) {
            out.push(value.clone());
        }
    }
    out
}
