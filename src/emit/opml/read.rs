//! Reads other readers' lists. Lenient about common errors (no version, `title` for `text`, names in any case, bare `&`, HTML
//! entities, `feed:` URLs), strict where an error would silently lose feeds: a file that is cut off or has mismatched tags is
//! refused as a whole. Bounded by [`DEPTH_MAX`] and [`FEEDS_MAX`], and linear in the length of the file; entities of a DTD are
//! never expanded (SEC-17).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use quick_xml::Reader;
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesStart, Event};

use super::Subscription;
use crate::emit::text::line;
use crate::model::{WebUrl, WebUrlError, web_url};

/// Deepest nesting of outlines.
pub const DEPTH_MAX: usize = 64;
/// The most feeds of a file, refused and repeated ones included.
pub const FEEDS_MAX: usize = 200_000;
/// The longest title or folder kept, in characters; the rest is cut off.
const NAME_CHARS_MAX: usize = 1024;
/// Attributes with a field of their own, in lower case.
const OURS: [&str; 8] = [
    "type", "text", "title", "xmlurl", "url", "htmlurl", "category", "xmlns",
];

/// Why a file was refused; nothing of it is imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpmlError {
    /// It is not OPML.
    #[error("this is not an OPML file: {0}")]
    NotOpml(String),
    /// It is broken.
    #[error(
        "the OPML file is broken at line {line}, column {column}: {reason}; nothing was imported"
    )]
    Broken {
        /// Counted from 1.
        line: usize,
        /// In characters, counted from 1.
        column: usize,
        /// What is wrong there.
        reason: String,
    },
    /// Outlines in outlines beyond [`DEPTH_MAX`].
    #[error(
        "line {line}, column {column}: folders are nested deeper than {DEPTH_MAX}; nothing was imported"
    )]
    TooDeep {
        /// Counted from 1.
        line: usize,
        /// In characters, counted from 1.
        column: usize,
    },
    /// More than [`FEEDS_MAX`].
    #[error(
        "line {line}, column {column}: more than {FEEDS_MAX} feeds; split the file, nothing was imported"
    )]
    TooMany {
        /// Counted from 1.
        line: usize,
        /// In characters, counted from 1.
        column: usize,
    },
}

/// An outline with a URL that cannot be subscribed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its line, counted from 1.
    pub line: usize,
    /// Its title. Never its URL, which may hold a password.
    pub title: Option<String>,
    /// Why.
    pub why: WebUrlError,
}

/// The subscriptions of an OPML file, each URL once. Outlines with other URLs than http(s) are omitted.
///
/// # Errors
/// [`OpmlError`]; nothing is imported then.
pub fn read(text: &str) -> Result<Vec<Subscription>, OpmlError> {
    read_with(text, |_| {})
}

/// The same; `refuse` is called with each outline that is omitted.
///
/// # Errors
/// [`OpmlError`]; nothing is imported then.
pub fn read_with(
    text: &str,
    mut refuse: impl FnMut(Refused),
) -> Result<Vec<Subscription>, OpmlError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::from_str(text);
    reader.config_mut().allow_dangling_amp = true;
    let mut list = List::default();
    loop {
        let here = Place {
            text,
            at: reader.buffer_position(),
        };
        match reader.read_event() {
            Ok(Event::Start(tag)) => list.open(&tag, here, &mut refuse)?,
            Ok(Event::Empty(tag)) => {
                list.open(&tag, here, &mut refuse)?;
                list.open.pop();
            }
            Ok(Event::End(_)) => {
                list.open.pop();
            }
            Ok(Event::Eof) if list.open.is_empty() => break,
            Ok(Event::Eof) => return Err(here.broken("the file ends here unexpectedly")),
            Ok(_) => {}
            Err(e) => {
                let at = reader.error_position();
                return Err(Place { text, at }.broken(e));
            }
        }
    }
    if !list.is_opml {
        return Err(OpmlError::NotOpml("there is no <opml> in it".to_owned()));
    }
    Ok(list.found)
}

/// A byte of the file.
#[derive(Clone, Copy)]
struct Place<'t> {
    text: &'t str,
    at: u64,
}

impl Place<'_> {
    /// Line and column, counted from 1.
    fn line_and_column(self) -> (usize, usize) {
        let at = usize::try_from(self.at).unwrap_or(usize::MAX);
        let before = self.text.get(..at).unwrap_or(self.text);
        let last = before.rsplit('\n').next().unwrap_or_default();
        (before.matches('\n').count() + 1, last.chars().count() + 1)
    }

    fn broken(self, reason: impl ToString) -> OpmlError {
        let (line, column) = self.line_and_column();
        let reason = reason.to_string();
        OpmlError::Broken {
            line,
            column,
            reason,
        }
    }
}

