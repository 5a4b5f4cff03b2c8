//! What the word index can say about an expression: a query that finds at least every match, and what it leaves open.
//! That, [`super::eval`] decides.

use super::ast::{Expr, Fact, Pattern, Scope};
use crate::model::Time;

/// How an expression is looked up.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexPlan {
    /// An FTS5 query over the columns title, body, author, category and agency (folded text, `ascii` tokenizer);
    /// none: every article is a candidate.
    pub words: Option<String>,
    /// What must hold besides of those found; none: they are exactly the matches.
    pub rest: Option<Expr>,
    /// No match arrived before.
    pub since: Option<Time>,
    /// No match arrived at or after.
    pub until: Option<Time>,
}

/// Plans the look-up of an expression at `now`.
pub fn index_plan(expr: &Expr, now: Time) -> IndexPlan {
    let (words, exact) = superset(expr);
    let conjuncts: &[Expr] = match expr {
        Expr::And(list) => list,
        one => std::slice::from_ref(one),
    };
    let is_open = |e: &&Expr| !(is_bound(e) || words.is_some() && is_told(e));
    let open: Vec<Expr> = conjuncts.iter().filter(is_open).cloned().collect();
    let mut plan = IndexPlan {
        words,
        rest: (!exact && !open.is_empty()).then_some(Expr::And(open)),
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

/// Whether a part of a conjunction becomes a bound of time.
fn is_bound(e: &Expr) -> bool {
    matches!(e, Expr::Fact(Fact::Since(_) | Fact::Until(_)))
}

/// Whether the query of a conjunction tells this part of it for good.
fn is_told(e: &Expr) -> bool {
    let plain = match e {
        Expr::Not(inner) => inner,
        e => e,
    };
    matches!(superset(plain), (Some(_), true))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse;

    #[test]
    fn what_the_index_tells_is_not_asked_again() {
        let rest = |source: &str| {
            let plan = index_plan(&parse(source).unwrap(), Time::EPOCH);
            plan.rest.map(|e| e.to_string())
        };
        assert_eq!(rest("red (fox OR \"a b\") -cat title:x*"), None);
        assert_eq!(rest("since:7d"), None);
        assert_eq!(
            rest("red since:7d lang:en -cat").as_deref(),
            Some("(lang:\"en\")")
        );
        assert_eq!(
            rest("red /x/ -lang:en").as_deref(),
            Some("(/x/ -lang:\"en\")")
        );
        assert_eq!(
            rest("red OR lang:en").as_deref(),
            Some("((\"red\" OR lang:\"en\"))")
        );
        assert_eq!(rest("-red").as_deref(), Some("(-\"red\")"));
    }
}
