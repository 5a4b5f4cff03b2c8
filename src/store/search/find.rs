//! Which stories and articles a selection means, and in which order: SQL and the word index first, the evaluator of
//! `query` for what they cannot say.
//!
//! Row numbers follow time: an article's `arrived` is never after its own first sighting, and later rows were not
//! sighted earlier. So a walk from the newest row down may stop as soon as nothing better can follow.

use std::collections::HashMap;

use rusqlite::{Connection, params_from_iter};

use crate::model::{ArticleRow, Seq, StoryRow};
use crate::query::Expr;
use crate::query::plan::{IndexPlan, Predicate, index_plan};
use crate::query::rank::{Counts, Ranking};
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::search::candidates::{candidates, order_of};
use crate::store::search::matcher::Matcher;
use crate::store::search::narrow::{self, Among};
use crate::store::search::newest::{BOUNDS, Bounds, Search, newest};
use crate::store::search::plain;
use crate::store::search::selection::{Order, Selection};
use crate::store::sql::Sql;
use crate::store::stop::Stop;

/// How many of the newest matches are ranked: common words stay fast.
pub const RANKED_MAX: usize = 2000;

/// Among how many of the newest articles it is counted how rare a word is.
const COUNTED_MAX: i64 = 100_000;

/// A matching story or article.
#[derive(Debug, Clone)]
struct Hit {
    /// Of the story or the article, whichever is looked for.
    row: i64,
    id: Vec<u8>,
    arrived: i64,
    published: Option<i64>,
    seq: Seq,
    /// More is better.
    score: f64,
}

/// When the walk down the rows may end: the river's `limit` best are known and nothing that follows arrived later.
struct End {
    best: std::collections::BinaryHeap<std::cmp::Reverse<i64>>,
    limit: Option<usize>,
}

impl End {
    fn new(selection: &Selection) -> Self {
        let river = order_of(selection) == Order::River;
        Self {
            best: std::collections::BinaryHeap::new(),
            limit: selection.limit.filter(|_| river),
        }
    }

    fn saw(&mut self, arrived: i64) {
        if let Some(limit) = self.limit {
            self.best.push(std::cmp::Reverse(arrived));
            if self.best.len() > limit {
                self.best.pop();
            }
        }
    }

    fn is_reached(&self, first_seen: i64) -> bool {
        self.limit.is_some_and(|limit| {
            self.best.len() >= limit && self.best.peek().is_none_or(|worst| worst.0 > first_seen)
        })
    }
}

impl Reads {
    /// Which stories a selection means, in its order. A long answer is then read part by part with
    /// [`Self::stories_at`], in little memory and without a snapshot held meanwhile.
    pub fn find_stories(&self, selection: &Selection) -> Result<Vec<StoryRow>, StoreError> {
        self.read_until(|conn, stop| stories(conn, selection, stop))
    }

    /// The same for articles and [`Self::articles_at`].
    pub fn find_articles(&self, selection: &Selection) -> Result<Vec<ArticleRow>, StoreError> {
        self.read_until(|conn, stop| articles(conn, selection, stop))
    }
}

/// Rows of stories.
pub(in crate::store) fn stories(
    conn: &Connection,
    selection: &Selection,
    stop: &Stop,
) -> Sql<Vec<StoryRow>> {
    let rows = match &selection.expr {
        Some(expr) => matching(conn, (selection, expr), true, Some(&BOUNDS), stop),
        None => plain::stories(conn, selection),
    };
    Ok(rows?.into_iter().map(StoryRow::new).collect())
}

/// Rows of articles.
pub(in crate::store) fn articles(
    conn: &Connection,
    selection: &Selection,
    stop: &Stop,
) -> Sql<Vec<ArticleRow>> {
    let rows = match &selection.expr {
        Some(expr) => matching(conn, (selection, expr), false, Some(&BOUNDS), stop),
        None => plain::articles(conn, selection),
    };
    Ok(rows?.into_iter().map(ArticleRow::new).collect())
}

/// Rows of the stories or the articles that match an expression and the other conditions of a selection, in its order. Without `bounds` all that match
/// are found and put in order: the same answer, the long way.
pub(in crate::store) fn matching(
    conn: &Connection,
    (selection, expr): (&Selection, &Expr),
    stories: bool,
    bounds: Option<&Bounds>,
    stop: &Stop,
) -> Sql<Vec<i64>> {
    let plan = index_plan(expr, selection.now);
    let among = narrow::among(conn, &plan, selection.now, stop)?;
    if among == Among::Articles(Vec::new()) {
        return Ok(Vec::new());
    }
    let limit = selection
        .limit
        .filter(|_| order_of(selection) == Order::River && !matches!(among, Among::Articles(_)));
    if let (Some(limit), Some(bounds)) = (limit, bounds) {
        let search = Search {
            selection,
            plan: &plan,
            rest: plan.residual.as_ref().map(Predicate::of),
            stories,
            among: &among,
        };
        return newest(conn, &search, limit, bounds, stop);
    }
    let hits = hits(conn, (selection, expr), (&plan, &among), stories, stop)?;
    Ok(arrange(hits, selection))
}

