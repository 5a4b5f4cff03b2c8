//! All topics at once: one pass over the text finds every literal of every topic (Aho and Corasick, 1975), and only topics
//! with a found literal are evaluated. The cost is text plus hits, not text times topics.
//!
//! Evaluation has two stages. [`TopicSet::match_text`] evaluates everything that depends on the text and needs no store;
//! [`TopicSet::match_facts`] adds the facts, and never reads text, so that it can run inside a transaction.
//!
//! Regular expressions are evaluated one by one, after everything cheaper: most topics have none, and a combined automaton
//! of a thousand of them is slower than the few that are reached.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};

use super::ast::{Expr, Fact, Name, Pattern, Scope};
use super::eval::{self, literal, matches_feed};
use super::subject::{Facts, Folded};
use crate::model::Time;
use crate::text::fold::fold;

/// Topics, compiled together.
#[derive(Debug)]
pub struct TopicSet {
    topics: Vec<(String, Expr)>,
    rules: Vec<Rule>,
    automaton: Option<AhoCorasick>,
    /// By literal: the topics that need one of their literals to be found, this one among them.
    by_literal: Vec<Vec<usize>>,
    /// The topics that are always evaluated, because no missing literal rules them out.
    always: Vec<usize>,
    /// Patterns of the text other than literals, by number.
    predicates: Vec<Expr>,
}

/// The result of a [`TopicSet`] for the text of one article. It is valid for that set only.
#[derive(Debug, Clone, Default)]
pub struct TextMatches {
    /// The topics that the text does not rule out, in their order, and whether facts must still decide.
    candidates: Vec<(usize, bool)>,
    /// The found literals, by number, with the parts of the text as bits; empty if no fact must decide.
    hits: Vec<(usize, u8)>,
    /// The evaluated patterns, by number, with their results; empty if no fact must decide.
    answers: Vec<(usize, bool)>,
    /// Tokens of the body.
    words: u64,
}

/// A compiled expression: literals and patterns are numbers, and cheap parts come first.
#[derive(Debug)]
enum Rule {
    All(Vec<Rule>),
    Any(Vec<Rule>),
    Not(Box<Rule>),
    /// The number of a literal, and the parts of the text that count, as bits.
    Literal(usize, u8),
    /// An earlier topic; `None` if there is no earlier topic of that name.
    Topic(Option<usize>),
    /// A feed's name, as written and folded.
    Feed(String, String),
    /// A fact that the plain evaluator decides.
    Fact(Fact),
    /// The number of a pattern.
    Text(usize),
}

/// The first stage: text only. A rule is true, false, or undecided.
struct TextStage<'s> {
    text: &'s Folded,
    predicates: &'s [Expr],
    /// By literal: the parts of the text that contain it, as bits.
    found: Vec<u8>,
    answers: HashMap<usize, bool>,
    /// By topic: its result so far. A topic that is not a candidate is false.
    topics: Vec<Option<bool>>,
}

