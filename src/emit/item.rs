//! The content of a story, validated once for all formats: single lines, names that are not empty, absolute http(s) URLs
//! (SEC-11), no duplicates. The formats only write it; what is omitted is omitted here.

use std::collections::HashSet;
use std::time::Duration;

use super::Channel;
use super::text::{clean, is_inert, line};
use crate::model::language::is_language;
use crate::model::{
    Alternate, Category, Enclosure, FeedRef, Person, StoryId, StoryView, Time, WebUrl,
};

/// How far two machines' clocks and time zones may differ.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// 1990-01-01T00:00:00Z. Nothing was published on the web earlier, so an earlier date is an error.
const WEB_BEGINS_S: i64 = 631_152_000;

/// A story, ready to write.
pub struct Item {
    /// Its id.
    pub id: StoryId,
    /// The headline; never empty.
    pub title: String,
    /// Its page.
    pub url: Option<String>,
    /// The standfirst, one line; may be empty.
    pub summary: String,
    /// The sanitized body; may be empty.
    pub html: String,
    /// The body's text; may be empty.
    pub text: String,
    /// Who wrote it; each has a name. Empty if no author is named.
    pub authors: Vec<Person>,
    /// Agencies credited.
    pub agencies: Vec<String>,
    /// Names of topics.
    pub topics: Vec<String>,
    /// The publisher's labels; a scheme is an http(s) URI, and a label contains no markup.
    pub categories: Vec<Category>,
    /// A language tag.
    pub language: Option<String>,
    /// First publication, as claimed, if that is plausible.
    pub published: Option<Time>,
    /// The same, else when newswire first found it: for formats whose readers sort by that date, or treat an item without one
    /// as new each time.
    pub dated: Time,
    /// The last change claimed, if that is plausible, else the arrival.
    pub updated: Time,
    /// Its position in the river.
    pub arrived: Time,
    /// A picture.
    pub image: Option<String>,
    /// Its files; a type is a media type.
    pub enclosures: Vec<Enclosure>,
    /// The feed of the representative; its title is never empty.
    pub feed: FeedRef,
    /// The number of copies.
    pub copies: u32,
    /// The other copies.
    pub also_in: Vec<Alternate>,
}

/// The stories of a channel, each once.
pub fn items(channel: &Channel) -> impl Iterator<Item = Item> {
    let mut seen = HashSet::new();
    let fresh = channel.stories.iter().filter(move |s| seen.insert(s.id));
    fresh.map(item)
}

/// The channel's title; never empty.
pub fn channel_title(channel: &Channel) -> String {
    first_non_empty([line(&channel.title), "newswire".to_owned()])
}

/// When the channel last changed; never before the web began.
pub fn updated(channel: &Channel) -> Time {
    let newest = channel.stories.iter().map(|s| s.arrived).max();
    let changed = newest.map_or(channel.updated, |t| t.max(channel.updated));
    changed.max(Time::from_seconds(WEB_BEGINS_S))
}

/// The URL, if it is an absolute http(s) one, as RFC 3986 writes it.
pub fn web_url(url: &str) -> Option<String> {
    let url = WebUrl::parse(url).ok()?;
    // The brackets of an IPv6 address stay.
    let (origin, rest) = url.as_str().split_at_checked(url.origin().len())?;
    Some(format!("{origin}{}", uri_chars(rest)))
}