/// What was read so far.
#[derive(Default)]
struct List {
    is_opml: bool,
    /// The open elements: the name of those that are folders.
    open: Vec<Option<String>>,
    feeds: usize,
    /// Namespaces by prefix, as last declared.
    namespaces: HashMap<String, String>,
    found: Vec<Subscription>,
    /// The index in `found` by URL.
    places: HashMap<String, usize>,
    /// Tags and other attributes, in lower case, of feeds that occur several times.
    repeated: HashMap<usize, (HashSet<String>, HashSet<String>)>,
    /// The number of lines before a byte: counted incrementally, because there may be many refusals.
    lines: (usize, usize),
}

impl List {
    fn open(
        &mut self,
        tag: &BytesStart<'_>,
        here: Place<'_>,
        refuse: &mut impl FnMut(Refused),
    ) -> Result<(), OpmlError> {
        let name = tag.local_name();
        let name = name.as_ref();
        if !self.is_opml && !name.eq_ignore_ascii_case("opml") {
            return Err(OpmlError::NotOpml(format!("it begins with <{name}>")));
        }
        self.is_opml = true;
        // `opml` and `body` contain the outlines.
        if self.open.len() >= DEPTH_MAX + 2 {
            let (line, column) = here.line_and_column();
            return Err(OpmlError::TooDeep { line, column });
        }
        self.declare(tag);
        let folder = if name.eq_ignore_ascii_case("outline") {
            self.outline(tag, here, refuse)?
        } else {
            None
        };
        self.open.push(folder);
        Ok(())
    }

    /// Records the namespaces that an element declares. Malformed attributes are reported where they are used.
    fn declare(&mut self, tag: &BytesStart<'_>) {
        for attribute in tag.html_attributes().with_checks(false).flatten() {
            if let Some(prefix) = attribute.key.0.strip_prefix("xmlns:") {
                let value = html_escape::decode_html_entities(&attribute.value);
                self.namespaces
                    .insert(prefix.to_owned(), bounded(&line(value.trim())));
            }
        }
    }

    /// Adds the subscription of an outline; returns the folder's name if it is a folder.
    fn outline(
        &mut self,
        tag: &BytesStart<'_>,
        here: Place<'_>,
        refuse: &mut impl FnMut(Refused),
    ) -> Result<Option<String>, OpmlError> {
        let says = Attributes::of(tag).map_err(|e| here.broken(e))?;
        let name = says.name("text").or_else(|| says.name("title"));
        let Some(written) = says.feed_url() else {
            return Ok(name.map(|n| n.replace('/', "-")));
        };
        self.feeds += 1;
        if self.feeds > FEEDS_MAX {
            let (line, column) = here.line_and_column();
            return Err(OpmlError::TooMany { line, column });
        }
        let title = name.filter(|n| n != written);
        match web_url::part(&without_feed_scheme(written)) {
            Ok((url, auth)) => self.subscribe(Subscription {
                title: title.filter(|t| t != url.as_str()),
                site: says.raw("htmlurl").and_then(|u| WebUrl::parse(u).ok()),
                folder: self.folder(),
                tags: tags(says.raw("category").unwrap_or_default()),
                others: says.others(&self.namespaces),
                url,
                auth,
            }),
            Err(why) => refuse(Refused {
                line: self.line_of(here),
                title,
                why,
            }),
        }
        Ok(None)
    }

    fn folder(&self) -> Option<String> {
        let names: Vec<&str> = self.open.iter().filter_map(Option::as_deref).collect();
        (!names.is_empty()).then(|| bounded(&names.join("/")))
    }

    fn line_of(&mut self, here: Place<'_>) -> usize {
        let (ended, from) = self.lines;
        let to = usize::try_from(here.at).unwrap_or(from);
        let between = here.text.get(from..to).unwrap_or_default();
        self.lines = (ended + between.matches('\n').count(), to);
        self.lines.0 + 1
    }

    /// Adds a subscription, or merges this outline into an existing one: a second folder becomes a tag.
    fn subscribe(&mut self, new: Subscription) {
        let at = self.places.get(new.url.as_str()).copied();
        let Some((at, known)) = at.and_then(|at| Some((at, self.found.get_mut(at)?))) else {
            self.places.insert(new.url.to_string(), self.found.len());
            self.found.push(new);
            return;
        };
        let (tags, others) = self.repeated.entry(at).or_insert_with(|| {
            let names = known
                .others
                .iter()
                .map(|(name, _)| name.to_ascii_lowercase());
            (known.tags.iter().cloned().collect(), names.collect())
        });
        let other = new
            .folder
            .clone()
            .filter(|f| known.folder.as_ref() != Some(f));
        if known.folder.is_none() {
            known.folder = new.folder;
        } else if let Some(folder) = other {
            push_new(&mut known.tags, tags, folder);
        }
        for tag in new.tags {
            push_new(&mut known.tags, tags, tag);
        }
        for (name, value) in new.others {
            if others.insert(name.to_ascii_lowercase()) {
                known.others.push((name, value));
            }
        }
        known.title = known.title.take().or(new.title);
        known.site = known.site.take().or(new.site);
        known.auth = known.auth.take().or(new.auth);
    }
}

