//! JSON Feed 1.x: repaired to conform to the standard, then read by feed-rs. Publishers write numbers as ids, a single
//! author for many, no version; feed-rs refuses a feed for each of these, so they are repaired first, within bounds (SEC-03,
//! F6, F10). Fields that its model does not have are read from the document. (<https://www.jsonfeed.org/version/1.1/>)

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::addresses::names_a_page;
use super::collect::{REPEATS_MAX, push_new};
use super::constructs::{Scope, language_tag};
use super::context::{ParseContext, ParseError};
use super::json_text::{self, Document};
use super::media::Media;
use super::pictures::first_picture;
use super::plain_body;
use super::warnings::Warnings;
use super::{guid, people, source_digest};
use crate::model::{Category, ParsedEntry, ParsedFeed, Person, Time, WebUrl};
use crate::text::body::{self, Body};
use crate::text::{dates, plain, settle};

/// Reads a JSON document; the bodies of its items are [completed](Bodies::complete) later.
pub fn read(
    source: &str,
    context: &ParseContext,
    warnings: &mut Warnings,
) -> Result<(ParsedFeed, Vec<Bodies>, Scope), ParseError> {
    let Document {
        head: document,
        items,
        breaks_off,
    } = json_text::read(source, warnings)
        .map_err(|e| ParseError::Unreadable(format!("it is not valid JSON: {e}")))?;
    let is_feed =
        items.is_some() || text_in(&document, "version").is_some_and(|v| v.contains("jsonfeed"));
    if !is_feed {
        return Err(ParseError::NotAFeed(
            "it is JSON, but no JSON Feed".to_owned(),
        ));
    }
    let items = items.unwrap_or_default();
    let mended = mend(&document, &items);
    let model = feed_rs::parser::Builder::new()
        .sanitize_content(false)
        .id_generator(|_, _, _| String::new())
        .timestamp_parser(|_| None)
        .build()
        .parse(mended.to_string().as_bytes())
        .map_err(|e| ParseError::Unreadable(e.to_string()))?;

    let site = text_in(&document, "home_page_url").and_then(|u| WebUrl::parse(&u).ok());
    let scope = Scope {
        base: context.url.clone(),
        site,
        ..Scope::default()
    };
    let url = |key: &str| text_in(&document, key).and_then(|u| scope.url_as_written(&u));
    let line = |text: Option<feed_rs::model::Text>| text.and_then(|t| some_line(&t.content));
    let entries = model.entries.into_iter().zip(&items);
    let (entries, bodies) = entries
        .map(|(entry, item)| read_item(entry, item, &scope, warnings))
        .unzip();
    let feed = ParsedFeed {
        format: "json",
        id: None,
        title: line(model.title),
        link: url("home_page_url"),
        feed_url: url("feed_url"),
        description: line(model.description),
        language: text_in(&document, "language").and_then(|l| language_tag(&l)),
        authors: authors(&document, &scope),
        icon: url("favicon"),
        image: url("icon"),
        hub: document
            .get("hubs")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .find_map(|h| scope.url_as_written(h.get("url")?.as_str()?)),
        entries,
        breaks_off,
        ..ParsedFeed::default()
    };
    Ok((feed, bodies, scope))
}

/// The bodies of an item as they were sent; see [`super::entry_bodies::Bodies`].
#[derive(Debug)]
pub struct Bodies {
    content: String,
    is_html: bool,
    /// `content_text`, if it is the body.
    text: Option<String>,
    summary: Option<String>,
    scope: Scope,
}

impl Bodies {
    /// Reads the bodies, and the picture that only these show.
    pub fn read(self, image: &mut Option<WebUrl>) -> body::Bodies {
        let read = |text: &str| Body::read(plain_body::html_of_text(&settle::text(text)));
        let content = match self.is_html {
            true => self.scope.sanitize(&self.content),
            false => read(&self.content),
        };
        let content = Some(content).filter(|c| !c.html().trim().is_empty());
        if image.is_none() {
            *image = content.as_ref().and_then(|c| first_picture(c.html()));
        }
        body::Bodies {
            content,
            summary: self.summary.as_deref().map(read),
        }
    }

