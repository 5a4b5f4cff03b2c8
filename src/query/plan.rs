//! What the word index can say about an expression: a query that finds at least every match, and whether it finds
//! exactly those. What is left over, [`super::eval`] decides.

use super::ast::{Expr, Fact, Pattern, Scope};
use crate::model::Time;

/// How an expression is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexPlan {
    /// An FTS5 query over the columns title, body, author, category and agency (folded text, `ascii` tokenizer);
    /// none: every article is a candidate.
    pub words: Option<String>,
    /// Whether that finds exactly the matches.
    pub exact: bool,
    /// No match arrived before.
    pub since: Option<Time>,
    /// No match arrived at or after.
    pub until: Option<Time>,
}

/// Plans the look-up of an expression at `now`.
pub fn index_plan(expr: &Expr, now: Time) -> IndexPlan {
    let (words, exact) = superset(expr);
    let mut plan = IndexPlan {
        words,
        exact,
        since: None,
        until: None,
    };
    let conjuncts: &[Expr] = match expr {
        Expr::And(list) => list,
        one => std::slice::from_ref(one),
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

/// The query and whether it is exact.
fn superset(expr: &Expr) -> (Option<String>, bool) {
    match expr {
        Expr::And(list) => conjunction(list),
        Expr::Or(list) => {
            let (queries, exact): (Vec<_>, Vec<_>) = list.iter().map(superset).unzip();
            let query = queries.into_iter().collect::<Option<Vec<String>>>();
            let exact = query.is_some() && exact.into_iter().all(|e| e);
            (query.map(|q| format!("({})", q.join(" OR "))), exact)
        }
        Expr::Text(scope, Pattern::Phrase(words)) => (Some(phrase(*scope, words, false)), true),
        Expr::Text(scope, Pattern::Prefix(words)) => (Some(phrase(*scope, words, true)), true),
        Expr::Text(scope, Pattern::Near(phrases, _)) => {
            let all: Vec<String> = phrases.iter().map(|p| phrase(*scope, p, false)).collect();
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
            // FTS5 knows NOT only beside something that is wanted, and only an exact query may be taken away.
            Expr::Not(inner) => match superset(inner) {
                (Some(query), true) => unwanted.push(query),
                _ => exact = false,
            },
            e => {
                let (query, whole) = superset(e);
                exact &= whole;
                wanted.extend(query);
            }
        }
    }
    if wanted.is_empty() {
        return (None, false);
    }
    let mut query = format!("({})", wanted.join(" AND "));
    for no in unwanted {
        query = format!("({query} NOT {no})");
    }
    (Some(query), exact)
}

fn phrase(scope: Scope, words: &[String], beginning: bool) -> String {
    let columns = match scope {
        Scope::Any => "{title body}",
        Scope::Title => "title",
        Scope::Body => "body",
        Scope::Author => "author",
        Scope::Category => "category",
        Scope::Agency => "agency",
    };
    // Folded words hold no quotes: nothing to escape.
    let star = if beginning { " *" } else { "" };
    format!("{columns} : \"{}\"{star}", words.join(" "))
}
