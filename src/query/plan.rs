//! How the word index evaluates an expression: a query that finds at least every match, and the residual that
//! [`super::eval`] decides, as [`Predicate`]s with the cheap ones first.

use super::ast::{Expr, Fact, Pattern, Scope};
use crate::model::Time;
use crate::text::characters::is_spaceless;

/// The shortest prefix that is looked up in the index, in characters.
const INDEXED_CHARS_MIN: usize = 3;

/// How an expression is looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexPlan {
    /// An FTS5 query over the columns title, body, author, category and agency (folded text, `ascii` tokenizer); `None` if
    /// every article is a candidate.
    pub index_query: Option<String>,
    /// What candidates must satisfy in addition; `None` if they are exactly the matches.
    pub residual: Option<Expr>,
    /// No match arrived before this.
    pub since: Option<Time>,
    /// No match arrived at or after this.
    pub until: Option<Time>,
}

/// An expression as conditions on one article, by the source that decides them; in every list the cheap ones come first, so
/// that no text is read unnecessarily.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// All of these.
    All(Vec<Predicate>),
    /// Any of these.
    Any(Vec<Predicate>),
    /// Not this.
    Not(Box<Predicate>),
    /// The word index decides: an FTS5 query, as in [`IndexPlan::index_query`], that is equivalent to the expression.
    Index(String, Expr),
    /// A fact about the article decides.
    Fact(Fact),
    /// The text must be read.
    Text(Expr),
}

impl Predicate {
    /// The predicates of an expression.
    pub fn of(expr: &Expr) -> Self {
        if let (Some(query), true) = candidate_query(expr) {
            return Self::Index(query, expr.clone());
        }
        match expr {
            Expr::And(list) => Self::All(merge_indexed(list, Expr::And, is_decided_by_index)),
            Expr::Or(list) => Self::Any(merge_indexed(list, Expr::Or, is_exact)),
            Expr::Not(inner) => Self::Not(Box::new(Self::of(inner))),
            Expr::Text(scope, Pattern::Near(phrases, _)) => {
                let phrase = |p: &Vec<String>| Expr::Text(*scope, Pattern::Phrase(p.clone()));
                let all = Expr::And(phrases.iter().map(phrase).collect());
                Self::All(vec![Self::of(&all), Self::Text(expr.clone())])
            }
            Expr::Text(..) => Self::Text(expr.clone()),
            Expr::Fact(fact) => Self::Fact(fact.clone()),
        }
    }

    /// The same without the word index, for an article whose text is available: facts come first.
    pub fn without_index(expr: &Expr) -> Self {
        let sorted = |list: &[Expr]| {
            let mut predicates: Vec<Self> = list.iter().map(Self::without_index).collect();
            predicates.sort_by_key(Self::cost);
            predicates
        };
        match expr {
            e if !e.any(&mut |e| matches!(e, Expr::Fact(_))) => Self::Text(e.clone()),
            Expr::And(list) => Self::All(sorted(list)),
            Expr::Or(list) => Self::Any(sorted(list)),
            Expr::Not(inner) => Self::Not(Box::new(Self::without_index(inner))),
            Expr::Fact(fact) => Self::Fact(fact.clone()),
            Expr::Text(..) => Self::Text(expr.clone()),
        }
    }

    /// Calls `take` with every leaf.
    pub fn each<'q>(&'q self, take: &mut dyn FnMut(&'q Predicate)) {
        match self {
            Self::All(list) | Self::Any(list) => list.iter().for_each(|q| q.each(take)),
            Self::Not(inner) => inner.each(take),
            one => take(one),
        }
    }

    /// Whether text may have to be read in addition to the word index.
    pub fn reads_text(&self) -> bool {
        self.cost() == 2
    }

    fn cost(&self) -> u8 {
        match self {
            Self::All(list) | Self::Any(list) => list.iter().map(Self::cost).max().unwrap_or(0),
            Self::Not(inner) => inner.cost(),
            Self::Index(..) => 0,
            Self::Fact(_) => 1,
            Self::Text(_) => 2,
        }
    }
}

