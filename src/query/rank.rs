//! Relevance: BM25 (Robertson and Zaragoza, 2009) over the phrases of an expression, with the headline weighted higher than
//! the text. How rare each phrase is among all articles is given by the caller.
//!
//! FTS5's own `bm25` counts every phrase over the whole index before it ranks anything, which takes longer than ranking the
//! newest matches and grows with the store.

use memchr::memmem::Finder;

use super::ast::{Expr, Pattern, Scope};
use super::eval::literal;
use super::part::Part;
use super::plan::{is_short, phrase_query};
use super::subject::Folded;

/// Saturation of repeated words, and weight of the length of a text: the usual values.
const K1: f64 = 1.2;
const B: f64 = 0.75;

/// The weight of one occurrence.
const TITLE_WEIGHT: f64 = 8.0;
const BODY_WEIGHT: f64 = 1.0;
const LABEL_WEIGHT: f64 = 2.0;

/// The phrases of an expression.
#[derive(Debug)]
pub struct Ranking {
    wanted: Vec<RankedPhrase>,
}

#[derive(Debug)]
struct RankedPhrase {
    scope: Scope,
    /// Space and words.
    finder: Finder<'static>,
    is_beginning: bool,
    /// `None` if too many articles match to count them.
    query: Option<String>,
}

/// The frequencies of one article.
#[derive(Debug, Clone)]
pub struct Counts {
    /// By phrase: its weighted number of occurrences.
    frequencies: Vec<f64>,
    tokens: f64,
}

impl Ranking {
    /// For the matches of an expression.
    pub fn of(expr: &Expr) -> Self {
        let mut wanted = Vec::new();
        collect(expr, &mut wanted);
        Self { wanted }
    }

    /// One FTS5 query for each phrase, whose number of results says how rare it is; `None` for a common one.
    pub fn queries(&self) -> impl ExactSizeIterator<Item = Option<&str>> {
        self.wanted.iter().map(|w| w.query.as_deref())
    }

    /// Counts in one article.
    pub fn count(&self, text: &Folded) -> Counts {
        let parts = [
            &text.title,
            &text.body,
            &text.author,
            &text.category,
            &text.agency,
        ];
        let spaces = |part: &&Part| part.as_str().bytes().filter(|b| *b == b' ').count();
        Counts {
            frequencies: self.wanted.iter().map(|w| w.count(text)).collect(),
            tokens: parts.iter().map(spaces).sum::<usize>() as f64,
        }
    }

    /// The score of each of these articles; higher is better. `shares` is the share of all articles that contain each phrase
    /// (0 to 1).
    pub fn scores(&self, articles: &[Counts], shares: &[f64]) -> Vec<f64> {
        let tokens: f64 = articles.iter().map(|a| a.tokens).sum();
        let mean = (tokens / articles.len().max(1) as f64).max(1.0);
        let score = |article: &Counts| {
            let long = 1.0 - B + B * article.tokens / mean;
            let phrases = article.frequencies.iter().zip(shares);
            let scores = phrases.map(|(frequencies, share)| {
                let rare = (1.0 / share.clamp(1e-6, 1.0)).ln().max(1e-6);
                rare * frequencies * (K1 + 1.0) / (frequencies + K1 * long)
            });
            scores.sum()
        };
        articles.iter().map(score).collect()
    }
}

fn collect(expr: &Expr, wanted: &mut Vec<RankedPhrase>) {
    let mut want = |scope: Scope, words: &[String], is_beginning: bool| {
        wanted.push(RankedPhrase {
            scope,
            finder: Finder::new(literal(words, true).as_bytes()).into_owned(),
            is_beginning,
            query: (!is_beginning || !words.last().is_some_and(|w| is_short(w)))
                .then(|| phrase_query(scope, words, is_beginning)),
        });
    };
    match expr {
        Expr::And(list) | Expr::Or(list) => list.iter().for_each(|e| collect(e, wanted)),
        Expr::Text(scope, Pattern::Phrase(words)) => want(*scope, words, false),
        Expr::Text(scope, Pattern::Prefix(words)) => want(*scope, words, true),
        Expr::Text(scope, Pattern::Near(phrases, _)) => {
            phrases.iter().for_each(|words| want(*scope, words, false));
        }
        Expr::Text(_, Pattern::Regex(_)) | Expr::Not(_) | Expr::Fact(_) => {}
    }
}

