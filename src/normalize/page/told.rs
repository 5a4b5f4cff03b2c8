//! What a page tells about its article beside the text: headline, authors, date, language. JSON-LD first, then `meta`,
//! then marked elements, then patterns. Never invents: what is not there is none.

use dom_query::{Document, NodeId, NodeRef};
use std::collections::HashMap;

use super::super::plain;
use super::json_ld::{self, Said};
use super::words::Words;
use crate::model::{Time, WebUrl};
use crate::query::fold::fold;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) title: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) published: Option<Time>,
    pub(super) language: Option<String>,
}

/// Reads dates as people and machines write them; none if other words stand before.
pub(super) type ReadDate<'d> = &'d dyn Fn(&str) -> Option<Time>;

/// Most headlines looked at.
const HEADLINES_MAX: usize = 8;
/// Longest byline and longest line with a date, in characters.
const LINE_CHARS_MAX: usize = 160;
/// Most elements looked at for patterns.
const MARKED_MAX: usize = 64;

/// `meta` names of the first publication, best first.
const DATES: &[&str] = &[
    "article:published_time",
    "article:published",
    "og:published_time",
    "datepublished",
    "date_published",
    "parsely-pub-date",
    "sailthru.date",
    "citation_publication_date",
    "citation_date",
    "dc.date.issued",
    "dcterms.created",
    "dcterms.issued",
    "dc.date.created",
    "dc.date",
    "dcterms.date",
    "publish-date",
    "publish_date",
    "published-date",
    "publication_date",
    "pubdate",
    "article.published",
    "article_date_original",
    "originalpublicationdate",
    "cxenseparse:recs:publishtime",
    "rnews:datepublished",
    "timestamp",
    "ptime",
    "displaydate",
    "date",
];
/// `meta` names of authors.
const AUTHORS: &[&str] = &[
    "author",
    "article:author",
    "article:author_name",
    "parsely-author",
    "sailthru.author",
    "dc.creator",
    "dcterms.creator",
    "dc.creator.personalname",
    "citation_author",
    "byl",
    "cxenseparse:author",
    "rnews:author",
];

/// Reads a page.
pub(super) fn read(page: &Document, blocks: &[String], url: &WebUrl, date: ReadDate<'_>) -> Told {
    let said = json_ld::read(blocks);
    let seen = Seen::of(page);
    let date = |text: &str| is_whole(text).then(|| date(text)).flatten();
    let date: ReadDate<'_> = &date;
    let site = said
        .publisher
        .clone()
        .or_else(|| seen.meta(&["og:site_name", "application-name"]));
    let title = title(&said, &seen, site.as_deref(), url);
    let near = near(page, title.as_deref().unwrap_or_default());
    let mut authors = authors(&said, &seen, site.as_deref());
    if authors.is_empty() {
        let line = near.iter().find(|line| without_by(line).len() < line.len());
        authors = line.map(|l| names(l, site.as_deref())).unwrap_or_default();
    }
    Told {
        published: published(&said, &seen, url, date)
            .or_else(|| near.iter().find_map(|line| within(line, date))),
        authors,
        language: language(&said, &seen),
        title,
    }
}

/// Lines of text before and after the headline that may say who and when.
const NEAR_BEFORE: usize = 3;
const NEAR_AFTER: usize = 10;

/// The short lines around the headline.
fn near(page: &Document, title: &str) -> Vec<String> {
    let Some(body) = page.body() else {
        return Vec::new();
    };
    let title = fold(title);
    let lines: Vec<String> = body
        .descendants_it()
        .filter(NodeRef::is_text)
        .map(|text| plain::line(&text.text()))
        .filter(|line| !line.is_empty())
        .collect();
    let Some(at) = lines
        .iter()
        .position(|line| title.len() > 2 && fold(line) == title)
    else {
        return Vec::new();
    };
    let (before, after) = lines.split_at(at);
    let after = after.iter().skip(1).take(NEAR_AFTER);
    after
        .chain(before.iter().rev().take(NEAR_BEFORE))
        .filter(|line| line.chars().count() <= LINE_CHARS_MAX / 2)
        .cloned()
        .collect()
}

/// Whether a text holds a day, a month and a year: less names no date of an article.
fn is_whole(text: &str) -> bool {
    let numbers: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|n| !n.is_empty())
        .collect();
    let has_month = text
        .split(|c: char| !c.is_alphabetic())
        .any(|word| word.chars().count() >= 3);
    match numbers.as_slice() {
        [one] => one.len() >= 8,
        [_, _] => has_month || numbers.iter().any(|n| n.len() >= 8),
        _ => !numbers.is_empty(),
    }
}

