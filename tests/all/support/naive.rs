//! What an expression means, told a second time and as naively as can be: no folding, no literal, no index and no syntax
//! tree of the program's, only lists of words that are compared. Slow; for holding the real ones against.

use newswire::model::{ArticleView, Time};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The parts of a text that a field means; none: title and body.
pub type Field = Option<&'static str>;

/// An expression.
#[derive(Debug, Clone)]
pub enum Ask {
    All(Vec<Ask>),
    Any(Vec<Ask>),
    Not(Box<Ask>),
    /// Words one after the other; of the last, perhaps, only the beginning.
    Words(Field, Vec<String>, bool),
    /// Words with at most so many others between the first and the last.
    Near(Field, Vec<String>, usize),
    Regex(Field, &'static str, bool),
    /// As it is written, and whether it is true of an article (with so many feeds in its story) at some time.
    Fact(&'static str, fn(&ArticleView, u64, Time) -> bool),
}

impl Ask {
    /// In the language.
    pub fn written(&self) -> String {
        let joined = |list: &[Self], between: &str| {
            let list: Vec<String> = list.iter().map(Self::written).collect();
            format!("({})", list.join(between))
        };
        let with = |field: &Field, value: String| match field {
            Some(field) => format!("{field}:{value}"),
            None => value,
        };
        match self {
            Self::All(list) => joined(list, " "),
            Self::Any(list) => joined(list, " OR "),
            Self::Not(inner) => format!("-{}", inner.written()),
            Self::Words(field, words, beginning) => {
                let star = if *beginning { "*" } else { "" };
                with(field, format!("\"{}\"{star}", words.join(" ")))
            }
            Self::Near(field, words, distance) => {
                with(field, format!("NEAR({}, {distance})", words.join(" ")))
            }
            Self::Regex(field, source, ignore_case) => {
                let flag = if *ignore_case { "i" } else { "" };
                with(field, format!("/{source}/{flag}"))
            }
            Self::Fact(written, _) => (*written).to_owned(),
        }
    }

    /// Whether an article matches whose story so many feeds carry.
    pub fn is_true_of(&self, article: &Article<'_>, now: Time) -> bool {
        match self {
            Self::All(list) => list.iter().all(|ask| ask.is_true_of(article, now)),
            Self::Any(list) => list.iter().any(|ask| ask.is_true_of(article, now)),
            Self::Not(inner) => !inner.is_true_of(article, now),
            Self::Words(field, words, beginning) => {
                let wanted = words_of(&words.join(" "));
                let mut parts = article.parts(*field).into_iter();
                parts.any(|(_, pieces)| {
                    pieces
                        .iter()
                        .any(|said| !places(said, &wanted, *beginning).is_empty())
                })
            }
            Self::Near(field, words, distance) => {
                let wanted: Vec<Vec<String>> = words.iter().map(|w| words_of(w)).collect();
                let mut parts = article.parts(*field).into_iter();
                // The border between two pieces of a part counts as a word.
                parts.any(|(_, pieces)| are_near(&pieces.join(&String::new()), &wanted, *distance))
            }
            Self::Regex(field, source, ignore_case) => {
                let flags = if *ignore_case { "(?mi)" } else { "(?m)" };
                let regex = regex::Regex::new(&format!("{flags}{source}")).unwrap();
                article
                    .parts(*field)
                    .iter()
                    .any(|(printed, _)| regex.is_match(printed))
            }
            Self::Fact(_, holds) => holds(article.view, article.feeds, now),
        }
    }
}

/// An article, and how many feeds carry its story.
pub struct Article<'a> {
    pub view: &'a ArticleView,
    pub feeds: u64,
}

/// A part of an article as printed, and the words of each of its pieces.
type Part = (String, Vec<Vec<String>>);

impl Article<'_> {
    fn parts(&self, field: Field) -> Vec<Part> {
        let a = self.view;
        let part = |pieces: Vec<&str>| {
            (
                pieces.join("\n"),
                pieces.into_iter().map(words_of).collect(),
            )
        };
        let title = || part(vec![&a.title]);
        let body = || {
            let text = a.content_text.as_deref().unwrap_or_default();
            let (printed, mut pieces): Part = part(vec![&a.summary, text]);
            // A summary that the body says as well, or that is none, is not said twice.
            if pieces[0].is_empty() || !places(&pieces[1], &pieces[0], false).is_empty() {
                pieces.remove(0);
            }
            (printed, pieces)
        };
        vec![match field {
            None => return vec![title(), body()],
            Some("title") => title(),
            Some("body") => body(),
            Some("author") => part(a.authors.iter().filter_map(|p| p.name.as_deref()).collect()),
            Some("category") => part(a.categories.iter().map(|c| c.term.as_str()).collect()),
            Some("agency") => part(a.agencies.iter().map(String::as_str).collect()),
            Some(other) => panic!("{other} is no field of text"),
        }]
    }
}

/// The words of a text as people type them: small letters without accents. Chinese is written without spaces: a
/// character is a word.
fn words_of(text: &str) -> Vec<String> {
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c));
    let plain: String = plain.collect::<String>().to_lowercase();
    let plain = plain.replace('ß', "ss").replace('ı', "i");
    let mut words = vec![String::new()];
    for c in plain.chars().filter(|c| !is_combining_mark(*c)) {
        match c {
            '\u{4e00}'..='\u{9fff}' => words.extend([c.to_string(), String::new()]),
            c if c.is_alphanumeric() => words.last_mut().unwrap().push(c),
            _ => words.push(String::new()),
        }
    }
    words.retain(|w| !w.is_empty());
    words
}

/// Where these words stand one after the other.
fn places(said: &[String], wanted: &[String], beginning: bool) -> Vec<usize> {
    let last = wanted.len() - 1;
    let stands_at = |at: &usize| {
        wanted.iter().enumerate().all(|(n, word)| {
            said.get(at + n)
                .is_some_and(|s| s == word || (beginning && n == last && s.starts_with(word)))
        })
    };
    (0..said.len()).filter(stands_at).collect()
}

/// Every way to choose a place for each of them is tried.
fn are_near(said: &[String], wanted: &[Vec<String>], distance: usize) -> bool {
    let mut ways: Vec<Vec<(usize, usize)>> = vec![Vec::new()];
    for words in wanted {
        let found = places(said, words, false);
        ways = ways
            .iter()
            .flat_map(|way| {
                let with = |at: &usize| [&way[..], &[(*at, at + words.len())]].concat();
                found.iter().map(with).collect::<Vec<_>>()
            })
            .collect();
    }
    ways.iter().any(|way| {
        let first = way.iter().map(|(start, _)| *start).min().unwrap();
        let last = way.iter().map(|(start, _)| *start).max().unwrap();
        way.iter()
            .any(|(start, end)| *start == first && last.saturating_sub(*end) <= distance)
    })
}