/// The predicates of a list; the parts that the word index decides become one of them.
fn merge_indexed(
    list: &[Expr],
    joined: fn(Vec<Expr>) -> Expr,
    is_known: fn(&Expr) -> bool,
) -> Vec<Predicate> {
    let (known, mut open): (Vec<Expr>, Vec<Expr>) = list.iter().cloned().partition(is_known);
    let mut predicates = Vec::new();
    if known.iter().any(is_exact) {
        let known = joined(known);
        let (query, _) = candidate_query(&known);
        predicates.extend(query.map(|query| Predicate::Index(query, known)));
    } else {
        open.extend(known); // only exclusions: each by itself
    }
    predicates.extend(open.iter().map(Predicate::of));
    predicates.sort_by_key(Predicate::cost);
    predicates
}

/// Plans the evaluation of an expression at `now`.
pub fn index_plan(expr: &Expr, now: Time) -> IndexPlan {
    let (index_query, exact) = candidate_query(expr);
    let conjuncts: &[Expr] = match expr {
        Expr::And(list) => list,
        one => std::slice::from_ref(one),
    };
    let is_open = |e: &&Expr| !(is_bound(e) || index_query.is_some() && is_decided_by_index(e));
    let open: Vec<Expr> = conjuncts.iter().filter(is_open).cloned().collect();
    let mut plan = IndexPlan {
        index_query,
        residual: (!exact && !open.is_empty()).then_some(Expr::And(open)),
        since: None,
        until: None,
    };
    for e in conjuncts {
        match e {
            Expr::Fact(Fact::Since(when)) => {
                plan.since = plan.since.max(Some(when.at(now)));
            }
            Expr::Fact(Fact::Until(when)) => {
                let until = when.at(now);
                plan.until = Some(plan.until.map_or(until, |u| u.min(until)));
            }
            _ => {}
        }
    }
    plan
}

/// Whether a part of a conjunction becomes a time bound.
fn is_bound(e: &Expr) -> bool {
    matches!(e, Expr::Fact(Fact::Since(_) | Fact::Until(_)))
}

/// Whether the query of a conjunction decides this part of it.
fn is_decided_by_index(e: &Expr) -> bool {
    match e {
        Expr::Not(inner) => is_exact(inner),
        e => is_exact(e),
    }
}

/// Whether a query is equivalent to an expression.
fn is_exact(e: &Expr) -> bool {
    matches!(candidate_query(e), (Some(_), true))
}

/// The query and whether it is exact.
fn candidate_query(expr: &Expr) -> (Option<String>, bool) {
    match expr {
        Expr::And(list) => conjunction(list),
        Expr::Or(list) => {
            let (queries, exact): (Vec<_>, Vec<_>) = list.iter().map(candidate_query).unzip();
            let query = queries.into_iter().collect::<Option<Vec<String>>>();
            let exact = query.is_some() && exact.into_iter().all(|e| e);
            (query.map(|q| format!("({})", q.join(" OR "))), exact)
        }
        Expr::Text(scope, Pattern::Phrase(words)) => {
            (Some(phrase_query(*scope, words, false)), true)
        }
        Expr::Text(scope, Pattern::Prefix(words)) => match words.split_last() {
            Some((last, before)) if is_short(last) => {
                let known = (!before.is_empty()).then(|| phrase_query(*scope, before, false));
                (known, false)
            }
            _ => (Some(phrase_query(*scope, words, true)), true),
        },
        Expr::Text(scope, Pattern::Near(phrases, _)) => {
            let all: Vec<String> = phrases
                .iter()
                .map(|p| phrase_query(*scope, p, false))
                .collect();
            (Some(format!("({})", all.join(" AND "))), false)
        }
        Expr::Text(_, Pattern::Regex(_)) | Expr::Not(_) | Expr::Fact(_) => (None, false),
    }
}

