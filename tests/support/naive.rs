//! What an expression means, told a second time and as naively as can be: no folding, no literal, no index and no syntax
//! tree of the program's, only lists of words that are compared. Slow; for holding the real ones against.

use newswire::model::{ArticleView, Time};

use super::naive_words::{Said, said};

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
                // Emoji are looked for beside the words; the star belongs to the words, if there are any.
                let wanted = said(&words.join(" "));
                let is_in_any = |wanted: &[String], beginning: bool| {
                    let parts = article.parts(*field);
                    let mut pieces = parts.iter().flat_map(|(_, pieces)| pieces);
                    pieces.any(|said| said.has(wanted, beginning))
                };
                let runs = wanted.emoji.iter().enumerate();
                let mut runs = runs.map(|(n, run)| (run, n == 0 && wanted.words.is_empty()));
                (wanted.words.is_empty() || is_in_any(&wanted.words, *beginning))
                    && runs.all(|(run, is_first)| is_in_any(run, is_first && *beginning))
            }
            Self::Near(field, words, distance) => {
                let wanted: Vec<Vec<String>> = words.iter().map(|w| said(w).words).collect();
                let mut parts = article.parts(*field).into_iter();
                parts.any(|(_, pieces)| {
                    are_near(&Said::one_after_the_other(pieces), &wanted, *distance)
                })
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

/// A part of an article as printed, and what each of its pieces says.
type Part = (String, Vec<Said>);

impl Article<'_> {
    fn parts(&self, field: Field) -> Vec<Part> {
        let a = self.view;
        let part = |pieces: Vec<&str>| (pieces.join("\n"), pieces.into_iter().map(said).collect());
        let title = || part(vec![&a.title]);
        let body = || {
            let text = a.content_text.as_deref().unwrap_or_default();
            let (printed, mut pieces): Part = part(vec![&a.summary, text]);
            // A summary that the body says as well, or that is none, is not said twice.
            if pieces[0].words.is_empty() && pieces[0].emoji.is_empty()
                || pieces[1].says_all_of(&pieces[0])
            {
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

/// Every way to choose a place for each of them is tried.
fn are_near(said: &Said, wanted: &[Vec<String>], distance: usize) -> bool {
    let mut ways: Vec<Vec<(usize, usize)>> = vec![Vec::new()];
    for words in wanted {
        let found = said.places(words, false);
        ways = ways
            .iter()
            .flat_map(|way| {
                let with = |place: &(usize, usize)| [&way[..], &[*place]].concat();
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
