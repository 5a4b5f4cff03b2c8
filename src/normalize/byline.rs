//! Who wrote it, when, and which agency it came from, where the article says so only in its text: a byline under the
//! headline, a dateline, a credit at the end. Never overrules what the feed states in fields of their own.

/// News agencies by the names under which papers credit them; the first is the one shown.
const AGENCIES: &[&[&str]] = &[
    &["Reuters", "Thomson Reuters", "REUTERS"],
    &["Associated Press", "The Associated Press", "AP"],
    &["AFP", "Agence France-Presse", "Agence France Presse"],
    &["Anadolu Agency", "Anadolu", "AA", "Anadolu Ajansı"],
    &["dpa", "DPA", "Deutsche Presse-Agentur"],
    &["ANSA"],
    &["EFE", "Agencia EFE"],
    &["Europa Press"],
    &["TASS", "ITAR-TASS"],
    &["Interfax"],
    &["RIA Novosti"],
    &["Xinhua", "Xinhua News Agency"],
    &["Kyodo News", "Kyodo"],
    &["Jiji Press", "Jiji"],
    &["Yonhap", "Yonhap News Agency"],
    &["PTI", "Press Trust of India"],
    &["ANI", "Asian News International"],
    &["IANS", "Indo-Asian News Service"],
    &["APP", "Associated Press of Pakistan"],
    &["PA Media", "PA", "Press Association"],
    &["UPI", "United Press International"],
    &["Bloomberg", "Bloomberg News"],
    &["AAP", "Australian Associated Press"],
    &["The Canadian Press", "Canadian Press"],
    &["Ukrinform"],
    &["Interfax-Ukraine"],
    &["PAP", "Polska Agencja Prasowa"],
    &["ČTK", "CTK"],
    &["MTI"],
    &["APA", "Austria Presse Agentur"],
    &["Keystone-SDA", "SDA"],
    &["Belga"],
    &["ANP"],
    &["Ritzau"],
    &["NTB"],
    &["TT", "TT News Agency"],
    &["STT"],
    &["Lusa"],
    &["Agerpres"],
    &["SANA"],
    &["IRNA"],
    &["WAM"],
    &["MENA"],
    &["Bernama"],
    &["Antara"],
    &["CNA", "Central News Agency"],
    &["KCNA"],
    &["NAN", "News Agency of Nigeria"],
];

/// Words before a credit: `With additional input from …`.
const CREDIT_WORDS: &[&str] = &[
    "input from",
    "inputs from",
    "reporting from",
    "information from",
    "from agencies",
];

/// Longest credit line, in characters.
const CREDIT_CHARS_MAX: usize = 160;
/// How many paragraphs from the end may hold a credit.
const CREDIT_PARAGRAPHS: usize = 6;

/// The agency of that name, as it is shown.
#[must_use]
pub fn agency(name: &str) -> Option<&'static str> {
    let name = name.trim().trim_end_matches('.');
    AGENCIES
        .iter()
        .find(|names| {
            names
                .iter()
                .any(|n| *n == name || n.len() > 4 && n.eq_ignore_ascii_case(name))
        })
        .and_then(|names| names.first().copied())
}

/// The agencies that a text credits: a dateline at its head, a credit at its end. In order, each once.
#[must_use]
pub fn agencies(paragraphs: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |name: String| {
        if !found.contains(&name) {
            found.push(name);
        }
    };
    if let Some(name) = paragraphs.iter().take(3).find_map(|p| of_dateline(p)) {
        add(name.to_owned());
    }
    let credits = paragraphs.len().saturating_sub(CREDIT_PARAGRAPHS);
    for paragraph in paragraphs.get(credits..).unwrap_or_default() {
        of_credit(paragraph).into_iter().for_each(&mut add);
    }
    found
}

/// The text without what names its agency: credits at the end, the dateline at the head. Papers print one wire text under
/// their own; what is left is the same.
#[must_use]
pub fn without_credits(text: &str) -> String {
    let paragraphs: Vec<&str> = text.split("\n\n").collect();
    let credits = paragraphs.len().saturating_sub(CREDIT_PARAGRAPHS).max(1);
    let mut kept: Vec<&str> = Vec::with_capacity(paragraphs.len());
    for (n, paragraph) in paragraphs.into_iter().enumerate() {
        if n == 0 && of_dateline(paragraph).is_some() {
            let rest = paragraph
                .split_once(')')
                .map_or(paragraph, |(_, rest)| rest);
            kept.push(rest.trim_start_matches([' ', '-', '–', '—', ':']));
        } else if n < credits || !is_credit(paragraph) {
            kept.push(paragraph);
        }
    }
    kept.join("\n\n")
}

