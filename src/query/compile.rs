//! All topics at once: one pass over the text finds every literal of every topic (Aho and Corasick, 1975), and only
//! topics with a literal that was found are looked at. The cost is text plus hits, not text times topics.
//!
//! Regular expressions are asked one by one, after everything cheaper has said yes: most topics have none, and a set of
//! a thousand of them is slower than the few that are reached.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};

use super::ast::{Expr, Fact, Name, Pattern, Scope};
use super::eval::{self, feed_is, literal};
use super::fold::fold;
use super::subject::{Facts, Folded};
use crate::model::Time;

/// Topics, compiled together.
#[derive(Debug)]
pub struct TopicSet {
    topics: Vec<(String, Expr)>,
    rules: Vec<Rule>,
    automaton: Option<AhoCorasick>,
    /// By literal: the topics that match only if one of their literals of this kind is found.
    waiting: Vec<Vec<usize>>,
    /// The topics that no missing literal rules out.
    always: Vec<usize>,
}

/// An expression, ready: literals are numbers, the cheap questions come first.
#[derive(Debug)]
enum Rule {
    All(Vec<Rule>),
    Any(Vec<Rule>),
    Not(Box<Rule>),
    /// The number of a literal, and the parts of the text that count, as bits.
    Literal(usize, u8),
    /// The topic before this one that is meant; none: it does not stand before it.
    Topic(Option<usize>),
    /// A feed's name as written, and folded.
    Feed(String, String),
    /// What the plain evaluator says.
    Plain(Expr),
}

/// What the rules are asked about.
struct Subject<'s> {
    text: &'s Folded,
    facts: &'s Facts,
    /// The feed's title, folded.
    feed_title: String,
    /// By literal: the parts that it stands in, as bits.
    found: Vec<u8>,
    /// By topic: whether it matched.
    matched: Vec<bool>,
    now: Time,
}