    /// The same, as the document is printed.
    pub fn complete(mut self, entry: &mut ParsedEntry) {
        let written = self.text.take();
        let body::Bodies { content, summary } = self.read(&mut entry.image);
        let read = || Some(content.as_ref().or(summary.as_ref())?.text().to_owned());
        let text = match written {
            Some(written) => Some(plain::lines(plain_body::cut(&settle::text(&written)))),
            None => read(),
        };
        entry.content_text = text.filter(|t| !t.is_empty());
        entry.content_html = content.map(Body::into_html);
        entry.summary_html = summary.map(Body::into_html);
    }
}

/// The document as the standard defines it: only the fields of feed-rs's model, each of the expected type.
fn mend(document: &Map<String, Value>, items: &[Map<String, Value>]) -> Value {
    let items: Vec<Value> = items
        .iter()
        .map(|item| {
            let mut out = Map::new();
            out.insert(
                "id".to_owned(),
                json!(text_in(item, "id").unwrap_or_default()),
            );
            for key in ["title", "content_html", "content_text", "summary"] {
                if let Some(text) = text_in(item, key) {
                    out.insert(key.to_owned(), json!(text));
                }
            }
            Value::Object(out)
        })
        .collect();
    json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": text_in(document, "title").unwrap_or_default(),
        "description": text_in(document, "description").unwrap_or_default(),
        "items": items,
    })
}

/// A text, or a number in its place: the standard asks readers to convert ids to strings, and some publishers write dates
/// so.
fn text_in<'d>(object: &'d Map<String, Value>, key: &str) -> Option<Cow<'d, str>> {
    match object.get(key)? {
        Value::String(text) if !text.trim().is_empty() => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

fn some_line(text: &str) -> Option<String> {
    Some(settle::line_of_text(text)).filter(|t| !t.is_empty())
}

fn read_item(
    entry: feed_rs::model::Entry,
    item: &Map<String, Value>,
    scope: &Scope,
    warnings: &mut Warnings,
) -> (ParsedEntry, Bodies) {
    let url = |key: &str| text_in(item, key).and_then(|u| scope.url_as_written(&u));
    let mut date = |key: &str| -> Option<Time> {
        let written = text_in(item, key)?;
        let time = dates::read(&written);
        if time.is_none() {
            warnings.add(format!("{key} is not a date and was dropped"));
        }
        time
    };
    let (published, updated) = (date("date_published"), date("date_modified"));
    let content = entry.content.and_then(|c| c.body).unwrap_or_default();
    let written = url("url").or_else(|| url("external_url"));
    let page =
        |key: &str| url(key).filter(|_| text_in(item, key).is_some_and(|u| names_a_page(&u)));
    let page = page("url").or_else(|| page("external_url"));
    let is_html = text_in(item, "content_html").is_some();
    let written_text = text_in(item, "content_text").filter(|_| !is_html);
    let bodies = Bodies {
        text: written_text.map(Cow::into_owned),
        summary: text_in(item, "summary").map(Cow::into_owned),
        scope: scope.on_page(page.clone()),
        content,
        is_html,
    };
    let mut media = Media::default();
    let files = item.get("attachments").and_then(Value::as_array);
    for file in files
        .into_iter()
        .flatten()
        .filter_map(Value::as_object)
        .take(REPEATS_MAX)
    {
        let length = match file.get("size_in_bytes") {
            Some(Value::String(written)) => Some(Cow::Borrowed(written.as_str())),
            None | Some(Value::Null) => None,
            Some(other) => Some(Cow::Owned(other.to_string())),
        };
        media.add(
            text_in(file, "url").and_then(|u| scope.url_as_written(&u)),
            text_in(file, "mime_type").as_deref(),
            length.as_deref(),
            warnings,
        );
    }
    let mut categories = Vec::new();
    let tags: Vec<&str> = match item.get("tags") {
        Some(Value::Array(tags)) => tags.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(tags)) => tags.split(',').collect(),
        _ => Vec::new(),
    };
    for tag in tags {
        if let Some(term) = some_line(tag) {
            push_new(
                &mut categories,
                Category {
                    term,
                    ..Category::default()
                },
            );
        }
    }
    let id = Some(guid::read(&entry.id)).filter(|id| !id.is_empty());
    let of_id = || id.as_deref().and_then(|id| WebUrl::parse(id).ok());
    let url_of_page = page.or_else(of_id);
    let entry = ParsedEntry {
        written_url: written.filter(|w| url_of_page.as_ref() != Some(w)),
        url: url_of_page,
        id,
        title: entry.title.and_then(|t| some_line(&t.content)),
        published,
        updated,
        authors: authors(item, scope),
        categories,
        enclosures: media.enclosures,
        language: text_in(item, "language").and_then(|l| language_tag(&l)),
        image: url("image").or_else(|| url("banner_image")),
        source_digest: source_digest::of_json(item),
        ..ParsedEntry::default()
    };
    (entry, bodies)
}