/// Whether a paragraph is nothing but a credit.
fn is_credit(paragraph: &str) -> bool {
    paragraph.trim().chars().count() <= CREDIT_CHARS_MAX && !of_credit(paragraph).is_empty()
}

/// `KYIV (Reuters) – …`, `WASHINGTON, Oct 21 (AP) — …`, `(AFP) …`.
fn of_dateline(paragraph: &str) -> Option<&'static str> {
    let head: String = paragraph.chars().take(80).collect();
    let (before, after) = head.split_once('(')?;
    let (name, rest) = after.split_once(')')?;
    let is_place = before
        .chars()
        .all(|c| c.is_alphanumeric() || " ,./-'".contains(c));
    let is_head = before.trim().is_empty()
        || rest.trim_start().starts_with(['-', '–', '—', ':'])
        || before
            .chars()
            .filter(|c| c.is_alphabetic())
            .all(char::is_uppercase);
    (is_place && is_head).then(|| agency(name)).flatten()
}

/// `(With additional input from Anadolu Agency)`, `(AP)`, `— Reuters`, `Source: AFP`.
fn of_credit(paragraph: &str) -> Vec<String> {
    let text = paragraph.trim();
    if text.chars().count() > CREDIT_CHARS_MAX {
        // `… he said. (Reuters)` closes many a last paragraph.
        return text
            .strip_suffix(')')
            .and_then(|t| t.rsplit_once('('))
            .and_then(|(_, name)| agency(name))
            .map(|name| vec![name.to_owned()])
            .unwrap_or_default();
    }
    let inner = text
        .trim_start_matches(['(', '[', '—', '–', '-', '©', ' '])
        .trim_end_matches([')', ']', '.', ' ']);
    let lower = inner.to_lowercase();
    let credited = CREDIT_WORDS
        .iter()
        .find_map(|words| lower.find(words).map(|at| at + words.len()))
        .or_else(|| {
            let label = ["source:", "sources:", "agency:", "agencies:"];
            label
                .iter()
                .find(|l| lower.starts_with(*l))
                .map(|l| l.len())
        });
    // `to_lowercase` keeps places only for texts where it keeps lengths.
    let names = match credited {
        Some(at) if lower.len() == inner.len() => inner.get(at..).unwrap_or_default(),
        _ => inner,
    };
    let is_named = credited.is_some();
    names
        .split([',', '/', ';', '|'])
        .flat_map(|part| part.split(" and "))
        .filter_map(|part| {
            let part = part.trim().trim_start_matches("the ");
            agency(part).map(str::to_owned).or_else(|| {
                let is_agency =
                    is_named && (part.ends_with(" Agency") || part.ends_with(" News Service"));
                (is_agency && part.len() < 60).then(|| part.to_owned())
            })
        })
        .collect()
}

/// A byline: who, and the date as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Byline<'p> {
    /// The name, without "By".
    pub name: &'p str,
    /// What follows it, a date if there is one.
    pub date: &'p str,
}

/// `News Desk October 21, 2022`, `By Jane Doe | 21 Oct 2022`. None if the paragraph is not short, names nobody, or
/// has no date and does not begin with "By".
#[must_use]
pub fn read(paragraph: &str, is_date: impl Fn(&str) -> bool) -> Option<Byline<'_>> {
    const BYLINE_CHARS_MAX: usize = 100;
    /// `Friday, 21 October 2022 at 10:30 pm IST`.
    const DATE_WORDS_MAX: usize = 9;
    let text = paragraph.trim();
    if text.is_empty() || text.chars().count() > BYLINE_CHARS_MAX {
        return None;
    }
    let by = ["By ", "BY ", "by "]
        .iter()
        .find_map(|by| text.strip_prefix(by));
    let body = by.unwrap_or(text).trim();
    // The longest end that is a date and nothing else: it begins at a word, and a year alone is none.
    let starts = std::iter::once(0).chain(
        body.char_indices()
            .filter(|(_, c)| c.is_whitespace() || *c == '|')
            .map(|(at, c)| at + c.len_utf8()),
    );
    let date_at = starts.into_iter().find(|at| {
        body.get(*at..).is_some_and(|d| {
            d.starts_with(|c: char| c.is_alphanumeric())
                && d.split_whitespace().count() <= DATE_WORDS_MAX
                && (by.is_some() || numbers(d) > 1)
                && is_date(d)
                && !names_somebody(d)
        })
    });
    let (name, date) = match date_at {
        Some(at) => (body.get(..at)?, body.get(at..)?),
        None => (body, ""),
    };
    let name = name
        .trim()
        .trim_end_matches(['|', '-', '–', '—', ',', '·', '•'])
        .trim();
    let is_byline = (by.is_some() || !date.is_empty()) && names_somebody(name);
    is_byline.then_some(Byline { name, date })
}

