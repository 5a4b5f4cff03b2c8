//! The paragraphs of a feed's articles, by digest, and in how many articles each stood: what recurs is boilerplate. Holds no
//! text, and a bounded number of digests a feed. Must never forget what is boilerplate while the feed still prints it.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{Connection, params};

use crate::model::{FeedRow, Time};
use crate::normalize::boilerplate::Boilerplate;
use crate::store::sql::Sql;

/// Articles in which a paragraph must stand to be boilerplate.
const ARTICLES_MIN: i64 = crate::normalize::draft::RECURRING as i64;
/// It must stand in one of so many of the articles since it was first seen: what a weekly column repeats in a daily feed is
/// a part of the column.
const ONE_IN: i64 = crate::normalize::draft::ONE_IN as i64;

/// Paragraphs remembered a feed, and for how long after they were last seen.
const REMEMBERED_MAX: i64 = 4000;
const REMEMBERED_FOR: Duration = Duration::from_secs(180 * 86_400);

/// Paragraphs are forgotten once in so many new articles: there may be a few more than [`REMEMBERED_MAX`].
const FORGET_EVERY: i64 = 32;

/// The paragraphs that are boilerplate. The number is no parameter, or the index of those that recur would not be known to
/// hold them; it is [`ARTICLES_MIN`].
const RECURRING: &str =
    "SELECT digest FROM paragraphs INDEXED BY paragraphs_recurring JOIN feeds USING (feed)
     WHERE feed = ?1 AND articles >= 3 AND articles * ?2 >= articles_learned - learned_before";

/// What is known as boilerplate of a feed.
pub(in crate::store) fn boilerplate(conn: &Connection, feed: FeedRow) -> Sql<Boilerplate> {
    let keeps: bool = conn
        .prepare_cached("SELECT keep_boilerplate FROM feeds WHERE feed = ?1")?
        .query_row([feed], |r| r.get(0))?;
    match keeps {
        true => Ok(Boilerplate::kept()),
        false => learned(conn, feed),
    }
}

/// What has been learned as boilerplate of a feed from which it is to be left out.
pub(in crate::store) fn learned(conn: &Connection, feed: FeedRow) -> Sql<Boilerplate> {
    conn.prepare_cached(RECURRING)?
        .query_map(params![feed, ONE_IN], |r| r.get::<_, i64>(0))?
        .map(|d| d.map(i64::cast_unsigned))
        .collect::<Sql<_>>()
        .map(Boilerplate::of)
}

/// Counts the paragraphs of new articles, given article by article, and forgets others now and then.
pub(in crate::store) fn learn(
    conn: &Connection,
    feed: FeedRow,
    new: &[Vec<u64>],
    now: Time,
) -> Sql<()> {
    let articles = i64::try_from(new.len()).unwrap_or(i64::MAX);
    if articles == 0 {
        return Ok(());
    }
    let before: i64 = conn
        .prepare_cached(
            "UPDATE feeds SET articles_learned = articles_learned + ?2 WHERE feed = ?1
             RETURNING articles_learned - ?2",
        )?
        .query_row(params![feed, articles], |r| r.get(0))?;
    // In the order of their rows: in how many of these articles each stands, and how many came before the first.
    let mut counts: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for (article, digests) in (before..).zip(new) {
        for digest in digests {
            counts.entry(digest.cast_signed()).or_insert((0, article)).0 += 1;
        }
    }
    let mut add = conn.prepare_cached(
        "INSERT INTO paragraphs (feed, digest, articles, last_seen, learned_before) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET articles = articles + excluded.articles, last_seen = excluded.last_seen",
    )?;
    for (digest, (count, first)) in counts {
        add.execute(params![feed, digest, count, now.millis(), first])?;
    }
    if before / FORGET_EVERY != (before + articles) / FORGET_EVERY {
        forget(conn, feed, now)?;
    }
    Ok(())
}

/// Forgets the paragraphs that recur too seldom, and boilerplate that the feed has given up. It looks at all that is known
/// of the feed.
fn forget(conn: &Connection, feed: FeedRow, now: Time) -> Sql<()> {
    conn.prepare_cached(
        "DELETE FROM paragraphs WHERE feed = ?1 AND (last_seen < ?4 OR articles < ?3 AND last_seen <
           (SELECT last_seen FROM paragraphs WHERE feed = ?1 ORDER BY last_seen DESC LIMIT 1 OFFSET ?2))",
    )?
    .execute(params![
        feed,
        REMEMBERED_MAX,
        ARTICLES_MIN,
        now.minus(REMEMBERED_FOR).millis()
    ])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WebUrl;
    use crate::store::feeds::subscriptions;
    use crate::store::file::opening;
    use crate::store::{FeedSettings, NewFeed};

    #[test]
    fn what_recurs_in_a_feed_is_read_off_an_index_of_that_alone() {
        let dir = tempfile::tempdir().unwrap();
        let conn = opening::writer(&dir.path().join("store.db"), false).unwrap();
        let plan = conn
            .prepare(&format!("EXPLAIN QUERY PLAN {RECURRING}"))
            .unwrap()
            .query_map([1, 1], |r| r.get(3))
            .unwrap()
            .collect::<Sql<Vec<String>>>()
            .unwrap()
            .join("; ");
        assert!(plan.contains("paragraphs_recurring"), "{plan}");
        assert!(RECURRING.contains(&format!("articles >= {ARTICLES_MIN} ")));
    }

    #[test]
    fn paragraphs_of_one_poll_are_counted_as_if_each_article_came_alone() {
        let dir = tempfile::tempdir().unwrap();
        let conn = opening::writer(&dir.path().join("store.db"), false).unwrap();
        let now = Time::from_seconds(1);
        let feeds = ["https://a.example/", "https://b.example/"].map(|url| NewFeed {
            url: WebUrl::parse(url).unwrap(),
            title: None,
            folder: None,
            tags: Vec::new(),
            settings: FeedSettings::default(),
            declared: false,
        });
        subscriptions::subscribe(&conn, &feeds, now).unwrap();
        let articles = [vec![7, 8], vec![8], vec![8, 9], vec![9]];
        learn(&conn, FeedRow::new(1), &articles, now).unwrap();
        for article in articles {
            learn(&conn, FeedRow::new(2), &[article], now).unwrap();
        }
        let known = |feed: i64| -> Vec<(i64, i64, i64)> {
            conn.prepare("SELECT digest, articles, learned_before FROM paragraphs WHERE feed = ?1 ORDER BY digest")
                .unwrap()
                .query_map([feed], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
                .unwrap()
                .map(|row| row.unwrap())
                .collect()
        };
        assert_eq!(known(1), [(7, 1, 0), (8, 3, 0), (9, 2, 2)]);
        assert_eq!(known(1), known(2));
    }
}
