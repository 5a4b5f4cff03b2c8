//! An edition: the papers with dates. It comes out when a sample store is made, and its dates, links and ids stay what they
//! are for as long as that store keeps the edition, so that a restart brings nothing twice.

use std::time::Duration;

use super::papers::{Article, PORT, Paper, all};
use crate::config::Config;
use crate::model::{Feed, Time};
use crate::store::{Reads, Store, StoreError};

/// Under which name a store keeps the time of its edition: a store that has one is a sample.
const NAME: &str = "sample_edition";

/// An edition is followed by the next after so long: longer than stories gather copies (`dedup.window` is seven days by
/// default), because the next edition has the same texts.
const KEPT: Duration = Duration::from_secs(8 * 86_400);

/// The papers at a date.
#[derive(Debug)]
pub struct Edition {
    /// When it came out; its newest article is a little older.
    pub at: Time,
    /// The papers.
    pub papers: Vec<Paper>,
}

/// An article with its dates and addresses.
#[derive(Debug)]
pub struct Item<'e> {
    paper: &'e Paper,
    /// The article.
    pub article: &'e Article,
    /// Its headline, corrected if it is.
    pub headline: &'e str,
    body: &'e str,
    /// Its id in feeds.
    pub id: String,
    /// Its URL.
    pub url: String,
    /// When it was published.
    pub published: Time,
    /// When it was last changed.
    pub updated: Time,
}

/// The edition of this store; none if it is no sample. `is_sample`: it is to be one, and an old edition is replaced.
///
/// # Errors
/// [`StoreError`] if the store cannot be read or written.
pub fn of_store(store: &Store, is_sample: bool, now: Time) -> Result<Option<Time>, StoreError> {
    let kept = store.reads().remembered(NAME)?;
    let kept = kept.and_then(|text| Time::parse_rfc3339(&text));
    let is_old = |at: Time| at.since(now).max(now.since(at)) > KEPT;
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

/// Whether a store is a sample. One that cannot be read is none.
pub fn is_sample(reads: &Reads) -> bool {
    reads.remembered(NAME).is_ok_and(|kept| kept.is_some())
}

/// Whether `run --sample` may take a store: it is a sample, it has no feeds, or all that were declared are of the sample
/// (older versions made samples without an edition). A store of the user's own would lose its declared feeds and topics.
///
/// # Errors
/// [`StoreError`] if the store cannot be read.
pub fn may_take(store: &Store, sample: &Config) -> Result<bool, StoreError> {
    let feeds = store.reads().feeds()?;
    if feeds.is_empty() || is_sample(store.reads()) {
        return Ok(true);
    }
    let declared: Vec<_> = feeds.iter().filter(|f| f.declared).collect();
    let is_of_sample = |f: &&Feed| sample.feeds.iter().any(|s| s.url.as_str() == f.url);
    Ok(!declared.is_empty() && declared.iter().all(is_of_sample))
}

impl Edition {
    /// The papers as they come out at `at`.
    pub fn new(at: Time) -> Self {
        Self { at, papers: all() }
    }

    /// The articles of a paper, the newest first, corrected or as they were at first.
    pub fn items<'e>(&self, paper: &'e Paper, corrected: bool) -> Vec<Item<'e>> {
        let mut articles: Vec<&Article> = paper.articles.iter().collect();
        articles.sort_by_key(|a| a.age);
        let item = |a| self.item(paper, a, corrected);
        articles.into_iter().map(item).collect()
    }

    fn item<'e>(&self, paper: &'e Paper, article: &'e Article, corrected: bool) -> Item<'e> {
        let published = self
            .at
            .minus(Duration::from_secs(60 * u64::from(article.age)));
        let day = published.jiff().strftime("%Y/%m/%d");
        let url = format!("http://{}:{PORT}/{day}/{}", paper.host, article.slug);
        let edition = self.at.jiff().strftime("%Y-%m-%d");
        let correction = article.corrected.as_ref().filter(|_| corrected);
        Item {
            paper,
            article,
            headline: correction.map_or(&article.headline, |c| &c.headline),
            body: correction.map_or(&article.body, |c| &c.body),
            id: format!("tag:{},{edition}:{}", paper.host, article.slug),
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
    /// The paragraphs, with those that the paper puts under everything.
    pub fn paragraphs(&self) -> Vec<&'e str> {
        let own = self.body.split("\n\n").map(str::trim);
        let own = own.filter(|p| !p.is_empty());
        own.chain(self.paper.boilerplate.iter().map(String::as_str))
            .collect()
    }

    /// The body as HTML.
    pub fn html(&self) -> String {
        let paragraphs = self.paragraphs().into_iter();
        paragraphs
            .map(|p| format!("<p>{}</p>\n", html_escape::encode_text(p)))
            .collect()
    }

    /// The path of its page.
    pub fn path(&self) -> &str {
        let at = self.url.match_indices('/').nth(2).map_or(0, |(at, _)| at);
        self.url.get(at..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edition_has_dates_of_its_own_and_none_to_come() {
        let at = Time::parse_rfc3339("2030-01-02T00:10:00Z").unwrap();
        let edition = Edition::new(at);
        for paper in &edition.papers {
            let items = edition.items(paper, true);
            for item in &items {
                assert!(item.published < at && item.updated <= at, "{}", item.url);
                assert!(at.since(item.published) < Duration::from_secs(2 * 86_400));
            }
            let sorted = items.is_sorted_by(|a, b| a.published >= b.published);
            assert!(sorted, "{}", paper.title);
        }
        let ledger = &edition.papers[0];
        let item = &edition.items(ledger, false)[0];
        assert_eq!(item.path(), "/2030/01/01/malware-stops-ferry-tickets");
        assert_eq!(
            item.id,
            "tag:ledger.localhost,2030-01-02:malware-stops-ferry-tickets"
        );
    }
}