impl RankedPhrase {
    fn count(&self, text: &Folded) -> f64 {
        let weights: &[f64] = match self.scope {
            Scope::Any => &[TITLE_WEIGHT, BODY_WEIGHT],
            Scope::Title => &[TITLE_WEIGHT],
            Scope::Body => &[BODY_WEIGHT],
            Scope::Author | Scope::Category | Scope::Agency => &[LABEL_WEIGHT],
        };
        let parts = text.parts(self.scope).zip(weights);
        parts
            .map(|(part, weight)| weight * self.count_in(part))
            .sum()
    }

    fn count_in(&self, part: &Part) -> f64 {
        let word = self.finder.needle().get(1..).unwrap_or_default();
        let joined = std::str::from_utf8(word).map_or(0, |word| part.places(word).count());
        let count = self.count_in_text(part.words()) + joined;
        match count {
            0 => self.count_in_text(part.derived()) as f64,
            count => count as f64,
        }
    }

    fn count_in_text(&self, text: &str) -> usize {
        let text = text.as_bytes();
        let len = self.finder.needle().len();
        let ends = |at: &usize| self.is_beginning || text.get(at + len) == Some(&b' ');
        self.finder.find_iter(text).filter(ends).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{Text, parse};

    /// The places of the articles (title, body), the best first.
    fn ranked(source: &str, shares: &[f64], articles: &[(&str, &str)]) -> Vec<usize> {
        let ranking = Ranking::of(&parse(source).unwrap());
        assert_eq!(ranking.queries().len(), shares.len());
        let counts: Vec<Counts> = articles
            .iter()
            .map(|&(title, body)| {
                let text = Text {
                    title,
                    body,
                    ..Text::default()
                };
                ranking.count(&Folded::of(&text))
            })
            .collect();
        let scores = ranking.scores(&counts, shares);
        let mut places: Vec<usize> = (0..articles.len()).collect();
        places.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        places
    }

    #[test]
    fn headlines_rare_words_and_short_texts_come_first() {
        let fox = [
            ("Cats", "a fox"),
            ("A fox", "cats"),
            ("Cats", "a fox a fox fox"),
        ];
        assert_eq!(ranked("fox", &[0.5], &fox), [1, 2, 0]);
        let long = "and so on and on and on and so forth";
        let either = [("Old news", long), ("Rare news", long)];
        assert_eq!(ranked("old OR rare", &[0.9, 0.01], &either), [1, 0]);
        assert_eq!(ranked("old OR rare", &[0.01, 0.9], &either), [0, 1]);
        let length = format!("fox {long}");
        assert_eq!(ranked("fox", &[0.1], &[("", &length), ("", "fox")]), [1, 0]);
    }

    #[test]
    fn whole_words_count_and_excluded_ones_do_not() {
        let count = |source: &str, body: &str| {
            let text = Text {
                body,
                ..Text::default()
            };
            Ranking::of(&parse(source).unwrap())
                .count(&Folded::of(&text))
                .frequencies
        };
        assert_eq!(count("red", "red redder, red-red"), [3.0]);
        assert_eq!(count("red*", "red redder, red-red"), [4.0]);
        assert_eq!(count("wifi", "Wi-Fi, wifi and Wi-Fi's"), [3.0]);
        assert_eq!(count("wif* OR 🚀", "Wi-Fi 🚀"), [1.0, 1.0]);
        assert_eq!(
            count("\"red fox\" -cat /x/", "red fox, red cat, fox x"),
            [1.0]
        );
        assert_eq!(count("NEAR(red fox, 3)", "fox fox red"), [1.0, 2.0]);
    }
}
