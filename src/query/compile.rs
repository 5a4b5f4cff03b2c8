//! All topics at once: one pass over the text finds every literal of every topic (Aho and Corasick, 1975), then
//! each expression is a few look-ups. The cost is text plus topics, not text times topics.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};

use super::ast::{Expr, Pattern, Scope};
use super::eval::{literal, walk};
use super::subject::{Facts, Folded};
use crate::model::Time;

/// Topics, compiled together.
#[derive(Debug)]
pub struct TopicSet {
    topics: Vec<(String, Expr)>,
    literals: HashMap<String, usize>,
    automaton: Option<AhoCorasick>,
}

impl TopicSet {
    /// Compiles named expressions.
    pub fn new(topics: Vec<(String, Expr)>) -> Self {
        let mut literals = HashMap::new();
        for (_, expr) in &topics {
            gather(expr, &mut literals);
        }
        let mut list: Vec<&String> = literals.keys().collect();
        list.sort_by_key(|l| literals.get(*l));
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(list)
            .ok();
        Self {
            topics,
            literals,
            automaton,
        }
    }

    /// How many topics there are.
    pub fn len(&self) -> usize {
        self.topics.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    /// The expressions with their names, in the order given.
    pub fn topics(&self) -> &[(String, Expr)] {
        &self.topics
    }

    /// The places (in the order given) of the topics that match. `topic:` in a definition sees the topics that
    /// stand before it.
    pub fn evaluate(&self, text: &Folded, facts: &Facts, now: Time) -> Vec<usize> {
        let found = self.find(text);
        let finds = |scope: Scope, needle: &str| {
            self.literals.get(needle).is_some_and(|&i| {
                parts(scope)
                    .iter()
                    .any(|&part| found.get(part * self.literals.len() + i) == Some(&true))
            })
        };
        let mut facts = facts.clone();
        facts.topics.clear();
        let mut out = Vec::new();
        for (i, (name, expr)) in self.topics.iter().enumerate() {
            if walk(expr, &facts, text, now, &finds) {
                facts.topics.push(name.clone());
                out.push(i);
            }
        }
        out
    }

    /// Which literal stands in which part, part by part.
    fn find(&self, text: &Folded) -> Vec<bool> {
        let all = [
            &text.title,
            &text.body,
            &text.author,
            &text.category,
            &text.agency,
        ];
        let mut found = vec![false; all.len() * self.literals.len()];
        let Some(automaton) = &self.automaton else {
            return found;
        };
        for (part, text) in all.iter().enumerate() {
            for hit in automaton.find_overlapping_iter(text.as_str()) {
                let at = part * self.literals.len() + hit.pattern().as_usize();
                if let Some(slot) = found.get_mut(at) {
                    *slot = true;
                }
            }
        }
        found
    }
}

fn parts(scope: Scope) -> &'static [usize] {
    match scope {
        Scope::Any => &[0, 1],
        Scope::Title => &[0],
        Scope::Body => &[1],
        Scope::Author => &[2],
        Scope::Category => &[3],
        Scope::Agency => &[4],
    }
}

fn gather(expr: &Expr, literals: &mut HashMap<String, usize>) {
    let mut add = |words: &[String], beginning| {
        let next = literals.len();
        literals.entry(literal(words, beginning)).or_insert(next);
    };
    match expr {
        Expr::And(list) | Expr::Or(list) => list.iter().for_each(|e| gather(e, literals)),
        Expr::Not(inner) => gather(inner, literals),
        Expr::Text(_, Pattern::Phrase(words)) => add(words, false),
        Expr::Text(_, Pattern::Prefix(words)) => add(words, true),
        Expr::Text(_, Pattern::Near(phrases, _)) => phrases.iter().for_each(|p| add(p, false)),
        Expr::Text(_, Pattern::Regex(_)) | Expr::Fact(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::{Text, eval, parse};
    use proptest::prelude::*;

    fn folded(title: &str, body: &str) -> Folded {
        Folded::of(&Text {
            title,
            body,
            ..Text::default()
        })
    }

    #[test]
    fn topics_see_the_topics_before_them() {
        let set = TopicSet::new(vec![
            ("war".into(), parse("ukraine").unwrap()),
            ("talks".into(), parse("topic:war talks").unwrap()),
        ]);
        let text = folded("Ukraine: talks go on", "");
        assert_eq!(set.evaluate(&text, &Facts::default(), Time::EPOCH), [0, 1]);
    }

    #[test]
    fn words_match_on_boundaries_without_case_and_diacritics() {
        let yes = |expr: &str, title: &str| {
            eval::matches(
                &parse(expr).unwrap(),
                &folded(title, ""),
                &Facts::default(),
                Time::EPOCH,
            )
        };
        assert!(yes("KYIV", "Kyïv's mayor"));
        assert!(!yes("art", "The start"));
        assert!(yes("star*", "The start"));
        assert!(yes("\"armed forces\"", "Armed-Forces day"));
        assert!(!yes("\"armed forces\"", "armed police forces"));
        assert!(yes("京都", "東京都の話"));
        assert!(yes("NEAR(red fox, 2)", "a fox, quick and red"));
        assert!(!yes("NEAR(red fox, 1)", "a fox, quick and red"));
        assert!(yes("/qu.ck/", "a quick one") && !yes("/QUICK/", "a quick one"));
    }

    fn expression() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec![
            "red",
            "fox",
            "\"red fox\"",
            "qu*",
            "title:red",
            "body:fox",
            "NEAR(red fox, 1)",
            "/r.d/",
            "words>=3",
            "lang:en",
            "copies>=2",
            "tag:news",
        ])
        .prop_map(str::to_owned);
        leaf.prop_recursive(4, 16, 3, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} {b})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
                inner.prop_map(|a| format!("-{a}")),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_two_evaluators_agree(
            exprs in prop::collection::vec(expression(), 1..5),
            title in prop::collection::vec(prop::sample::select(vec!["red", "fox", "quick", "a"]), 0..5),
            body in prop::collection::vec(prop::sample::select(vec!["red", "fox", "quick", "a"]), 0..8),
            english in any::<bool>(),
        ) {
            let text = folded(&title.join(" "), &body.join(" "));
            let facts = Facts {
                language: english.then(|| "en".to_owned()),
                copies: 2,
                ..Facts::default()
            };
            let exprs: Vec<Expr> = exprs.iter().map(|e| parse(e).unwrap()).collect();
            let set = TopicSet::new(exprs.iter().map(|e| (String::new(), e.clone())).collect());
            let one_by_one: Vec<usize> = (0..exprs.len())
                .filter(|&i| eval::matches(&exprs[i], &text, &facts, Time::EPOCH))
                .collect();
            prop_assert_eq!(set.evaluate(&text, &facts, Time::EPOCH), one_by_one);
        }
    }
}
