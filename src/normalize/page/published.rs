//! When the article of a page was first published: from its data, its `meta` elements, marked elements, the URL, a line near
//! the headline. Never made up: a day, a month and a year must stand there.

use super::json_ld::Said;
use super::seen::Seen;
use crate::model::{Time, WebUrl};

/// Reads dates as people and machines write them; none if other words stand before.
pub(super) type ReadDate<'d> = &'d dyn Fn(&str) -> Option<Time>;

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
/// Most words of a date, and how many words may stand before it in a line.
const DATE_WORDS_MAX: usize = 7;
const WORDS_BEFORE_MAX: usize = 8;

/// The first publication.
pub(super) fn of(
    said: &Said,
    seen: &Seen,
    near: &[String],
    url: &WebUrl,
    date: ReadDate<'_>,
) -> Option<Time> {
    let marked = |sure: bool| {
        let mut marked = seen.dates.iter().filter(|d| (d.rank <= SURE_RANK) == sure);
        marked.find_map(|d| within(&d.text, date))
    };
    said.published
        .as_deref()
        .and_then(|text| whole(text, date))
        .or_else(|| seen.metas_of(METAS).find_map(|text| whole(text, date)))
        .or_else(|| marked(true))
        .or_else(|| of_url(url, date))
        .or_else(|| marked(false))
        .or_else(|| near.iter().find_map(|line| within(line, date)))
}

/// The date that a text is, if it holds a day, a month and a year.
fn whole(text: &str, date: ReadDate<'_>) -> Option<Time> {
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
    is_whole.then(|| date(text)).flatten()
}

/// The first date in a line; a year of four digits must be there, for numbers without one are scores.
pub(super) fn within(line: &str, date: ReadDate<'_>) -> Option<Time> {
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
            whole(text.trim_matches([',', ';', '.', ':', '-', '–']), date)
        })
    })
}

/// `/2030/01/05/`, `/2030-01-05-`, `/2030/jan/05/` in the path.
fn of_url(url: &WebUrl, date: ReadDate<'_>) -> Option<Time> {
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
        let numbers = || date(&format!("{year}-{month}-{day}"));
        let names = || date(&format!("{day} {month} {year}"));
        is_date.then(|| numbers().or_else(names)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader of `2030-01-05` and `5 jan 2030`.
    fn date(text: &str) -> Option<Time> {
        let text = text.replace("5 jan 2030", "2030-01-05");
        let date = text.split_once('T').map_or(text.as_str(), |(date, _)| date);
        Time::parse_rfc3339(&format!("{date}T00:00:00Z"))
    }

    #[test]
    fn dates_are_found_in_lines_and_urls() {
        let there = date("2030-01-05");
        assert!(there.is_some());
        assert_eq!(within("Published on 2030-01-05 | The Paper", &date), there);
        assert_eq!(within("The Paper, 5 jan 2030", &date), there);
        assert_eq!(within("Harbours 14 11 6 15", &date), None);
        let url = |path: &str| WebUrl::parse(&format!("https://a.example{path}")).unwrap();
        assert_eq!(of_url(&url("/2030/01/05/tides"), &date), there);
        assert_eq!(of_url(&url("/news/2030-01-05-tides"), &date), there);
        assert_eq!(of_url(&url("/2030/jan/5/tides"), &date), there);
        assert_eq!(of_url(&url("/2030/001.html"), &date), None);
    }

    #[test]
    fn a_year_alone_is_no_date() {
        let any = |_: &str| Some(Time::EPOCH);
        assert_eq!(whole("2030", &any), None);
        assert_eq!(whole("2030-01", &any), None);
        assert!(whole("20300105", &any).is_some() && whole("5 January 2030", &any).is_some());
    }
}