/// What stands in the page, seen in one walk.
#[derive(Default)]
struct Seen {
    metas: HashMap<String, Vec<String>>,
    title: Option<String>,
    headlines: Vec<String>,
    language: Option<String>,
    /// Dates in marked elements, best first when sorted: rank and text.
    dates: Vec<(u8, String)>,
    /// The same of bylines.
    bylines: Vec<Marked>,
}

/// An element that is marked as a byline.
struct Marked {
    /// 0 is surest.
    rank: u8,
    text: String,
    parent: Option<NodeId>,
}

impl Seen {
    fn of(page: &Document) -> Self {
        let mut seen = Self::default();
        for node in page.root().descendants_it() {
            let Some(element) = node.element_ref() else {
                continue;
            };
            let attribute = |name: &str| element.attr(name).map(|v| v.trim().to_owned());
            match &*element.name.local {
                "html" => seen.language = attribute("lang").or_else(|| attribute("xml:lang")),
                "meta" => {
                    let names = ["property", "name", "itemprop"];
                    let name = names.into_iter().find_map(attribute);
                    if let (Some(name), Some(content)) = (name, attribute("content"))
                        && !content.is_empty()
                    {
                        let metas = seen.metas.entry(name.to_ascii_lowercase()).or_default();
                        metas.push(content);
                    }
                }
                "title" if seen.title.is_none() => seen.title = line(&node),
                "h1" if seen.headlines.len() < HEADLINES_MAX => seen.headlines.extend(line(&node)),
                _ => seen.marked(&node, &element),
            }
        }
        seen.dates.sort_by_key(|(rank, _)| *rank);
        seen.bylines.sort_by_key(|b| b.rank);
        seen
    }

    /// Notes an element that is marked as a date or a byline.
    fn marked(&mut self, node: &NodeRef<'_>, element: &dom_query::Element) {
        let attribute = |name: &str| element.attr(name);
        let has = |name: &str, value: &str| {
            attribute(name).is_some_and(|v| v.split_ascii_whitespace().any(|w| w == value))
        };
        let words = Words::of(element);
        if words.any(ELSEWHERE) {
            return;
        }
        let is_time = &*element.name.local == "time";
        if self.dates.len() < MARKED_MAX {
            let rank = if has("itemprop", "datePublished") {
                Some(0)
            } else if is_time && (attribute("pubdate").is_some() || words.any(PUBLISHED)) {
                Some(1)
            } else if words.any(PUBLISHED) {
                Some(2)
            } else if is_time && !words.any(MODIFIED) {
                Some(3)
            } else if words.any(DATED) && !words.any(MODIFIED) {
                Some(4)
            } else {
                None
            };
            if let Some(rank) = rank {
                let told = ["datetime", "content", "title"]
                    .into_iter()
                    .find_map(attribute)
                    .map(|t| t.to_string())
                    .or_else(|| short(node));
                self.dates.extend(told.map(|t| (rank, t)));
            }
        }
        if self.bylines.len() < MARKED_MAX {
            let rank = if has("itemprop", "author") || has("rel", "author") {
                Some(0)
            } else if words.any(AUTHOR_NAME) {
                Some(1)
            } else if words.any(BYLINE) {
                Some(2)
            } else if words.any(AUTHOR) {
                Some(3)
            } else {
                None
            };
            if let Some(rank) = rank {
                self.bylines.extend(short(node).map(|text| Marked {
                    rank,
                    text,
                    parent: node.parent().map(|p| p.id),
                }));
            }
        }
    }

    fn meta(&self, names: &[&str]) -> Option<String> {
        self.all(names).next().map(str::to_owned)
    }

    /// What stands under these names, in the order of the names.
    fn all<'s>(&'s self, names: &'s [&str]) -> impl Iterator<Item = &'s str> {
        names
            .iter()
            .filter_map(|n| self.metas.get(*n))
            .flatten()
            .map(String::as_str)
    }
}

const PUBLISHED: &[&str] = &[
    "published",
    "publish date",
    "publishdate",
    "publication date",
    "pubdate",
    "entry date",
    "post date",
    "postdate",
    "article date",
    "posted on",
    "date published",
    "created",
];
const ELSEWHERE: &[&str] = &["comment", "comments", "related", "footer", "copyright"];
const DATED: &[&str] = &[
    "date",
    "dateline",
    "timestamp",
    "posted",
    "datetime",
    "article time",
    "datum",
    "fecha",
    "data",
];
const MODIFIED: &[&str] = &["updated", "modified", "update"];
const AUTHOR_NAME: &[&str] = &[
    "author name",
    "authorname",
    "byline name",
    "byline author",
    "author fn",
    "author link",
    "article author",
    "post author",
    "entry author",
    "author title",
    "vcard author",
    "fn",
];
const BYLINE: &[&str] = &["byline", "bylines", "by line", "writtenby", "written by"];
const AUTHOR: &[&str] = &[
    "author",
    "authors",
    "autor",
    "auteur",
    "autore",
    "forfatter",
];

