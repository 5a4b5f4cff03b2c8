//! Author and date of an article from a byline under its headline. Never overrides fields of the feed.

/// Maximum length of a byline, in characters.
const BYLINE_CHARS_MAX: usize = 100;
/// The beginnings of bylines, and whether one is sufficient by itself: after the others, only names may follow.
const BEGINNINGS: &[(&str, bool)] = &[
    ("By ", true),
    ("BY ", true),
    ("by ", true),
    ("Written by ", true),
    ("Reported by ", true),
    ("Story by ", true),
    ("Words by ", true),
    ("Text by ", true),
    ("Author: ", true),
    ("Von ", false),
    ("VON ", false),
    ("Text: ", false),
    ("Autor: ", false),
    ("Autorin: ", false),
    ("Par ", false),
    ("Propos recueillis par ", true),
    ("Auteur : ", false),
    ("Por ", false),
    ("POR ", false),
    ("Por: ", false),
    ("Di ", false),
    ("di ", false),
    ("a cura di ", true),
    ("Door ", false),
    ("Av ", false),
    ("Af ", false),
    ("Przez ", false),
    ("Автор: ", true),
    ("Автор — ", true),
    ("Текст: ", false),
    ("Yazan: ", true),
    ("Yazar: ", true),
    ("Penulis: ", true),
    ("Reporter: ", true),
    ("文/", true),
    ("记者 ", true),
    ("記者", true),
];
/// Maximum length of a date, in words: `Friday, 21 October 2022 at 10:30 pm IST`.
const DATE_WORDS_MAX: usize = 9;
/// Text before a date that is not a name.
const LABELS: &[&str] = &[
    "copyright",
    "published",
    "updated",
    "posted",
    "last",
    "as of",
];
/// Words within names that are not written large.
const PARTICLES: &[&str] = &[
    "von", "van", "der", "den", "de", "del", "della", "di", "da", "dos", "du", "la", "le", "al",
    "el", "bin", "ibn", "ter", "und", "and", "et", "y", "e", "en", "og", "och", "i", "и", "та",
    "ve", "&",
];

/// A byline: who, and the date as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Byline<'p> {
    /// The name, without "By".
    pub name: &'p str,
    /// Text after the name; a date, if there is one.
    pub date: &'p str,
}

/// `News Desk October 21, 2022`, `By Jane Doe | 21 Oct 2022`, `Von Jana Dohl`. `None` if the paragraph is not short, has no
/// name, or has neither a date nor the beginning of a byline.
#[must_use]
pub fn read(paragraph: &str, is_date: impl Fn(&str) -> bool) -> Option<Byline<'_>> {
    let text = paragraph.trim();
    if text.is_empty() || text.chars().count() > BYLINE_CHARS_MAX {
        return None;
    }
    let by = BEGINNINGS
        .iter()
        .find_map(|(by, is_clear)| Some((text.strip_prefix(by)?, *is_clear)));
    let body = by.map_or(text, |(body, _)| body).trim();
    // The longest suffix that is a date and nothing else. It begins at a word, and a year alone is not enough.
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
    let is_told = match by {
        Some((_, is_clear)) => is_clear || are_names(name),
        None => !date.is_empty(),
    };
    (is_told && names_somebody(name)).then_some(Byline { name, date })
}

/// Whether every word is part of a name: `Von` and `Por` begin many lines that are not bylines.
fn are_names(text: &str) -> bool {
    let mut words = text.split([' ', ',', '/']).filter(|w| !w.is_empty());
    text.contains(' ') && words.all(|w| w.starts_with(char::is_uppercase) || PARTICLES.contains(&w))
}

/// How many numbers a text holds.
fn numbers(text: &str) -> usize {
    let runs = text.split(|c: char| !c.is_numeric());
    runs.filter(|run| !run.is_empty()).count()
}

/// One to six words, the first in upper case if the script has case, without digits or the end of a sentence.
fn names_somebody(name: &str) -> bool {
    let words = name.split_whitespace().count();
    let lower = name.to_lowercase();
    (1..=6).contains(&words)
        && !LABELS.iter().any(|label| lower.starts_with(label))
        && name.starts_with(|c: char| c.is_alphabetic() && !c.is_lowercase())
        && !name.contains(|c: char| c.is_numeric() || "?!:\"“”".contains(c))
        && !name.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for (line, name) in [
            ("Von Jana Dohl und Max Muster", "Jana Dohl und Max Muster"),
            ("Par Jean de la Tour", "Jean de la Tour"),
            ("Por María Pérez", "María Pérez"),
            ("Di Mario Rossi", "Mario Rossi"),
            ("Autor: Jan Kowalski", "Jan Kowalski"),
            ("Автор: Иван Петров", "Иван Петров"),
            ("Written by Our Correspondent", "Our Correspondent"),
            ("記者張三", "張三"),
        ] {
            assert_eq!(read(line), Some((name, "")), "{line}");
        }
        for line in [
            "Von Anfang an dabei",
            "Por primera vez",
            "Par ailleurs",
            "Di nuovo Roma",
            "Von",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
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