/// How many numbers a text holds.
fn numbers(text: &str) -> usize {
    let runs = text.split(|c: char| !c.is_numeric());
    runs.filter(|run| !run.is_empty()).count()
}

/// Words that stand before a date and are nobody's name.
const LABELS: &[&str] = &[
    "copyright",
    "published",
    "updated",
    "posted",
    "last",
    "as of",
];

/// One to six words, the first in upper case, no digits, no end of a sentence.
fn names_somebody(name: &str) -> bool {
    let words = name.split_whitespace().count();
    let lower = name.to_lowercase();
    (1..=6).contains(&words)
        && !LABELS.iter().any(|label| lower.starts_with(label))
        && name.starts_with(char::is_uppercase)
        && !name.contains(|c: char| c.is_numeric() || "?!:\"“”".contains(c))
        && !name.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agencies_are_read_from_datelines_and_credits() {
        let of = |paragraphs: &[&str]| agencies(paragraphs);
        assert_eq!(of(&["KYIV (Reuters) – Talks began.", "More."]), ["Reuters"]);
        assert_eq!(
            of(&["WASHINGTON, Oct 21 (AP) — Talks began."]),
            ["Associated Press"]
        );
        assert_eq!(
            of(&["Talks.", "(With additional input from Anadolu Agency)"]),
            ["Anadolu Agency"]
        );
        assert_eq!(
            of(&["Talks.", "With inputs from AFP and Reuters"]),
            ["AFP", "Reuters"]
        );
        assert_eq!(
            of(&["Talks.", "Source: Harbour News Agency", "COMMENTS"]),
            ["Harbour News Agency"]
        );
        assert!(of(&["The minister (AA) said that talks began."]).is_empty());
        assert!(of(&["Talks."]).is_empty());
    }

    #[test]
    fn a_text_without_its_credits_is_the_same_in_every_paper() {
        let bare = "Talks began.\n\nThey went on.";
        for text in [
            "KYIV (Reuters) – Talks began.\n\nThey went on.",
            "Talks began.\n\nThey went on.\n\n(With additional input from Anadolu Agency)",
            "Talks began.\n\nThey went on.\n\nSource: AFP",
            bare,
        ] {
            assert_eq!(without_credits(text), bare);
        }
        assert_eq!(without_credits("Reuters"), "Reuters", "never nothing");
    }

    #[test]
    fn a_byline_is_a_name_with_a_date_or_after_by() {
        let is_date = |d: &str| ["October 21, 2022", "21 Oct 2022"].contains(&d);
        let read = |text| read(text, is_date).map(|b| (b.name, b.date));
        assert_eq!(
            read("News Desk October 21, 2022"),
            Some(("News Desk", "October 21, 2022"))
        );
        assert_eq!(read("By Jane Doe"), Some(("Jane Doe", "")));
        assert_eq!(
            read("By Jane Doe | 21 Oct 2022"),
            Some(("Jane Doe", "21 Oct 2022"))
        );
        assert_eq!(read("Jane Doe"), None);
        assert_eq!(read("Crimea has been under occupation since 2014."), None);
        assert_eq!(read("October 21, 2022"), None);
        assert_eq!(read("Published October 21, 2022"), None);
    }

    #[test]
    fn a_line_that_holds_a_year_is_no_byline() {
        let is_date = |d: &str| d.starts_with("2026");
        for line in [
            "Copyright 2026 The Paper. Reproduction in whole or in part is prohibited.",
            "Kessport 2026",
            "Boats of the year 2026 come home",
        ] {
            assert_eq!(read(line, is_date), None, "{line}");
        }
    }
}
