//! Makes a draft from an entry of a document: one identity, a clean body, and metadata from its text (byline, agency,
//! standfirst). Never overrides fields of the feed, and never invents a date.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::boilerplate::Boilerplate;
use super::page::Page;
use super::{agency, boilerplate, byline, identity, links};
use crate::model::{Draft, ParsedEntry, ParsedFeed, Person, Time};
use crate::text::blocks::Block;
use crate::text::body::{Bodies, Body};
use crate::text::fold::fold;
use crate::text::language::Votes;
use crate::text::{dates, language, plain, settle};

/// Maximum length of a summary, in characters.
pub const SUMMARY_CHARS_MAX: usize = 400;
/// Maximum length of a headline made from the text, in characters.
const TITLE_CHARS_MAX: usize = 100;
/// In how many articles a paragraph must occur to be boilerplate (design.md).
pub const RECURRING: usize = 3;
/// And in one of this many articles.
pub const ONE_IN: usize = 3;
/// The number of paragraphs from the top that may be headline, standfirst and byline.
const HEAD_PARAGRAPHS: usize = 4;

/// What is known about a feed besides the document.
#[derive(Debug)]
pub struct Context<'a> {
    /// The feed's known boilerplate.
    pub boilerplate: &'a Boilerplate,
    /// The languages of its articles; `None` if they are not known yet.
    pub votes: Option<&'a Votes>,
}

/// A document's drafts, and the paragraphs of each from which boilerplate is learned.
#[derive(Debug, Default)]
pub struct Drafted {
    /// In document order, each key once.
    pub drafts: Vec<Draft>,
    /// The digests of the paragraphs of each draft.
    pub paragraphs: Vec<Vec<u64>>,
    /// The languages of the feed's articles, including these.
    pub votes: Votes,
}

/// An entry of a document.
#[derive(Debug)]
pub struct Entry<'e> {
    /// Its key.
    pub key: String,
    /// The parsed entry.
    pub entry: &'e ParsedEntry,
    /// Its bodies, if they were already read; otherwise those of the entry are read.
    pub bodies: Option<Bodies>,
    /// Whether it is evidence about the feed. A known article was counted when it was new.
    pub counts: bool,
    /// Whether it is evidence about the feed's language: an article that is edited again and again counts once.
    pub votes: bool,
}

/// Makes the drafts of a whole document; `boilerplate` is what is known of this feed. Of entries with one key the first is
/// taken.
#[must_use]
pub fn drafts(feed: &ParsedFeed, boilerplate: &Boilerplate) -> Drafted {
    let context = Context {
        boilerplate,
        votes: None,
    };
    let mut taken = HashSet::new();
    let entries = identity::keys(&feed.entries)
        .into_iter()
        .zip(&feed.entries)
        .filter(|(key, _)| taken.insert(key.clone()))
        .map(|(key, entry)| Entry {
            key,
            entry,
            bodies: None,
            counts: true,
            votes: true,
        });
    drafts_of(entries.collect(), feed.language.as_deref(), 0, &context)
}

