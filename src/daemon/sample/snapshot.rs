//! A snapshot of the newspapers: their articles with dates. It is made with the sample's store, which keeps its time, so that dates, links
//! and ids stay the same and a restart causes no duplicates.

use std::time::Duration;

use super::newspapers::{Article, Newspaper, PORT, all};
use crate::config::Config;
use crate::model::{Feed, Time};
use crate::store::{Reads, Store, StoreError};

/// The name under which a store keeps the time of its snapshot. A store that has one is a sample.
const NAME: &str = "sample_edition";

/// Age at which a new snapshot is made. It is longer than the window in which stories gather copies (`dedup.window`, seven days by
/// default), because the new snapshot has the same texts.
const AGE_MAX: Duration = Duration::from_secs(8 * 86_400);

/// The newspapers with dates.
#[derive(Debug)]
pub struct Snapshot {
    /// Its time; the newest article is a little older.
    pub at: Time,
    /// The newspapers.
    pub newspapers: Vec<Newspaper>,
}

/// An article with its dates and URL.
#[derive(Debug)]
pub struct Item<'e> {
    newspaper: &'e Newspaper,
    /// The article.
    pub article: &'e Article,
    /// The headline, maybe corrected.
    pub headline: &'e str,
    body: &'e str,
    /// The id in feeds.
    pub id: String,
    /// The URL.
    pub url: String,
    /// The time of publication.
    pub published: Time,
    /// The time of the last change.
    pub updated: Time,
}

/// The time of the store's snapshot; `None` if the store is not a sample. With `is_sample` it becomes one, and an old snapshot is
/// replaced.
///
/// # Errors
/// [`StoreError`] if the store cannot be read or written.
pub fn time_of(store: &Store, is_sample: bool, now: Time) -> Result<Option<Time>, StoreError> {
    let kept = store.reads().remembered(NAME)?;
    let kept = kept.and_then(|text| Time::parse_rfc3339(&text));
    let is_old = |at: Time| at.since(now).max(now.since(at)) > AGE_MAX;
    match kept {
        Some(at) if !is_sample || !is_old(at) => Ok(Some(at)),
        None if !is_sample => Ok(None),
        _ => {
            let at = Time::from_seconds(now.seconds());
            store.remember(NAME, at.to_string())?;
            Ok(Some(at))
        }
    }
}

/// Whether a store is a sample. False if it cannot be read.
pub fn is_sample(reads: &Reads) -> bool {
    reads.remembered(NAME).is_ok_and(|kept| kept.is_some())
}

/// Whether `run --sample` may use a store: it is a sample, it has no feeds, or its declared feeds are all of the sample (older
/// versions made samples without a snapshot). A store of the user would lose its declared feeds and topics.
///
/// # Errors
/// [`StoreError`] if the store cannot be read.
pub fn may_use(store: &Store, sample: &Config) -> Result<bool, StoreError> {
    let feeds = store.reads().feeds()?;
    if feeds.is_empty() || is_sample(store.reads()) {
        return Ok(true);
    }
    let declared: Vec<_> = feeds.iter().filter(|f| f.declared).collect();
    let is_of_sample = |f: &&Feed| sample.feeds.iter().any(|s| s.url.as_str() == f.url);
    Ok(!declared.is_empty() && declared.iter().all(is_of_sample))
}

impl Snapshot {
    /// The newspapers at the time `at`.
    pub fn new(at: Time) -> Self {
        Self {
            at,
            newspapers: all(),
        }
    }

    /// The articles of a newspaper, the newest first, with corrections or in their first versions.
    pub fn items<'e>(&self, newspaper: &'e Newspaper, corrected: bool) -> Vec<Item<'e>> {
        let mut articles: Vec<&Article> = newspaper.articles.iter().collect();
        articles.sort_by_key(|a| a.age);
        let item = |a| self.item(newspaper, a, corrected);
        articles.into_iter().map(item).collect()
    }

    fn item<'e>(
        &self,
        newspaper: &'e Newspaper,
        article: &'e Article,
        corrected: bool,
    ) -> Item<'e> {
        let published = self
            .at
            .minus(Duration::from_secs(60 * u64::from(article.age)));
        let day = published.jiff().strftime("%Y/%m/%d");
        let url = format!("http://{}:{PORT}/{day}/{}", newspaper.host, article.slug);
        let date = self.at.jiff().strftime("%Y-%m-%d");
        let correction = article.corrected.as_ref().filter(|_| corrected);
        Item {
            newspaper,
            article,
            headline: correction.map_or(&article.headline, |c| &c.headline),
            body: correction.map_or(&article.body, |c| &c.body),
            id: format!("tag:{},{date}:{}", newspaper.host, article.slug),
            url,
            published,
            updated: if correction.is_some() {
                self.at
            } else {
                published
            },
        }
    }
}

impl<'e> Item<'e> {
    /// The paragraphs, with those at the end of every article of the newspaper.
    pub fn paragraphs(&self) -> Vec<&'e str> {
        let own = self.body.split("\n\n").map(str::trim);
        let own = own.filter(|p| !p.is_empty());
        own.chain(self.newspaper.boilerplate.iter().map(String::as_str))
            .collect()
    }

    /// The body as HTML.
    pub fn html(&self) -> String {
        let paragraphs = self.paragraphs().into_iter();
        paragraphs
            .map(|p| format!("<p>{}</p>\n", html_escape::encode_text(p)))
            .collect()
    }

    /// The path of the URL.
    pub fn path(&self) -> &str {
        let at = self.url.match_indices('/').nth(2).map_or(0, |(at, _)| at);
        self.url.get(at..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_has_its_own_dates_and_none_in_the_future() {
        let at = Time::parse_rfc3339("2030-01-02T00:10:00Z").unwrap();
        let snapshot = Snapshot::new(at);
        for newspaper in &snapshot.newspapers {
            let items = snapshot.items(newspaper, true);
            for item in &items {
                assert!(item.published < at && item.updated <= at, "{}", item.url);
                assert!(at.since(item.published) < Duration::from_secs(2 * 86_400));
            }
            let sorted = items.is_sorted_by(|a, b| a.published >= b.published);
            assert!(sorted, "{}", newspaper.title);
        }
        let ledger = &snapshot.newspapers[0];
        let item = &snapshot.items(ledger, false)[0];
        assert_eq!(item.path(), "/2030/01/01/malware-stops-ferry-tickets");
        assert_eq!(
            item.id,
            "tag:ledger.localhost,2030-01-02:malware-stops-ferry-tickets"
        );
    }
}
