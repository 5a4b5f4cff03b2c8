//! The plain evaluator: the reference for the meaning of expressions, as simple as possible.

use super::ast::{Expr, Fact, Measure, Name, Pattern, Regex, Scope};
use super::part::Part;
use super::subject::{Facts, Folded};
use crate::model::{FeedId, Time};
use crate::text::fold::fold;

/// Whether an article matches. Relative times count from `now`.
pub fn matches(expr: &Expr, text: &Folded, facts: &Facts, now: Time) -> bool {
    let facts = |fact: &Fact| holds(fact, facts, text.words, now);
    Evaluator {
        text,
        facts: &facts,
        stop: &|| false,
    }
    .holds(expr)
}

/// Whether the text of an article matches, with all facts false. If `stop` returned true the result is meaningless.
pub fn matches_text(expr: &Expr, text: &Folded, stop: &dyn Fn() -> bool) -> bool {
    Evaluator {
        text,
        facts: &|_| false,
        stop,
    }
    .holds(expr)
}

/// The article that an expression is evaluated on.
struct Evaluator<'a> {
    text: &'a Folded,
    facts: &'a dyn Fn(&Fact) -> bool,
    stop: &'a dyn Fn() -> bool,
}

impl Evaluator<'_> {
    fn holds(&self, expr: &Expr) -> bool {
        match expr {
            Expr::And(list) => list.iter().all(|e| self.holds(e)),
            Expr::Or(list) => list.iter().any(|e| self.holds(e)),
            Expr::Not(inner) => !self.holds(inner),
            Expr::Text(scope, pattern) => {
                !(self.stop)() && pattern_matches(*scope, pattern, self.text, self.stop)
            }
            Expr::Fact(fact) => (self.facts)(fact),
        }
    }
}

/// A part of an expression that is true of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedTerm {
    /// The field: `title`, `body`, ... of words, `tag`, `copies`, ... of facts.
    pub field: &'static str,
    /// The word, phrase or regular expression; for a fact all of it: `tag:"sea"`.
    pub words: String,
    /// Whether the expression negates it.
    pub is_negated: bool,
}

/// The parts of an expression that are true of an article, for explanations.
pub fn matched_terms(expr: &Expr, text: &Folded, facts: &Facts, now: Time) -> Vec<MatchedTerm> {
    let mut out = Vec::new();
    collect(expr, false, &mut out, &|leaf| {
        matches(leaf, text, facts, now)
    });
    out
}

fn collect(
    expr: &Expr,
    is_negated: bool,
    out: &mut Vec<MatchedTerm>,
    is_true: &dyn Fn(&Expr) -> bool,
) {
    let mut add = |field, words, leaf: &Expr| {
        let found = MatchedTerm {
            field,
            words,
            is_negated,
        };
        if is_true(leaf) && !out.contains(&found) {
            out.push(found);
        }
    };
    match expr {
        Expr::And(list) | Expr::Or(list) => {
            list.iter()
                .for_each(|e| collect(e, is_negated, out, is_true));
        }
        Expr::Not(inner) => collect(inner, !is_negated, out, is_true),
        Expr::Text(scope, pattern) => {
            let scopes: &[Scope] = match scope {
                Scope::Any => &[Scope::Title, Scope::Body],
                one => std::slice::from_ref(one),
            };
            for &one in scopes {
                let leaf = Expr::Text(one, pattern.clone());
                add(one.name().unwrap_or("body"), pattern.to_string(), &leaf);
            }
        }
        Expr::Fact(fact) => add(fact.name(), fact.to_string(), expr),
    }
}

/// The literal for a phrase in folded text: `" a b "`, or `" a b"` for a prefix.
pub(super) fn literal(words: &[String], beginning: bool) -> String {
    let mut out = String::from(" ");
    out.push_str(&words.join(" "));
    if !beginning {
        out.push(' ');
    }
    out
}

