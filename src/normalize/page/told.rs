//! What a page tells about its article beside the text: headline, authors, date, language. JSON-LD first, then `meta`,
//! then marked elements, then patterns. Never invents: what is not there is none.

use dom_query::{Document, NodeRef};
use std::collections::HashMap;

use super::super::{byline, plain};
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
    /// The name of the site.
    pub(super) site: Option<String>,
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
    let site = said
        .publisher
        .clone()
        .or_else(|| seen.meta(&["og:site_name", "application-name"]));
    Told {
        title: title(&said, &seen, site.as_deref()),
        authors: authors(&said, &seen, site.as_deref()),
        published: published(&said, &seen, url, date),
        language: language(&said, &seen),
        site,
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
    bylines: Vec<(u8, String)>,
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
        seen.bylines.sort_by_key(|(rank, _)| *rank);
        seen
    }

    /// Notes an element that is marked as a date or a byline.
    fn marked(&mut self, node: &NodeRef<'_>, element: &dom_query::Element) {
        let attribute = |name: &str| element.attr(name);
        let has = |name: &str, value: &str| {
            attribute(name).is_some_and(|v| v.split_ascii_whitespace().any(|w| w == value))
        };
        let words = Words::of(element);
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
                self.bylines.extend(short(node).map(|t| (rank, t)));
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
    "published", "publish date", "publishdate", "publication date", "pubdate", "entry date",
    "post date", "postdate", "article date", "posted on", "date published", "created",
];
const DATED: &[&str] = &[
    "date", "dateline", "timestamp", "posted", "datetime", "article time", "datum", "fecha", "data",
];
const MODIFIED: &[&str] = &["updated", "modified", "update", "comment", "related"];
const AUTHOR_NAME: &[&str] = &[
    "author name", "authorname", "byline name", "byline author", "author fn", "author link",
    "article author", "post author", "entry author", "author title", "vcard author", "fn",
];
const BYLINE: &[&str] = &["byline", "bylines", "by line", "writtenby", "written by"];
const AUTHOR: &[&str] = &["author", "authors", "autor", "auteur", "autore", "forfatter"];

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
fn title(said: &Said, seen: &Seen, site: Option<&str>) -> Option<String> {
    let og = seen.meta(&["og:title", "twitter:title", "dc.title", "sailthru.title"]);
    let told: Vec<String> = [said.headline.clone(), og, seen.title.clone()]
        .into_iter()
        .flatten()
        .map(|t| plain::line(&html_escape::decode_html_entities(&t)))
        .collect();
    let folded: Vec<String> = told.iter().map(|t| fold(t)).collect();
    let on_page = seen.headlines.iter().find(|h| {
        let h = fold(h);
        h.split_whitespace().count() > 1 && folded.iter().any(|t| t.contains(&h) || h == *t)
    });
    if let Some(headline) = on_page {
        return Some(headline.clone());
    }
    told.first()
        .map(|t| without_site(t, site).to_owned())
        .or_else(|| seen.headlines.first().cloned())
}

/// A title without the name of its site behind or before it.
fn without_site<'t>(title: &'t str, site: Option<&str>) -> &'t str {
    let is_site = |part: &str| {
        site.is_some_and(|s| {
            let (part, site) = (fold(part), fold(s));
            part.trim() == site.trim()
        })
    };
    for mark in [" | ", " - ", " – ", " — ", " » ", " « ", " :: ", " · ", ": "] {
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
    // Sites that do not say their name set it behind a bar all the same.
    match title.rsplit_once(" | ") {
        Some((head, tail)) if site.is_none() && tail.chars().count() < head.chars().count() => {
            head.trim()
        }
        _ => title,
    }
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
    let best = seen.bylines.iter().map(|(rank, _)| *rank);
    for rank in best {
        let found: Vec<String> = seen
            .bylines
            .iter()
            .filter(|(r, _)| *r == rank)
            .flat_map(|(_, text)| named(text))
            .collect();
        if !found.is_empty() {
            return once(found);
        }
    }
    Vec::new()
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
    "by", "von", "par", "por", "di", "door", "av", "af", "autor", "author", "written by",
    "posted by", "published by", "reported by", "text", "words by", "story by", "автор", "yazan",
    "geschrieben von", "publicado por", "escrito por", "scritto da", "écrit par", "publié par",
];
/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 70;

/// The names that a byline holds.
fn names(text: &str, site: Option<&str>) -> Vec<String> {
    let text = plain::line(&html_escape::decode_html_entities(text));
    let text = without_by(&text);
    let date = |_: &str| false;
    let text = byline::read(text, date).map_or(text, |b| b.name);
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
            lower.strip_prefix(**by).is_some_and(|rest| {
                rest.starts_with([' ', ':']) 
            })
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
        && !name.contains("://")
        && !name.contains("www.")
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
            .then(|| date(&format!("{year}-{month}-{day}")).or_else(|| date(&format!("{day} {month} {year}"))))
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