/// The text of an element as a line, unless it has none.
fn line(node: &NodeRef<'_>) -> Option<String> {
    Some(plain::line(&node.text())).filter(|t| !t.is_empty())
}

/// The same, unless it is too long for a date or a byline.
fn short(node: &NodeRef<'_>) -> Option<String> {
    let mut chars = 0;
    let mut text = String::new();
    for part in node.descendants_it().filter(NodeRef::is_text) {
        let part = part.text();
        chars += part.trim().chars().count();
        if chars > LINE_CHARS_MAX {
            return None;
        }
        text.push_str(&part);
        text.push(' ');
    }
    Some(plain::line(&text)).filter(|t| !t.is_empty())
}

/// The headline that is on the page and in its data; else what the data say.
fn title(said: &Said, seen: &Seen, site: Option<&str>, url: &WebUrl) -> Option<String> {
    let og = seen.meta(&["og:title", "twitter:title", "dc.title", "sailthru.title"]);
    let told: Vec<String> = [said.headline.clone(), og, seen.title.clone()]
        .into_iter()
        .flatten()
        .map(|t| plain::line(&html_escape::decode_html_entities(&t)))
        .filter(|t| !t.is_empty())
        .collect();
    let folded: Vec<String> = told.iter().map(|t| fold(t)).collect();
    let is_site = |text: &str| is_site(text, site, url);
    let on_page = seen.headlines.iter().find(|h| {
        let own = fold(h);
        let is_told = folded.iter().any(|t| {
            let is_most = own.len() * 2 > t.len();
            t.starts_with(&own) || own.starts_with(t.as_str()) || is_most && t.contains(&own)
        });
        is_told && own.split_whitespace().count() > 1 && !is_site(h)
    });
    on_page
        .cloned()
        .or_else(|| told.first().map(|t| without_site(t, is_site).to_owned()))
        .or_else(|| seen.headlines.first().cloned())
}

/// Whether a text is the name of the site, as it says or as its host has it.
fn is_site(text: &str, site: Option<&str>, url: &WebUrl) -> bool {
    let folded = fold(text);
    let words: String = folded.split_whitespace().collect();
    let in_host = url.host().split('.').any(|label| {
        let label: String = label.chars().filter(|c| c.is_alphanumeric()).collect();
        label.len() > 3 && label == words
    });
    in_host || site.is_some_and(|s| fold(s) == folded)
}

/// A title without the name of its site behind or before it.
fn without_site(title: &str, is_site: impl Fn(&str) -> bool) -> &str {
    for mark in [
        " | ", " - ", " – ", " — ", " » ", " « ", " :: ", " · ", ": ",
    ] {
        if let Some((head, tail)) = title.rsplit_once(mark)
            && is_site(tail)
        {
            return head.trim();
        }
        if let Some((head, tail)) = title.split_once(mark)
            && is_site(head)
        {
            return tail.trim();
        }
    }
    title
}

fn authors(said: &Said, seen: &Seen, site: Option<&str>) -> Vec<String> {
    let named = |text: &str| names(text, site);
    let from_data: Vec<String> = said.authors.iter().flat_map(|a| named(a)).collect();
    if !from_data.is_empty() {
        return once(from_data);
    }
    let metas: Vec<String> = seen.all(AUTHORS).flat_map(named).collect();
    if !metas.is_empty() {
        return once(metas);
    }
    // Several together are one byline; further ones belong to other pieces.
    let mut found = seen.bylines.iter().map(|b| (b, named(&b.text)));
    let Some((first, mut names)) = found.find(|(_, names)| !names.is_empty()) else {
        return Vec::new();
    };
    let together = found.filter(|(b, _)| b.rank == first.rank && b.parent == first.parent);
    names.extend(together.flat_map(|(_, names)| names));
    once(names)
}

fn once(names: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for name in names {
        if !kept.iter().any(|k| fold(k) == fold(&name)) {
            kept.push(name);
        }
    }
    kept
}

/// Words before names, in the languages of many papers.
const BY: &[&str] = &[
    "by",
    "von",
    "par",
    "por",
    "di",
    "door",
    "av",
    "af",
    "autor",
    "author",
    "written by",
    "veröffentlicht von",
    "posted by",
    "published by",
    "reported by",
    "text",
    "words by",
    "story by",
    "автор",
    "yazan",
    "geschrieben von",
    "publicado por",
    "escrito por",
    "scritto da",
    "écrit par",
    "publié par",
];
/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 70;