fn pattern_matches(
    scope: Scope,
    pattern: &Pattern,
    text: &Folded,
    stop: &dyn Fn() -> bool,
) -> bool {
    let stands = |words: &[String], beginning| {
        let literal = literal(words, beginning);
        text.parts(scope)
            .any(|part| part.as_str().contains(&literal))
    };
    match pattern {
        Pattern::Phrase(words) => stands(words, false),
        Pattern::Prefix(words) => stands(words, true),
        Pattern::Regex(regex) => text.raw(scope).any(|part| regex.is_match(part, stop)),
        Pattern::Near(phrases, distance) => {
            text.parts(scope).any(|part| near(part, phrases, *distance))
        }
    }
}

/// Whether all phrases occur in `part` with at most `distance` tokens between the end of the first and the start of the last
/// (as FTS5 counts). A joined word occurs where its components do. Linear in the text (SEC-21): one walk from the end to the
/// beginning.
fn near(part: &Part, phrases: &[Vec<String>], distance: u32) -> bool {
    let tokens: Vec<&str> = part.words().split_ascii_whitespace().collect();
    let mut joined = joined_places(part, phrases);
    let stands_at = |phrase: &[String], at: usize| {
        let window = tokens.get(at..at + phrase.len());
        window.is_some_and(|window| window.iter().zip(phrase).all(|(a, b)| a == b))
    };
    // By phrase: its next occurrence from the current position. Every cluster begins with an occurrence of some phrase; from
    // there the nearest following occurrence of each other phrase is the best.
    let mut next: Vec<Option<usize>> = vec![None; phrases.len()];
    (0..tokens.len()).rev().any(|at| {
        let mut longest = None;
        for (phrase, place) in phrases.iter().zip(&mut next) {
            if stands_at(phrase, at) {
                *place = Some(at);
                longest = longest.max(Some(phrase.len()));
            }
        }
        while let Some((_, len, number)) = joined.pop_if(|(place, ..)| *place == at) {
            longest = longest.max(Some(len));
            if let Some(place) = next.get_mut(number) {
                *place = Some(at);
            }
        }
        let last = || {
            next.iter()
                .try_fold(at, |last, place| place.map(|p| last.max(p)))
        };
        longest.is_some_and(|len| {
            last().is_some_and(|last| last.saturating_sub(at + len) <= distance as usize)
        })
    })
}

/// Occurrences of phrases that are joined words: position, length and index of the phrase, in the order of the text.
fn joined_places(part: &Part, phrases: &[Vec<String>]) -> Vec<(usize, usize, usize)> {
    let mut places = Vec::new();
    for (number, phrase) in phrases.iter().enumerate() {
        if let [word] = phrase.as_slice() {
            places.extend(part.places(word).map(|(at, len)| (at, len, number)));
        }
    }
    places.sort_unstable();
    places
}

/// Whether a name refers to the feed: its id, its URL, or words of its title. `folded` is the name, `title` the feed's
/// title, both folded.
pub(super) fn matches_feed(name: &str, folded: &str, facts: &Facts, title: &str) -> bool {
    name == facts.feed_id
        || name == facts.feed_url
        // It may have moved since the expression was written.
        || (name.contains("://") && FeedId::of(name).to_string() == facts.feed_id)
        || title.contains(folded)
}

/// Names are short: the search need not be interruptible.
fn regex_matches(regex: &Regex, name: &str) -> bool {
    regex.is_match(name, &|| false)
}

