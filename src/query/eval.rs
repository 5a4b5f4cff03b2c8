//! The plain evaluator: what an expression means, said as simply as possible.

use super::ast::{Expr, Fact, Measure, Name, Pattern, Scope};
use super::fold::fold;
use super::subject::{Facts, Folded};
use crate::model::{FeedId, Time};

/// Whether an article matches. `now` is where relative times count from.
pub fn matches(expr: &Expr, text: &Folded, facts: &Facts, now: Time) -> bool {
    match expr {
        Expr::And(list) => list.iter().all(|e| matches(e, text, facts, now)),
        Expr::Or(list) => list.iter().any(|e| matches(e, text, facts, now)),
        Expr::Not(inner) => !matches(inner, text, facts, now),
        Expr::Text(scope, pattern) => text_matches(*scope, pattern, text),
        Expr::Fact(fact) => holds(fact, facts, text.words, now),
    }
}

/// Something that an expression speaks of and that is so of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The field: `title`, `body`, ... of words, `tag`, `copies`, ... of facts.
    pub field: &'static str,
    /// The word, phrase or regular expression; of a fact all of it: `tag:"sea"`.
    pub words: String,
    /// Whether the expression wants it not to be so.
    pub is_unwanted: bool,
}

/// What of an expression is so of an article: for explanations.
pub fn found(expr: &Expr, text: &Folded, facts: &Facts, now: Time) -> Vec<Found> {
    let mut out = Vec::new();
    collect(expr, false, &mut out, &|leaf| {
        matches(leaf, text, facts, now)
    });
    out
}

fn collect(expr: &Expr, is_unwanted: bool, out: &mut Vec<Found>, is_so: &dyn Fn(&Expr) -> bool) {
    let mut add = |field, words, leaf: &Expr| {
        let found = Found {
            field,
            words,
            is_unwanted,
        };
        if is_so(leaf) && !out.contains(&found) {
            out.push(found);
        }
    };
    match expr {
        Expr::And(list) | Expr::Or(list) => {
            list.iter()
                .for_each(|e| collect(e, is_unwanted, out, is_so));
        }
        Expr::Not(inner) => collect(inner, !is_unwanted, out, is_so),
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

/// The literal that stands for a phrase in folded text: `" a b "`, or `" a b"` for a beginning.
pub(super) fn literal(words: &[String], beginning: bool) -> String {
    let mut out = String::from(" ");
    out.push_str(&words.join(" "));
    if !beginning {
        out.push(' ');
    }
    out
}

fn text_matches(scope: Scope, pattern: &Pattern, text: &Folded) -> bool {
    let stands = |words: &[String], beginning| {
        let literal = literal(words, beginning);
        text.parts(scope).any(|part| part.contains(&literal))
    };
    match pattern {
        Pattern::Phrase(words) => stands(words, false),
        Pattern::Prefix(words) => stands(words, true),
        Pattern::Regex(regex) => text.raw(scope).any(|part| regex.compiled.is_match(part)),
        Pattern::Near(phrases, distance) => {
            text.parts(scope).any(|part| near(part, phrases, *distance))
        }
    }
}

/// Whether all phrases stand in `part` with at most `distance` tokens between the end of the first and the start of
/// the last (as FTS5 counts).
fn near(part: &str, phrases: &[Vec<String>], distance: u32) -> bool {
    let tokens: Vec<&str> = part.split_ascii_whitespace().collect();
    let places: Vec<Vec<usize>> = phrases
        .iter()
        .map(|p| {
            tokens
                .windows(p.len().max(1))
                .enumerate()
                .filter(|(_, w)| w.iter().zip(p).all(|(a, b)| *a == b.as_str()))
                .map(|(i, _)| i)
                .collect()
        })
        .collect();
    // Every cluster begins with some occurrence of some phrase; from there each other phrase is best taken at its
    // first occurrence that is not before it.
    places.iter().zip(phrases).any(|(starts, first)| {
        starts.iter().any(|&start| {
            let last = places
                .iter()
                .map(|others| others.iter().copied().find(|&o| o >= start))
                .try_fold(start, |last, place| place.map(|p| last.max(p)));
            last.is_some_and(|last| last.saturating_sub(start + first.len()) <= distance as usize)
        })
    })
}

/// Whether a name means the feed: its id, its URL, or words of its title. `folded` is the name, `title` the feed's
/// title, both folded.
pub(super) fn feed_is(name: &str, folded: &str, facts: &Facts, title: &str) -> bool {
    name == facts.feed_id
        || name == facts.feed_url
        // It may have moved since it was named so.
        || (name.contains("://") && FeedId::of(name).to_string() == facts.feed_id)
        || title.contains(folded)
}

/// Whether a fact holds of an article with so many words.
pub fn holds(fact: &Fact, facts: &Facts, words: u64, now: Time) -> bool {
    match fact {
        Fact::Feed(Name::Is(name)) => feed_is(name, &fold(name), facts, &fold(&facts.feed_title)),
        Fact::Feed(Name::Like(regex)) => {
            regex.compiled.is_match(&facts.feed_title) || regex.compiled.is_match(&facts.feed_url)
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
        Fact::Tag(Name::Like(regex)) => facts.tags.iter().any(|t| regex.compiled.is_match(t)),
        Fact::Url(Name::Is(part)) => facts
            .url
            .as_ref()
            .is_some_and(|u| u.to_lowercase().contains(&part.to_lowercase())),
        Fact::Url(Name::Like(regex)) => facts
            .url
            .as_ref()
            .is_some_and(|u| regex.compiled.is_match(u)),
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