/// What matches, each story once.
fn hits(
    conn: &Connection,
    (selection, expr): (&Selection, &Expr),
    (plan, among): (&IndexPlan, &Among),
    stories: bool,
    stop: &Stop,
) -> Sql<Vec<Hit>> {
    let is_ranked =
        selection.order == Order::Best && selection.after.is_none() && plan.index_query.is_some();
    let (sql, values) = candidates(selection, plan, stories, is_ranked, among);
    let mut query = conn.prepare_cached(&sql)?;
    let mut rows = query.query(params_from_iter(values))?;
    let mut hits: HashMap<i64, Hit> = HashMap::new();
    let rest = plan.residual.as_ref().map(Predicate::of);
    let whole = is_ranked.then(|| Predicate::of(expr));
    let mut matcher = Matcher::new(conn, rest.iter().chain(&whole), selection.now)?;
    let ranking = is_ranked.then(|| Ranking::of(expr));
    let mut counted = Vec::new();
    matcher.stop_at(stop);
    let mut end = End::new(selection);
    while let Some(r) = rows.next()? {
        stop.check()?;
        let article: ArticleRow = r.get(0)?;
        let row: i64 = if stories { r.get(1)? } else { article.get() };
        if end.is_reached(r.get(6)?) {
            break;
        }
        if !is_ranked && hits.contains_key(&row) {
            continue;
        }
        if let Some(rest) = &rest
            && !matcher.holds(rest, article)?
        {
            continue;
        }
        if let Some(ranking) = &ranking {
            let text = matcher.words_of(article)?;
            counted.extend(text.map(|text| (row, ranking.count(text))));
            if counted.len() > RANKED_MAX {
                break;
            }
        }
        let hit = Hit {
            row,
            id: r.get(2)?,
            arrived: r.get(3)?,
            published: r.get(4)?,
            seq: r.get(5)?,
            score: 0.0,
        };
        end.saw(hit.arrived);
        hits.entry(row).or_insert(hit);
    }
    if let Some(ranking) = ranking {
        rank(conn, &ranking, counted, &mut hits)?;
    }
    Ok(hits.into_values().collect())
}

/// A story is as good as the best of its copies.
fn rank(
    conn: &Connection,
    ranking: &Ranking,
    counted: Vec<(i64, Counts)>,
    hits: &mut HashMap<i64, Hit>,
) -> Sql<()> {
    let (rows, counts): (Vec<i64>, Vec<Counts>) = counted.into_iter().unzip();
    let scores = ranking.scores(&counts, &shares(conn, ranking)?);
    for (row, score) in rows.iter().zip(scores) {
        if let Some(hit) = hits.get_mut(row) {
            hit.score = hit.score.max(score);
        }
    }
    Ok(())
}

/// In which share of the newest articles each phrase stands. Of one alone nobody needs to know.
fn shares(conn: &Connection, ranking: &Ranking) -> Sql<Vec<f64>> {
    if ranking.queries().len() == 1 {
        return Ok(vec![0.5]);
    }
    let last: Option<i64> = conn
        .prepare_cached("SELECT max(article) FROM articles")?
        .query_row([], |r| r.get(0))?;
    let last = last.unwrap_or(0);
    let mut count =
        conn.prepare_cached("SELECT count(*) FROM words WHERE words MATCH ?1 AND rowid > ?2")?;
    let all = last.clamp(1, COUNTED_MAX);
    ranking
        .queries()
        .map(|query| {
            let Some(query) = query else {
                return Ok(1.0);
            };
            let found: i64 = count.query_row((query, last - all), |r| r.get(0))?;
            Ok(found as f64 / all as f64)
        })
        .collect()
}

fn arrange(mut hits: Vec<Hit>, selection: &Selection) -> Vec<i64> {
    hits.sort_by(|a, b| {
        let river = || (b.arrived, &b.id).cmp(&(a.arrived, &a.id));
        match order_of(selection) {
            Order::River => river(),
            Order::Sequence => a.seq.cmp(&b.seq),
            Order::Published => b.published.cmp(&a.published).then_with(river),
            Order::Best => b.score.total_cmp(&a.score).then_with(river),
        }
    });
    hits.truncate(selection.limit.unwrap_or(usize::MAX));
    hits.into_iter().map(|h| h.row).collect()
}