/// Whether a fact is true of an article with this many words.
pub fn holds(fact: &Fact, facts: &Facts, words: u64, now: Time) -> bool {
    match fact {
        Fact::Feed(Name::Is(name)) => {
            matches_feed(name, &fold(name), facts, &fold(&facts.feed_title))
        }
        Fact::Feed(Name::Like(regex)) => {
            regex_matches(regex, &facts.feed_title) || regex_matches(regex, &facts.feed_url)
        }
        Fact::Tag(Name::Is(name)) => {
            let name = name.to_lowercase();
            facts.tags.iter().any(|tag| {
                let tag = tag.to_lowercase();
                tag == name
                    || tag
                        .strip_prefix(&name)
                        .is_some_and(|rest| rest.starts_with('/'))
                    || tag.split('/').any(|level| level == name)
            })
        }
        Fact::Tag(Name::Like(regex)) => facts.tags.iter().any(|t| regex_matches(regex, t)),
        Fact::Url(Name::Is(part)) => facts
            .url
            .as_ref()
            .is_some_and(|u| u.to_lowercase().contains(&part.to_lowercase())),
        Fact::Url(Name::Like(regex)) => facts.url.as_ref().is_some_and(|u| regex_matches(regex, u)),
        Fact::Site(site) => facts.hosts.iter().any(|host| {
            host == site
                || host
                    .strip_suffix(site.as_str())
                    .is_some_and(|sub| sub.ends_with('.'))
        }),
        Fact::Lang(tag) => facts.language.as_ref().is_some_and(|language| {
            let language = language.to_lowercase();
            language == *tag
                || language
                    .strip_prefix(tag.as_str())
                    .is_some_and(|rest| rest.starts_with('-'))
        }),
        Fact::Topic(name) => facts.topics.iter().any(|t| t == name),
        Fact::Since(when) => facts.arrived >= when.at(now),
        Fact::Until(when) => facts.arrived < when.at(now),
        Fact::Count(measure, compare, n) => {
            let count = match measure {
                Measure::Copies => facts.copies,
                Measure::Feeds => facts.feeds,
                Measure::Words => words,
            };
            compare.holds(count, *n)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition: some phrase begins a cluster, and each other one follows at its first occurrence from there on.
    fn near_by_definition(tokens: &[&str], phrases: &[Vec<String>], distance: u32) -> bool {
        let places = |p: &Vec<String>| -> Vec<usize> {
            let stands = |at: &usize| tokens[*at..].iter().take(p.len()).eq(p.iter());
            (0..tokens.len()).filter(stands).collect()
        };
        let all: Vec<Vec<usize>> = phrases.iter().map(places).collect();
        all.iter().zip(phrases).any(|(starts, first)| {
            starts.iter().any(|&start| {
                let next = |places: &Vec<usize>| places.iter().copied().find(|p| *p >= start);
                let last: Option<Vec<usize>> = all.iter().map(next).collect();
                let last = last.and_then(|places| places.into_iter().max());
                last.is_some_and(|l| l.saturating_sub(start + first.len()) <= distance as usize)
            })
        })
    }

    proptest! {
        #[test]
        fn near_is_what_its_definition_says(
            tokens in prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 0..14),
            phrases in prop::collection::vec(
                prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 1..4), 2..4),
            distance in 0_u32..5,
        ) {
            let phrases: Vec<Vec<String>> =
                phrases.iter().map(|p| p.iter().map(|w| (*w).to_owned()).collect()).collect();
            let part = Part::of(&[&tokens.join(" ")]);
            prop_assert_eq!(
                near(&part, &phrases, distance),
                near_by_definition(&tokens, &phrases, distance)
            );
        }
    }

    #[test]
    fn sec_21_every_operator_is_linear_in_repeated_words() {
        let text = Folded::of(&crate::query::Text {
            body: &format!("y {}", "x ".repeat(200_000)),
            ..Default::default()
        });
        let far = format!("NEAR(\"{}\" y, 5)", "x ".repeat(40));
        for source in [
            "NEAR(x y, 0)",
            "NEAR(y x z, 5)",
            &far,
            "\"x x x x x x y\"",
            "\"x x x z\"*",
            "/x x x y/",
        ] {
            let started = std::time::Instant::now();
            let expr = crate::query::parse(source).unwrap();
            matches(&expr, &text, &Facts::default(), Time::EPOCH);
            let topics = crate::query::compile::TopicSet::new(vec![(String::new(), expr)]);
            topics.evaluate(&text, &Facts::default(), Time::EPOCH);
            // Linear, this takes a second or two; quadratic, many minutes. A busy machine must not fail it.
            assert!(started.elapsed().as_secs() < 60, "{source}");
        }
    }
}
