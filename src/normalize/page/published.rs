//! When the article of a page was first published: from its data, its `meta` elements, marked elements, the URL, or a line
//! near the headline. Never invents a date: day, month and year must be there.

use super::json_ld::ArticleData;
use super::markup_hints::MarkupHints;
use crate::model::{Time, WebUrl};
use crate::text::dates;

/// `meta` names of the first publication, best first.
const METAS: &[&str] = &[
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
/// Marks of elements up to this rank are surer than the URL.
const SURE_RANK: u8 = 3;
/// Maximum number of words in a date, and of words before it in a line.
const DATE_WORDS_MAX: usize = 7;
const WORDS_BEFORE_MAX: usize = 8;

/// The first publication.
pub(super) fn of(
    data: &ArticleData,
    hints: &MarkupHints,
    near: &[String],
    url: &WebUrl,
) -> Option<Time> {
    let marked = |sure: bool| {
        let mut marked = hints.dates.iter().filter(|d| (d.rank <= SURE_RANK) == sure);
        marked.find_map(|d| within(&d.text))
    };
    data.published
        .as_deref()
        .and_then(whole)
        .or_else(|| hints.metas_of(METAS).find_map(whole))
        .or_else(|| marked(true))
        .or_else(|| of_url(url))
        .or_else(|| marked(false))
        .or_else(|| near.iter().find_map(|line| within(line)))
}

/// The date that a text is, if it holds a day, a month and a year.
fn whole(text: &str) -> Option<Time> {
    let numbers: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|n| !n.is_empty())
        .collect();
    let has_month = text
        .split(|c: char| !c.is_alphabetic())
        .any(|word| word.chars().count() >= 3);
    let is_whole = match numbers.as_slice() {
        [] => false,
        [one] => one.len() >= 8,
        [_, _] => has_month || numbers.iter().any(|n| n.len() >= 8),
        _ => true,
    };
    is_whole.then(|| dates::read_bare(text)).flatten()
}

/// The first date in a line. A year of four digits is required, because numbers without one are scores.
pub(super) fn within(line: &str) -> Option<Time> {
    let has_year = line
        .split(|c: char| !c.is_ascii_digit())
        .any(|digits| matches!(digits.len(), 4 | 8));
    if !has_year {
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
            whole(text.trim_matches([',', ';', '.', ':', '-', '–']))
        })
    })
}

/// `/2030/01/05/`, `/2030-01-05-`, `/2030/jan/05/` in the path.
fn of_url(url: &WebUrl) -> Option<Time> {
    let parts: Vec<&str> = url.as_url().path().split(['/', '-', '_']).collect();
    parts.windows(3).find_map(|part| {
        let [year, month, day] = part else {
            return None;
        };
        let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let is_date = year.len() == 4
            && (year.starts_with("19") || year.starts_with("20"))
            && is_number(year)
            && matches!(month.len(), 1..=3)
            && matches!(day.len(), 1 | 2)
            && is_number(day);
        let numbers = || dates::read_bare(&format!("{year}-{month}-{day}"));
        let names = || dates::read_bare(&format!("{day} {month} {year}"));
        is_date.then(|| numbers().or_else(names)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader of `2030-01-05` and `5 jan 2030`.
    #[test]
    fn dates_are_found_in_lines_and_urls() {
        let there = dates::read_bare("2030-01-05");
        assert!(there.is_some());
        assert_eq!(within("Published on 2030-01-05 | The Paper"), there);
        assert_eq!(within("The Paper, 5 jan 2030"), there);
        assert_eq!(within("Harbours 14 11 6 15"), None);
        let url = |path: &str| WebUrl::parse(&format!("https://a.example{path}")).unwrap();
        assert_eq!(of_url(&url("/2030/01/05/tides")), there);
        assert_eq!(of_url(&url("/news/2030-01-05-tides")), there);
        assert_eq!(of_url(&url("/2030/jan/5/tides")), there);
        assert_eq!(of_url(&url("/2030/001.html")), None);
    }

    #[test]
    fn a_year_alone_is_no_date() {
        assert_eq!(whole("2030"), None);
        assert_eq!(whole("2030-01"), None);
        assert!(whole("20300105").is_some() && whole("5 January 2030").is_some());
    }
}