/// The names that a byline holds.
fn names(text: &str, site: Option<&str>) -> Vec<String> {
    let text = plain::line(&html_escape::decode_html_entities(text));
    if text.contains("://") {
        return Vec::new();
    }
    let text = without_by(&text);
    text.split([',', ';', '|', '•', '·', '/'])
        .flat_map(|part| part.split(" and "))
        .flat_map(|part| part.split(" & "))
        .flat_map(|part| part.split(" und "))
        .flat_map(|part| part.split(" et "))
        .map(|part| without_by(part.trim()).trim_matches([' ', ':', '-', '–', '—', '.', '@']))
        .filter(|name| is_name(name) && site.is_none_or(|s| fold(s) != fold(name)))
        .map(str::to_owned)
        .collect()
}

fn without_by(text: &str) -> &str {
    let lower = text.to_lowercase();
    BY.iter()
        .filter(|by| {
            lower
                .strip_prefix(**by)
                .is_some_and(|rest| rest.starts_with([' ', ':']))
        })
        .filter_map(|by| text.get(by.len()..))
        .map(|rest| rest.trim_start_matches([':', ' ']))
        .min_by_key(|rest| rest.len())
        .unwrap_or(text)
}

fn is_name(name: &str) -> bool {
    let chars = name.chars().count();
    (2..=NAME_CHARS_MAX).contains(&chars)
        && name.split_whitespace().count() <= 7
        && name.chars().any(char::is_alphabetic)
        && !name.contains(|c: char| c.is_ascii_digit() || "@?!:\"“”{}<>=#".contains(c))
        && !name.contains("www.")
        && !BY.contains(&name.to_lowercase().as_str())
}

/// The first publication: data, `meta`, marked elements, the URL.
fn published(said: &Said, seen: &Seen, url: &WebUrl, date: ReadDate<'_>) -> Option<Time> {
    said.published
        .as_deref()
        .and_then(date)
        .or_else(|| seen.all(DATES).find_map(date))
        .or_else(|| {
            let (sure, _) = seen.dates.iter().partition::<Vec<_>, _>(|(r, _)| *r <= 3);
            sure.into_iter().find_map(|(_, t)| within(t, date))
        })
        .or_else(|| of_url(url, date))
        .or_else(|| seen.dates.iter().find_map(|(_, t)| within(t, date)))
}

/// Most words of a date, and how many words may stand before it.
const DATE_WORDS_MAX: usize = 7;
const WORDS_BEFORE_MAX: usize = 8;

/// The first date in a line.
pub(super) fn within(line: &str, date: ReadDate<'_>) -> Option<Time> {
    if !line.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let words: Vec<&str> = line
        .split_whitespace()
        .map(|w| w.trim_matches(['|', '·', '•', '(', ')']))
        .filter(|w| !w.is_empty())
        .take(DATE_WORDS_MAX + WORDS_BEFORE_MAX)
        .collect();
    (0..words.len().min(WORDS_BEFORE_MAX)).find_map(|from| {
        (1..=DATE_WORDS_MAX).rev().find_map(|count| {
            let text = words.get(from..from + count)?.join(" ");
            date(text.trim_matches([',', ';', '.', ':', '-', '–']))
        })
    })
}

/// `/2030/01/05/`, `/2030-01-05-`, `/2030/jan/05/` in the path.
fn of_url(url: &WebUrl, date: ReadDate<'_>) -> Option<Time> {
    let path = url.as_url().path();
    let parts: Vec<&str> = path.split(['/', '-', '_']).collect();
    parts.windows(3).find_map(|w| {
        let [year, month, day] = w else { return None };
        let is_year = year.len() == 4 && (year.starts_with("19") || year.starts_with("20"));
        let is_day = matches!(day.len(), 1 | 2) && day.bytes().all(|b| b.is_ascii_digit());
        let is_month = matches!(month.len(), 1..=3);
        (is_year && is_day && is_month)
            .then(|| {
                date(&format!("{year}-{month}-{day}"))
                    .or_else(|| date(&format!("{day} {month} {year}")))
            })
            .flatten()
    })
}

fn language(said: &Said, seen: &Seen) -> Option<String> {
    let told = [
        seen.language.clone(),
        said.language.clone(),
        seen.meta(&["og:locale", "content-language", "language", "dc.language"]),
    ];
    told.into_iter()
        .flatten()
        .find_map(|tag| super::super::language::of(Some(&tag), ""))
}