fn conjunction(list: &[Expr]) -> (Option<String>, bool) {
    let mut wanted = Vec::new();
    let mut unwanted = Vec::new();
    let mut exact = true;
    for e in list {
        match e {
            // FTS5 has NOT only as a binary operator, and only an exact query may be subtracted.
            Expr::Not(inner) => match candidate_query(inner) {
                (Some(query), true) => unwanted.push(query),
                _ => exact = false,
            },
            e => {
                let (query, whole) = candidate_query(e);
                exact &= whole;
                wanted.extend(query);
            }
        }
    }
    if wanted.is_empty() {
        return (None, false);
    }
    let query = format!("({})", wanted.join(" AND "));
    if unwanted.is_empty() {
        return (Some(query), exact);
    }
    // A single NOT: FTS5 refuses queries that are nested deeper than 256.
    (
        Some(format!("({query} NOT ({}))", unwanted.join(" OR "))),
        exact,
    )
}

/// Whether too many words begin with this prefix to use the index, which collects all occurrences of all of them before it
/// returns the first. In scripts without spaces a character is a whole word.
pub(super) fn is_short(beginning: &str) -> bool {
    beginning.chars().count() < INDEXED_CHARS_MIN && !beginning.chars().any(is_spaceless)
}

/// The FTS5 query for consecutive words.
pub(super) fn phrase_query(scope: Scope, words: &[String], beginning: bool) -> String {
    let columns = match scope {
        Scope::Any => "{title body}",
        Scope::Title => "title",
        Scope::Body => "body",
        Scope::Author => "author",
        Scope::Category => "category",
        Scope::Agency => "agency",
    };
    // Folded words contain no quotes, so nothing needs escaping.
    let star = if beginning { " *" } else { "" };
    format!("{columns} : \"{}\"{star}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse;

    #[test]
    fn the_index_decides_in_one_predicate_and_text_comes_last() {
        let asked = |source: &str| {
            fn written(predicate: &Predicate) -> String {
                let list = |all: &[Predicate]| all.iter().map(written).collect::<Vec<_>>();
                match predicate {
                    Predicate::All(all) => format!("({})", list(all).join(" & ")),
                    Predicate::Any(any) => format!("({})", list(any).join(" | ")),
                    Predicate::Not(inner) => format!("!{}", written(inner)),
                    Predicate::Index(_, expr) => format!("words {expr}"),
                    Predicate::Fact(fact) => format!("fact {fact}"),
                    Predicate::Text(expr) => format!("text {expr}"),
                }
            }
            written(&Predicate::of(&parse(source).unwrap()))
        };
        assert_eq!(asked("red -cat"), "words \"red\" -\"cat\"");
        assert_eq!(
            asked("/x/ red lang:en -cat"),
            "(words \"red\" -\"cat\" & fact lang:\"en\" & text /x/)"
        );
        assert_eq!(
            asked("/x/ OR -red OR fox OR cat"),
            "(words \"fox\" OR \"cat\" | !words \"red\" | text /x/)"
        );
        assert_eq!(asked("-red -cat"), "(!words \"red\" & !words \"cat\")");
        assert_eq!(
            asked("NEAR(red cat, 3)"),
            "(words \"red\" \"cat\" & text NEAR(\"red\" \"cat\" , 3))"
        );
    }

    #[test]
    fn what_the_index_decides_is_not_in_the_residual() {
        let rest = |source: &str| {
            let plan = index_plan(&parse(source).unwrap(), Time::EPOCH);
            plan.residual.map(|e| e.to_string())
        };
        assert_eq!(rest("red (fox OR \"a b\") -cat title:xyz* 東*"), None);
        // Too many words begin with one or two letters, so the text is read.
        assert_eq!(
            rest("red title:\"a x\"*").as_deref(),
            Some("title:\"a x\"*")
        );
        assert_eq!(rest("since:7d"), None);
        assert_eq!(
            rest("red since:7d lang:en -cat").as_deref(),
            Some("lang:\"en\"")
        );
        assert_eq!(
            rest("red /x/ -lang:en").as_deref(),
            Some("/x/ -lang:\"en\"")
        );
        assert_eq!(
            rest("red OR lang:en").as_deref(),
            Some("(\"red\" OR lang:\"en\")")
        );
        assert_eq!(rest("-red").as_deref(), Some("-\"red\""));
    }
}