/// The second stage: facts decide what the text left undecided.
struct FactStage<'s> {
    text_matches: &'s TextMatches,
    facts: &'s Facts,
    /// The feed's title, folded.
    feed_title: String,
    /// By topic: whether it matched.
    topics: Vec<bool>,
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
        let mut by_literal = vec![Vec::new(); compiler.texts.len()];
        let mut always = Vec::new();
        for (i, rule) in rules.iter().enumerate() {
            match compiler.needed(rule) {
                Some(literals) => literals.into_iter().for_each(|literal| {
                    if let Some(topics) = by_literal.get_mut(literal) {
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
            by_literal,
            always,
            predicates: compiler.predicates,
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

    /// The indices of the topics that match. `topic:` in a definition refers to earlier topics only.
    pub fn evaluate(&self, text: &Folded, facts: &Facts, now: Time) -> Vec<usize> {
        self.match_facts(&self.match_text(text), facts, now)
    }

    /// Evaluates everything that depends on the text: the part of [`Self::evaluate`] whose cost grows with the text.
    pub fn match_text(&self, text: &Folded) -> TextMatches {
        let (found, candidates) = self.find(text);
        let mut stage = TextStage {
            text,
            predicates: &self.predicates,
            found,
            answers: HashMap::new(),
            topics: vec![Some(false); self.topics.len()],
        };
        let mut text_matches = TextMatches {
            words: text.words,
            ..TextMatches::default()
        };
        for i in candidates {
            let known = self
                .rules
                .get(i)
                .and_then(|rule| rule.eval_text(&mut stage));
            if let Some(slot) = stage.topics.get_mut(i) {
                *slot = known;
            }
            if known != Some(false) {
                text_matches.candidates.push((i, known.is_none()));
            }
        }
        if text_matches.candidates.iter().any(|(_, is_open)| *is_open) {
            let hits = stage.found.iter().copied().enumerate();
            text_matches.hits = hits.filter(|(_, parts)| *parts != 0).collect();
            text_matches.answers = stage.answers.into_iter().collect();
            text_matches.answers.sort_unstable();
        }
        text_matches
    }

    /// The indices of the topics that match, as in [`Self::evaluate`]; `text_matches` must be of the same set. No text is read.
    pub fn match_facts(&self, text_matches: &TextMatches, facts: &Facts, now: Time) -> Vec<usize> {
        let mut stage = FactStage {
            text_matches,
            facts,
            feed_title: fold(&facts.feed_title),
            topics: vec![false; self.topics.len()],
            now,
        };
        let mut out = Vec::new();
        for &(i, is_open) in &text_matches.candidates {
            let rule = self.rules.get(i);
            let is_match = !is_open || rule.is_some_and(|rule| rule.holds(&stage));
            if let Some(slot) = stage.topics.get_mut(i).filter(|_| is_match) {
                *slot = true;
                out.push(i);
            }
        }
        out
    }

    /// The parts that contain each literal, and the topics that may match, in their order.
    fn find(&self, text: &Folded) -> (Vec<u8>, Vec<usize>) {
        let mut found = vec![0; self.by_literal.len()];
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
                        candidates.extend(self.by_literal.get(literal).into_iter().flatten());
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
    /// The result by the text alone; `None` if facts decide. Everything that [`Self::holds`] looks up later was evaluated
    /// here, because both walk in the same order and an undecided part does not end the walk.
    fn eval_text(&self, stage: &mut TextStage<'_>) -> Option<bool> {
        match self {
            Self::All(list) => joined(list, false, stage),
            Self::Any(list) => joined(list, true, stage),
            Self::Not(inner) => inner.eval_text(stage).map(|holds| !holds),
            Self::Literal(id, parts) => Some(stage.found.get(*id).is_some_and(|f| f & parts != 0)),
            Self::Topic(None) => Some(false),
            Self::Topic(Some(topic)) => stage.topics.get(*topic).copied().flatten(),
            Self::Feed(..) | Self::Fact(_) => None,
            Self::Text(id) => {
                let (text, predicate) = (stage.text, stage.predicates.get(*id));
                let ask = || {
                    predicate
                        .is_some_and(|q| eval::matches(q, text, &Facts::default(), Time::EPOCH))
                };
                Some(*stage.answers.entry(*id).or_insert_with(ask))
            }
        }
    }

    fn holds(&self, stage: &FactStage<'_>) -> bool {
        match self {
            Self::All(list) => list.iter().all(|rule| rule.holds(stage)),
            Self::Any(list) => list.iter().any(|rule| rule.holds(stage)),
            Self::Not(inner) => !inner.holds(stage),
            Self::Literal(id, parts) => {
                let hits = &stage.text_matches.hits;
                let hit = hits.binary_search_by_key(id, |(literal, _)| *literal);
                hit.is_ok_and(|at| hits.get(at).is_some_and(|(_, found)| found & parts != 0))
            }
            Self::Topic(topic) => topic.is_some_and(|topic| stage.topics.get(topic) == Some(&true)),
            Self::Feed(name, folded) => matches_feed(name, folded, stage.facts, &stage.feed_title),
            Self::Fact(fact) => eval::holds(fact, stage.facts, stage.text_matches.words, stage.now),
            Self::Text(id) => stage
                .text_matches
                .answers
                .binary_search(&(*id, true))
                .is_ok(),
        }
    }

    /// The approximate cost of evaluation.
    fn cost(&self) -> u32 {
        match self {
            Self::Literal(..) | Self::Topic(_) => 1,
            Self::Not(inner) => inner.cost(),
            Self::All(list) | Self::Any(list) => list.iter().map(Self::cost).sum(),
            Self::Feed(..) | Self::Fact(_) => 100,
            Self::Text(_) => 10_000,
        }
    }
}

/// A list in which one part with the result `decisive` decides the whole.
fn joined(list: &[Rule], decisive: bool, stage: &mut TextStage<'_>) -> Option<bool> {
    let mut all_known = true;
    for rule in list {
        match rule.eval_text(stage) {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => all_known = false,
        }
    }
    all_known.then_some(!decisive)
}

/// The literals and patterns of all topics, each once, and the topics compiled so far.
#[derive(Default)]
struct Compiler {
    numbers: HashMap<String, usize>,
    texts: Vec<String>,
    question_numbers: HashMap<String, usize>,
    predicates: Vec<Expr>,
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
                all.push(self.predicate(expr));
                Rule::All(all)
            }
            Expr::Text(_, Pattern::Regex(_)) => self.predicate(expr),
            Expr::Fact(Fact::Topic(name)) => Rule::Topic(self.before.get(name).copied()),
            Expr::Fact(Fact::Feed(Name::Is(name))) => Rule::Feed(name.clone(), fold(name)),
            Expr::Fact(fact) => Rule::Fact(fact.clone()),
        }
    }

    fn cheapest_first(&mut self, list: &[Expr]) -> Vec<Rule> {
        let mut rules: Vec<Rule> = list.iter().map(|e| self.rule(e)).collect();
        rules.sort_by_key(Rule::cost);
        rules
    }

    fn predicate(&mut self, expr: &Expr) -> Rule {
        let next = self.predicates.len();
        let number = *self
            .question_numbers
            .entry(expr.to_string())
            .or_insert(next);
        if number == next {
            self.predicates.push(expr.clone());
        }
        Rule::Text(number)
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

    /// Literals of which at least one must be found for the rule to hold, as few and as rare as possible; `None` if it may
    /// hold without any.
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
            Rule::Not(_) | Rule::Topic(_) | Rule::Feed(..) | Rule::Fact(_) | Rule::Text(_) => None,
        }
    }
}