/// `authors` of 1.1, else `author` of 1.0; a string in their place is a name.
fn authors(object: &Map<String, Value>, scope: &Scope) -> Vec<Person> {
    let mut out = Vec::new();
    let named = |key: &str| match object.get(key) {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let list = [named("authors"), named("author")];
    let list = list.iter().find(|list| !list.is_empty());
    for author in list.copied().unwrap_or_default().iter().take(REPEATS_MAX) {
        let person = match author {
            Value::String(name) => people::read(&settle::line_of_text(name)),
            Value::Object(o) => {
                let mut person = text_in(o, "name")
                    .and_then(|n| people::read(&settle::line_of_text(&n)))
                    .unwrap_or_default();
                person.url = text_in(o, "url")
                    .and_then(|u| scope.url_as_written(&u))
                    .map(|u| u.to_string());
                Some(person).filter(|p| *p != Person::default())
            }
            _ => None,
        };
        if let Some(person) = person {
            push_new(&mut out, person);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> ParsedFeed {
        crate::parse::parse(text.as_bytes(), &ParseContext::default()).unwrap()
    }

    #[test]
    fn f10_a_number_as_id_and_a_missing_version_cost_nothing() {
        let feed = parse(
            r#"{"title":"T","items":[{"id":7,"content_text":"a < b\n\nc","tags":["x",1]},3]}"#,
        );
        assert_eq!(feed.title.as_deref(), Some("T"));
        let entry = &feed.entries[0];
        assert_eq!(entry.id.as_deref(), Some("7"));
        let html = "<p>a &lt; b</p>\n<p>c</p>";
        assert_eq!(entry.content_html.as_deref(), Some(html));
        assert_eq!(entry.content_text.as_deref(), Some("a < b\n\nc"));
        assert_eq!(entry.categories.len(), 1);
        assert_eq!(feed.entries.len(), 1);
    }

    #[test]
    fn one_author_of_1_0_and_many_of_1_1_are_people() {
        let feed = parse(
            r#"{"version":"https://jsonfeed.org/version/1","author":{"name":"Jane","url":"https://j.example/"},"items":[]}"#,
        );
        assert_eq!(feed.authors[0].name.as_deref(), Some("Jane"));
        assert_eq!(feed.authors[0].url.as_deref(), Some("https://j.example/"));
    }

    #[test]
    fn other_json_is_no_feed() {
        let read = read(
            "{\"a\":1}",
            &ParseContext::default(),
            &mut Warnings::default(),
        );
        assert!(matches!(read, Err(ParseError::NotAFeed(_))));
    }
}