/// The attributes of an outline: names as written and in lower case, references resolved.
struct Attributes(Vec<(String, String, String)>);

impl Attributes {
    fn of(tag: &BytesStart<'_>) -> Result<Self, AttrError> {
        let mut all = Vec::new();
        for attribute in tag.html_attributes().with_checks(false) {
            let attribute = attribute?;
            let name = attribute.key.local_name().as_ref().to_ascii_lowercase();
            let value = html_escape::decode_html_entities(&attribute.value);
            let written = attribute.key.0.to_owned();
            all.push((written, name, value.trim().to_owned()));
        }
        Ok(Self(all))
    }

    fn raw(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(_, n, v)| n == name && !v.is_empty());
        found.next().map(|(.., v)| v.as_str())
    }

    /// Attributes that other readers keep in their lists. Names with a namespace include its declaration, which is elsewhere in
    /// the list; without a declaration they are meaningless.
    fn others(&self, namespaces: &HashMap<String, String>) -> Vec<(String, String)> {
        let mut others: Vec<(String, String)> = Vec::new();
        let mut declared: Vec<(String, String)> = Vec::new();
        let (mut names, mut prefixes) = (HashSet::new(), HashSet::new());
        for (written, name, value) in &self.0 {
            if names.contains(&written.to_ascii_lowercase()) {
                continue;
            }
            match written.split_once(':') {
                Some((prefix, local)) => {
                    let Some(meaning) = namespaces.get(prefix).filter(|m| !m.is_empty()) else {
                        continue;
                    };
                    if !is_xml_name(prefix) || !is_xml_name(local) {
                        continue;
                    }
                    if prefixes.insert(prefix) {
                        declared.push((format!("xmlns:{prefix}"), meaning.clone()));
                    }
                }
                None if OURS.contains(&name.as_str()) || !is_xml_name(written) => continue,
                None => {}
            }
            names.insert(written.to_ascii_lowercase());
            others.push((written.clone(), bounded(&line(value))));
        }
        others.append(&mut declared);
        others
    }

    /// One line, bounded; `None` if it is empty.
    fn name(&self, name: &str) -> Option<String> {
        let text = bounded(&line(self.raw(name)?));
        (!text.is_empty()).then_some(text)
    }

    /// The URL of the subscription. Some readers write `url` for `xmlUrl`.
    fn feed_url(&self) -> Option<&str> {
        let kind = self.raw("type").unwrap_or_default();
        let is_feed = ["rss", "atom", "feed"]
            .iter()
            .any(|k| kind.eq_ignore_ascii_case(k));
        let url = self.raw("url").filter(|_| is_feed);
        self.raw("xmlurl").or(url)
    }
}

/// A name that needs no declaration, in ASCII (XML 1.0 section 2.3).
fn is_xml_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

/// `feed://host/…` and `feed:https://…`, which browsers used to accept.
fn without_feed_scheme(url: &str) -> Cow<'_, str> {
    let prefix = url.get(..5).unwrap_or_default();
    if !prefix.eq_ignore_ascii_case("feed:") {
        return Cow::Borrowed(url);
    }
    let rest = url.get(5..).unwrap_or_default();
    let target = rest.trim_start_matches('/');
    if target.contains("://") {
        Cow::Borrowed(target)
    } else {
        Cow::Owned(format!("http://{target}"))
    }
}

/// OPML 2.0: category strings separated by commas; one that begins with a slash is a path.
fn tags(category: &str) -> Vec<String> {
    let (mut tags, mut known) = (Vec::new(), HashSet::new());
    for tag in category.split(',') {
        let tag = bounded(line(tag).trim_start_matches('/'));
        if !tag.is_empty() {
            push_new(&mut tags, &mut known, tag);
        }
    }
    tags
}

fn push_new(list: &mut Vec<String>, known: &mut HashSet<String>, tag: String) {
    if known.insert(tag.clone()) {
        list.push(tag);
    }
}

fn bounded(text: &str) -> String {
    text.chars().take(NAME_CHARS_MAX).collect()
}
