//! Which copy stands for a story: one on its own feed's host, else on the site that its feed names, else any (SEC-13);
//! of these the topic's `prefer`, then the first. Never a copy of a weaker rank because somebody prefers its feed.

use rusqlite::Connection;

use crate::model::{ArticleRow, StoryRow};
use crate::store::sql::Sql;
use crate::text::fold::fold;

/// The copy that a topic shows which prefers these feeds, by words of their titles; none if the story shows itself as it
/// always does.
pub(in crate::store) fn preferred(
    conn: &Connection,
    story: StoryRow,
    prefer: &[String],
) -> Sql<Option<ArticleRow>> {
    if prefer.is_empty() {
        return Ok(None);
    }
    let prefer: Vec<String> = prefer.iter().map(|name| words(name)).collect();
    let mut rows = conn.prepare_cached(
        "SELECT a.article, coalesce(f.title_user, f.title_own) FROM articles a JOIN feeds f USING (feed)
         WHERE a.story = ?1 AND a.own_host = (SELECT max(own_host) FROM articles WHERE story = ?1)
         ORDER BY a.article",
    )?;
    let mut rows = rows.query([story])?;
    let mut best: Option<(usize, ArticleRow)> = None;
    while let Some(r) = rows.next()? {
        let title = words(&r.get::<_, Option<String>>(1)?.unwrap_or_default());
        let place = prefer.iter().position(|name| title.contains(name.as_str()));
        if let Some(place) = place.filter(|at| best.is_none_or(|(best, _)| *at < best)) {
            best = Some((place, r.get(0)?));
        }
    }
    Ok(best.map(|(_, article)| article))
}

/// Folded, with a space on either side: what is found in it is whole words.
fn words(title: &str) -> String {
    format!(" {} ", fold(title).trim())
}