/// Makes the drafts of some entries of a document in `language`; `others` is the number of the remaining entries. A draft
/// depends on its entry, on the context, on the entries that count as evidence, and on their number.
#[must_use]
pub fn drafts_of(
    entries: Vec<Entry<'_>>,
    language: Option<&str>,
    others: usize,
    context: &Context<'_>,
) -> Drafted {
    let read = entries.into_iter().map(|mut e| {
        let body = EntryBody::of(e.entry, e.bodies.take());
        (e, body)
    });
    let bodies: Vec<(Entry<'_>, EntryBody)> = read.collect();
    let counted = || bodies.iter().filter(|(e, _)| e.counts);
    let others = others + bodies.len() - counted().count();
    let recurring = recurring(
        others,
        counted().map(|(e, body)| (e.entry.title.as_deref().unwrap_or_default(), body)),
    );
    let boilerplate = context.boilerplate.with(recurring);
    let mut out = Drafted {
        votes: context.votes.cloned().unwrap_or_default(),
        ..Drafted::default()
    };
    let mut about = Vec::with_capacity(bodies.len());
    for (e, body) in bodies {
        about.push((e.entry.language.as_deref().or(language), e.votes));
        out.paragraphs.push(body.paragraphs.clone());
        out.drafts.push(draft(e.entry, e.key, body, &boilerplate));
    }
    let voters = out.drafts.iter().zip(&about);
    let voters = voters.filter(|(_, (_, votes))| *votes);
    out.votes.add(voters.map(|(draft, _)| said(draft)));
    let prior = language::Prior::of(&out.votes);
    for (draft, (declared, _)) in out.drafts.iter_mut().zip(about) {
        draft.language = prior.language(declared, &said(draft));
    }
    out
}

/// Replaces the bodies of articles by those read from their pages. The headline and the fields of the feed stay. A page
/// whose text is not longer than the feed's changes nothing.
pub fn take_pages(drafted: &mut Drafted, pages: Vec<(usize, Page)>, boilerplate: &Boilerplate) {
    let bodies: Vec<(usize, Page, EntryBody)> = pages
        .into_iter()
        .filter_map(|(at, mut page)| {
            let entry = ParsedEntry {
                title: Some(drafted.drafts.get(at)?.title.clone()),
                content_html: Some(std::mem::take(&mut page.html)),
                ..ParsedEntry::default()
            };
            let body = EntryBody::of(&entry, None);
            Some((at, page, body))
        })
        .collect();
    let known = boilerplate.with(recurring(
        0,
        bodies
            .iter()
            .filter_map(|(at, _, body)| Some((drafted.drafts.get(*at)?.title.as_str(), body))),
    ));
    for (at, page, body) in bodies {
        let Some(draft) = drafted.drafts.get_mut(at) else {
            continue;
        };
        let text = boilerplate::text_without(&body.body, &known).into_owned();
        if text.chars().count() <= draft.content_text.chars().count() {
            continue;
        }
        if let Some(paragraphs) = drafted.paragraphs.get_mut(at) {
            paragraphs.clone_from(&body.paragraphs);
        }
        take_page(draft, page, body, text);
    }
}

fn take_page(draft: &mut Draft, page: Page, body: EntryBody, text: String) {
    if draft.authors.is_empty() {
        let names = page.authors.into_iter().chain(body.author);
        draft.authors = names
            .map(|name| Person {
                name: Some(name),
                ..Person::default()
            })
            .collect();
    }
    if draft.published.is_none() && draft.updated.is_none() {
        draft.published = page.published.or(body.date);
    }
    if draft.summary.is_empty() {
        draft.summary = summary_of(&text);
    }
    for agency in body.agencies {
        if !draft.agencies.contains(&agency) {
            draft.agencies.push(agency);
        }
    }
    draft.agencies = agencies(&draft.authors, std::mem::take(&mut draft.agencies));
    let declared = draft.language.take().or(page.language);
    draft.language = language::Prior::default().language(declared.as_deref(), &text);
    draft.is_boilerplate = false;
    draft.content_html = body.body.into_html();
    draft.content_text = text;
}

/// Paragraphs that occur in several articles of this document, and in a third of all, the `others` included. An article that
/// is listed twice counts once. The paragraphs of the others were learned when they were new.
fn recurring<'a>(
    others: usize,
    bodies: impl Iterator<Item = (&'a str, &'a EntryBody)>,
) -> HashSet<u64> {
    let mut titles: HashMap<u64, HashSet<u64>> = HashMap::new();
    let mut articles = HashSet::new();
    for (title, body) in bodies {
        let title = boilerplate::digest(title);
        articles.insert(title);
        for paragraph in &body.paragraphs {
            titles.entry(*paragraph).or_default().insert(title);
        }
    }
    let enough = RECURRING.max((others + articles.len()).div_ceil(ONE_IN));
    titles
        .into_iter()
        .filter(|(_, titles)| titles.len() >= enough)
        .map(|(paragraph, _)| paragraph)
        .collect()
}

/// An entry's body, read once, and the metadata in its first and last paragraphs.
struct EntryBody {
    body: Body,
    paragraphs: Vec<u64>,
    standfirst: Option<String>,
    author: Option<String>,
    date: Option<Time>,
    agencies: Vec<String>,
    /// The feed's own summary, if the body is another text.
    summary: Option<Body>,
}

impl EntryBody {
    fn of(entry: &ParsedEntry, bodies: Option<Bodies>) -> Self {
        let read = |html: &Option<String>| html.clone().map(Body::read);
        let Bodies { content, summary } = bodies.unwrap_or_else(|| Bodies {
            content: read(&entry.content_html),
            summary: read(&entry.summary_html),
        });
        let (body, summary) = match content {
            Some(content) => (content, summary),
            None => (summary.unwrap_or_default(), None),
        };
        let body = body.with_paragraphs();
        let all = body.blocks();
        let texts: Vec<&str> = all
            .iter()
            .map(|b| &*b.text)
            .filter(|t| !t.is_empty())
            .collect();
        let head = Head::of(all, entry.title.as_deref().unwrap_or_default());
        let agencies = if texts.is_empty() {
            agency::credited(&[body.text()])
        } else {
            agency::credited(&texts)
        };
        let mut paragraphs: Vec<u64> = all.iter().flat_map(boilerplate::digests).collect();
        paragraphs.sort_unstable();
        paragraphs.dedup();
        Self {
            body: body.without(&head.dropped),
            paragraphs,
            standfirst: head.standfirst,
            author: head.author,
            date: head.date,
            agencies,
            summary,
        }
    }
}