impl TopicSet {
    /// Compiles named expressions.
    pub fn new(topics: Vec<(String, Expr)>) -> Self {
        let mut compiler = Compiler::default();
        let mut rules = Vec::with_capacity(topics.len());
        for (i, (name, expr)) in topics.iter().enumerate() {
            rules.push(compiler.rule(expr));
            compiler.before.insert(name.clone(), i);
        }
        let mut waiting = vec![Vec::new(); compiler.texts.len()];
        let mut always = Vec::new();
        for (i, rule) in rules.iter().enumerate() {
            match compiler.needed(rule) {
                Some(literals) => literals.into_iter().for_each(|literal| {
                    if let Some(topics) = waiting.get_mut(literal) {
                        topics.push(i);
                    }
                }),
                None => always.push(i),
            }
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            // Every literal begins with a space: there is nothing to skip to.
            .prefilter(false)
            .build(&compiler.texts)
            .ok();
        Self {
            topics,
            rules,
            automaton,
            waiting,
            always,
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
        let (found, candidates) = self.find(text);
        let mut subject = Subject {
            text,
            facts,
            feed_title: fold(&facts.feed_title),
            found,
            matched: vec![false; self.topics.len()],
            now,
        };
        let mut out = Vec::new();
        for i in candidates {
            let is_match = self.rules.get(i).is_some_and(|rule| rule.holds(&subject));
            if let Some(slot) = subject.matched.get_mut(i).filter(|_| is_match) {
                *slot = true;
                out.push(i);
            }
        }
        out
    }

    /// Which literal stands in which parts, and the topics that may match, in their order.
    fn find(&self, text: &Folded) -> (Vec<u8>, Vec<usize>) {
        let mut found = vec![0; self.waiting.len()];
        let mut candidates = self.always.clone();
        let parts = [
            &text.title,
            &text.body,
            &text.author,
            &text.category,
            &text.agency,
        ];
        for (part, text) in parts.iter().enumerate() {
            let hits = self.automaton.iter();
            for hit in hits.flat_map(|a| a.find_overlapping_iter(text.as_str())) {
                let literal = hit.pattern().as_usize();
                if let Some(seen) = found.get_mut(literal) {
                    if *seen == 0 {
                        candidates.extend(self.waiting.get(literal).into_iter().flatten());
                    }
                    *seen |= 1 << part;
                }
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        (found, candidates)
    }
}

impl Rule {
    fn holds(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::All(list) => list.iter().all(|rule| rule.holds(subject)),
            Self::Any(list) => list.iter().any(|rule| rule.holds(subject)),
            Self::Not(inner) => !inner.holds(subject),
            Self::Literal(id, parts) => subject.found.get(*id).is_some_and(|f| f & parts != 0),
            Self::Topic(topic) => {
                topic.is_some_and(|topic| subject.matched.get(topic) == Some(&true))
            }
            Self::Feed(name, folded) => feed_is(name, folded, subject.facts, &subject.feed_title),
            Self::Plain(expr) => eval::matches(expr, subject.text, subject.facts, subject.now),
        }
    }

    /// What asking costs, roughly.
    fn cost(&self) -> u32 {
        match self {
            Self::Literal(..) | Self::Topic(_) => 1,
            Self::Not(inner) => inner.cost(),
            Self::All(list) | Self::Any(list) => list.iter().map(Self::cost).sum(),
            Self::Feed(..) | Self::Plain(Expr::Fact(_)) => 100,
            Self::Plain(_) => 10_000, // it reads the text
        }
    }
}

/// The literals of all topics, each once, and the topics seen so far.
#[derive(Default)]
struct Compiler {
    numbers: HashMap<String, usize>,
    texts: Vec<String>,
    before: HashMap<String, usize>,
}

impl Compiler {
    fn rule(&mut self, expr: &Expr) -> Rule {
        match expr {
            Expr::And(list) => Rule::All(self.cheapest_first(list)),
            Expr::Or(list) => Rule::Any(self.cheapest_first(list)),
            Expr::Not(inner) => Rule::Not(Box::new(self.rule(inner))),
            Expr::Text(scope, Pattern::Phrase(words)) => self.literal(*scope, words, false),
            Expr::Text(scope, Pattern::Prefix(words)) => self.literal(*scope, words, true),
            Expr::Text(scope, Pattern::Near(phrases, _)) => {
                let all = phrases.iter().map(|p| self.literal(*scope, p, false));
                let mut all: Vec<Rule> = all.collect();
                all.push(Rule::Plain(expr.clone()));
                Rule::All(all)
            }
            Expr::Fact(Fact::Topic(name)) => Rule::Topic(self.before.get(name).copied()),
            Expr::Fact(Fact::Feed(Name::Is(name))) => Rule::Feed(name.clone(), fold(name)),
            Expr::Text(_, Pattern::Regex(_)) | Expr::Fact(_) => Rule::Plain(expr.clone()),
        }
    }

    fn cheapest_first(&mut self, list: &[Expr]) -> Vec<Rule> {
        let mut rules: Vec<Rule> = list.iter().map(|e| self.rule(e)).collect();
        rules.sort_by_key(Rule::cost);
        rules
    }

    fn literal(&mut self, scope: Scope, words: &[String], beginning: bool) -> Rule {
        let parts = match scope {
            Scope::Any => 0b11,
            Scope::Title => 0b1,
            Scope::Body => 0b10,
            Scope::Author => 0b100,
            Scope::Category => 0b1000,
            Scope::Agency => 0b1_0000,
        };
        let text = literal(words, beginning);
        let next = self.texts.len();
        let number = *self.numbers.entry(text.clone()).or_insert(next);
        if number == next {
            self.texts.push(text);
        }
        Rule::Literal(number, parts)
    }

    /// Literals of which one must be found for the rule to hold, as few and as rare as there are; none: it may hold
    /// without any.
    fn needed(&self, rule: &Rule) -> Option<Vec<usize>> {
        match rule {
            Rule::Literal(number, _) => Some(vec![*number]),
            // A long literal is rarer than a short one.
            Rule::All(list) => {
                list.iter()
                    .filter_map(|rule| self.needed(rule))
                    .min_by_key(|needed| {
                        let lengths = needed.iter().filter_map(|&n| self.texts.get(n));
                        let shortest = lengths.map(String::len).min();
                        (needed.len(), std::cmp::Reverse(shortest))
                    })
            }
            Rule::Any(list) => {
                let all: Option<Vec<Vec<usize>>> = list.iter().map(|r| self.needed(r)).collect();
                all.map(|all| all.concat())
            }
            Rule::Not(_) | Rule::Topic(_) | Rule::Feed(..) | Rule::Plain(_) => None,
        }
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