/// Escapes characters in paths and queries that browsers leave unescaped, although RFC 3986 section 2 does not allow them.
fn uri_chars(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if "[]\\^`{|}".contains(c) {
            out.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

fn item(story: &StoryView) -> Item {
    let feed = feed(&story.feed);
    let summary = line(&story.summary);
    let (published, updated) = dates(story);
    Item {
        id: story.id,
        title: first_non_empty([line(&story.title), summary.clone(), feed.title.clone()]),
        url: story.url.as_deref().and_then(web_url),
        html: body(story.content_html.as_deref()),
        text: body(story.content_text.as_deref()),
        authors: distinct(story.authors.iter().filter_map(|p| author(p, &feed.title))),
        agencies: lines(&story.agencies),
        topics: lines(&story.topics),
        categories: distinct(story.categories.iter().filter_map(category)),
        language: story.language.clone().filter(|l| is_tag(l)),
        published,
        dated: published.unwrap_or(story.first_seen.max(Time::from_seconds(WEB_BEGINS_S))),
        updated,
        arrived: story.arrived,
        image: story.image.as_deref().and_then(web_url),
        enclosures: enclosures(&story.enclosures),
        also_in: distinct(story.also_in.iter().map(alternate)),
        copies: story.copies,
        summary,
        feed,
    }
}

/// The claimed dates as far as they are plausible: a date in the future would pin the story to the top of every reader that
/// sorts by it. A publication date up to a day after the first sighting (a wrong time zone) becomes that of the sighting; a
/// later one is dropped. If the publication date is plausible, any date of change is believed.
fn dates(story: &StoryView) -> (Option<Time>, Time) {
    let is_of_the_web = |t: &Time| t.seconds() >= WEB_BEGINS_S;
    let latest = story.first_seen.plus(DAY);
    let published = story.published.filter(|t| is_of_the_web(t) && *t <= latest);
    let published = published.map(|t| t.min(story.first_seen));
    let updated = story
        .updated
        .filter(|t| is_of_the_web(t) && (published.is_some() || *t <= latest));
    let arrived = Some(story.arrived).filter(is_of_the_web);
    let changed = updated.max(published).or(arrived);
    (published, changed.unwrap_or(story.first_seen))
}

fn first_non_empty<const N: usize>(texts: [String; N]) -> String {
    texts
        .into_iter()
        .find(|t| !t.is_empty())
        .unwrap_or_default()
}

fn body(text: Option<&str>) -> String {
    clean(text.unwrap_or_default()).trim().to_owned()
}

fn feed(feed: &FeedRef) -> FeedRef {
    let url = web_url(&feed.url).unwrap_or_default();
    FeedRef {
        id: feed.id,
        title: first_non_empty([line(&feed.title), url.clone(), feed.id.to_string()]),
        site: feed.site.as_deref().and_then(web_url),
        url,
    }
}

/// RFC 4287 section 3.2: a person has a name. Without one the local part of the e-mail address is used.
fn author(person: &Person, feed_title: &str) -> Option<Person> {
    if *person == Person::default() {
        return None;
    }
    let text = |field: &Option<String>| line(field.as_deref().unwrap_or_default());
    let email = text(&person.email);
    let local = email.split('@').next().unwrap_or_default().to_owned();
    Some(Person {
        name: Some(first_non_empty([
            text(&person.name),
            local,
            feed_title.to_owned(),
        ])),
        email: Some(email).filter(|e| is_address(e)),
        url: person.url.as_deref().and_then(web_url),
    })
}

/// The addresses of RFC 5322 that all readers accept: an ASCII dot-atom at a host name with a dot.
fn is_address(text: &str) -> bool {
    let is_local = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '.');
    let is_label = |l: &str| {
        !l.is_empty()
            && l.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    text.split_once('@').is_some_and(|(local, host)| {
        let top = host.rsplit('.').next().unwrap_or_default();
        !local.is_empty()
            && local.chars().all(is_local)
            && !local.split('.').any(str::is_empty)
            && host.contains('.')
            && host.split('.').all(is_label)
            && top.len() >= 2
            && top.chars().all(|c| c.is_ascii_alphabetic())
    })
}

fn category(category: &Category) -> Option<Category> {
    let term = line(&category.term);
    let label = category.label.as_deref().map(line);
    let scheme = category.scheme.as_deref().map(line);
    (!term.is_empty()).then(|| Category {
        label: label.filter(|l| !l.is_empty() && *l != term && is_inert(l)),
        scheme: scheme.filter(|s| is_uri(s)),
        term,
    })
}

/// Whether a text is an http(s) URI without changes: an identifier is never rewritten.
fn is_uri(text: &str) -> bool {
    let is_char = |c: char| c.is_ascii_graphic() && !"[]\\^`{|}<>\"".contains(c);
    text.chars().all(is_char) && WebUrl::parse(text).is_ok()
}

fn enclosures(files: &[Enclosure]) -> Vec<Enclosure> {
    let mut seen = HashSet::new();
    let checked = files.iter().filter_map(|file| {
        Some(Enclosure {
            url: web_url(&file.url)?,
            mime: file
                .mime
                .as_deref()
                .map(line)
                .filter(|mime| is_media_type(mime)),
            // In the RSS profile a zero is an unknown length.
            length: file.length.filter(|length| *length > 0),
        })
    });
    checked.filter(|f| seen.insert(f.url.clone())).collect()
}

/// `type/subtype` of RFC 6838 section 4.2, without parameters.
fn is_media_type(text: &str) -> bool {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c))
    };
    text.split_once('/')
        .is_some_and(|(kind, name)| is_name(kind) && is_name(name))
}

/// A known language with subtags that BCP 47 allows by their characters.
fn is_tag(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let is_known = parts
        .next()
        .is_some_and(|code| is_language(&code.to_ascii_lowercase()));
    is_known
        && parts.all(|p| (1..=8).contains(&p.len()) && p.chars().all(|c| c.is_ascii_alphanumeric()))
}

fn alternate(copy: &Alternate) -> Alternate {
    Alternate {
        feed_url: web_url(&copy.feed_url).unwrap_or_default(),
        feed_title: line(&copy.feed_title),
        url: copy.url.as_deref().and_then(web_url),
        title: line(&copy.title),
        published: copy.published,
    }
}

fn lines(texts: &[String]) -> Vec<String> {
    distinct(texts.iter().map(|t| line(t)).filter(|t| !t.is_empty()))
}

fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut out = Vec::new();
    for value in values {
        if !out.contains(&value) {
            out.push(value);
        }
    }
    out
}