/// What is above the text: the headline repeated, a standfirst, a byline.
#[derive(Default)]
struct Head {
    /// The places of its blocks.
    dropped: Vec<usize>,
    standfirst: Option<String>,
    author: Option<String>,
    date: Option<Time>,
}

impl Head {
    fn of(all: &[Block], title: &str) -> Self {
        let mut head = Self::default();
        let filled = all.iter().enumerate().filter(|(_, b)| !b.text.is_empty());
        let mut rest = filled.peekable();
        let folded = fold(title);
        let is_title = |text: &str| !folded.trim().is_empty() && fold(text) == folded;
        if let Some((at, _)) = rest.next_if(|(_, b)| is_title(&b.text)) {
            head.dropped.push(at);
        }
        let rest: Vec<(usize, &Block)> = rest.collect();
        let top = rest.get(..HEAD_PARAGRAPHS).unwrap_or(&rest);
        let found = top.iter().enumerate().find_map(|(at, (_, b))| {
            let line = byline::read(&b.text, |d| dates::read_bare(d).is_some())?;
            Some((at, line))
        });
        let Some((at, line)) = found else { return head };
        let above = top.get(..at).unwrap_or_default();
        let below = rest.get(at + 1..).unwrap_or_default();
        // With more than a standfirst above it, or no text below it, it is a line of the text that looks like a byline.
        if above.len() > 2 || length(above) > length(below) {
            return head;
        }
        let standfirst: Vec<&str> = above.iter().map(|(_, b)| &*b.text).collect();
        head.standfirst = (!standfirst.is_empty()).then(|| plain::line(&standfirst.join(" ")));
        head.author = Some(settle::line(line.name));
        head.date = dates::read_bare(line.date);
        head.dropped
            .extend(top.iter().take(at + 1).map(|(n, _)| *n));
        head
    }
}

/// Bytes of text.
fn length(blocks: &[(usize, &Block)]) -> usize {
    blocks.iter().map(|(_, b)| b.text.len()).sum()
}

/// The text that shows the language of a draft.
fn said(draft: &Draft) -> Cow<'_, str> {
    language::evidence(&draft.title, &draft.content_text)
}

fn draft(entry: &ParsedEntry, key: String, body: EntryBody, known: &Boilerplate) -> Draft {
    let content_text = boilerplate::text_without(&body.body, known).into_owned();
    let is_boilerplate = known.knows(&content_text);
    let title = match entry.title.as_deref().filter(|t| !t.is_empty()) {
        Some(title) => title.to_owned(),
        None => plain::shortened(&settle::line(&content_text), TITLE_CHARS_MAX),
    };
    let mut authors = entry.authors.clone();
    if authors.is_empty() {
        authors.extend(body.author.map(|name| Person {
            name: Some(name),
            ..Person::default()
        }));
    }
    Draft {
        digest: identity::content_digest(entry),
        guid: entry.id.clone(),
        key,
        canonical_url: entry.url.as_ref().map(links::canonicalize),
        url: entry.url.clone(),
        summary: summary(body.summary.as_ref(), body.standfirst, &content_text, known),
        language: None,
        agencies: agencies(&authors, body.agencies),
        published: entry.published.or(body.date),
        updated: entry.updated,
        title,
        is_boilerplate,
        content_html: body.body.into_html(),
        content_text,
        authors,
        categories: entry.categories.clone(),
        enclosures: entry.enclosures.clone(),
        image: entry.image.clone(),
        comments_url: entry.comments_url.clone(),
        rights: entry.rights.clone(),
        source: entry.source.clone(),
    }
}

/// The feed's own summary if there is a body too; else the standfirst; else the first paragraph.
fn summary(
    own: Option<&Body>,
    standfirst: Option<String>,
    text: &str,
    known: &Boilerplate,
) -> String {
    let own = own
        .map(|body| plain::line(&boilerplate::text_without(body, known)))
        .filter(|s| !s.is_empty());
    match own.or(standfirst) {
        Some(summary) => plain::shortened(&settle::line(&summary), SUMMARY_CHARS_MAX),
        None => summary_of(text),
    }
}

/// The first paragraph of a text.
fn summary_of(text: &str) -> String {
    let first = settle::line(text.split("\n\n").next().unwrap_or_default());
    plain::shortened(&first, SUMMARY_CHARS_MAX)
}

/// The agencies that the text credits, and those named as authors.
fn agencies(authors: &[Person], mut found: Vec<String>) -> Vec<String> {
    for name in authors
        .iter()
        .filter_map(|a| agency::named(a.name.as_deref()?))
    {
        if !found.iter().any(|f| f == name) {
            found.push(name.to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests;
