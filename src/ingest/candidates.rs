//! Feeds that may be polled, in the order in which they became due, with a queue for each site (REL-16). A site with enough
//! visits in progress is passed over until one of them ends. Pure bookkeeping: it claims nothing, and everything in it can be
//! read from the store again.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use crate::model::FeedRow;
use crate::store::Candidate;

/// A feed that was taken, with its position among all feeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    position: usize,
    pub(super) feed: FeedRow,
    pub(super) site: Arc<str>,
}

/// The queues of all sites. Taking a feed costs the logarithm of the number of sites.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// Feeds by site, each with its position among all feeds.
    sites: HashMap<Arc<str>, VecDeque<(usize, FeedRow)>>,
    /// Sites that may have another visit, by the position of their first feed.
    open: BTreeMap<usize, Arc<str>>,
    len: usize,
}

impl Candidates {
    /// Queues feeds in this order.
    pub(super) fn new(feeds: Vec<Candidate>) -> Self {
        let mut candidates = Self {
            len: feeds.len(),
            ..Self::default()
        };
        for (position, candidate) in feeds.into_iter().enumerate() {
            let site: Arc<str> = candidate.site.into();
            let queue = candidates.sites.entry(Arc::clone(&site)).or_default();
            if queue.is_empty() {
                candidates.open.insert(position, site);
            }
            queue.push_back((position, candidate.feed));
        }
        candidates
    }

    /// Feeds that are left.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Sites that may have another visit, as far as is known.
    pub(super) fn open_sites(&self) -> usize {
        self.open.len()
    }

    /// Takes the first feed whose site may have another visit, as `may_start` says. Sites for which it says no are passed over
    /// until they are [reopened](Self::reopen).
    pub(super) fn take(&mut self, may_start: impl Fn(&str) -> bool) -> Option<Taken> {
        while let Some((_, site)) = self.open.pop_first() {
            if !may_start(&site) {
                continue;
            }
            let queue = self.sites.get_mut(&site)?;
            let (position, feed) = queue.pop_front()?;
            self.len -= 1;
            match queue.front() {
                Some((next, _)) => {
                    self.open.insert(*next, Arc::clone(&site));
                }
                None => {
                    self.sites.remove(&site);
                }
            }
            return Some(Taken {
                position,
                feed,
                site,
            });
        }
        None
    }

    /// Returns a feed that could not be claimed to the front of its site's queue.
    pub(super) fn put_back(&mut self, taken: Taken) {
        let queue = self.sites.entry(Arc::clone(&taken.site)).or_default();
        if let Some((first, _)) = queue.front() {
            self.open.remove(first);
        }
        queue.push_front((taken.position, taken.feed));
        self.open.insert(taken.position, taken.site);
        self.len += 1;
    }

    /// A visit to `site` has ended, so it may have another.
    pub(super) fn reopen(&mut self, site: &Arc<str>) {
        if let Some((first, _)) = self.sites.get(site).and_then(VecDeque::front) {
            self.open.insert(*first, Arc::clone(site));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queued(sites: &[&str]) -> Candidates {
        let feeds = sites.iter().enumerate().map(|(n, site)| Candidate {
            feed: FeedRow::new(n as i64),
            site: (*site).to_owned(),
        });
        Candidates::new(feeds.collect())
    }

    #[test]
    fn rel_16_a_full_site_is_passed_over_and_continues_where_it_stopped() {
        let mut candidates = queued(&["big", "big", "small", "big", "other"]);
        let taken = |candidates: &mut Candidates, full: &str| candidates.take(|site| site != full);
        assert_eq!(taken(&mut candidates, "").unwrap().feed.get(), 0);
        assert_eq!(taken(&mut candidates, "big").unwrap().feed.get(), 2);
        assert_eq!(taken(&mut candidates, "big").unwrap().feed.get(), 4);
        assert_eq!(taken(&mut candidates, "big"), None);
        assert_eq!((candidates.len(), candidates.open_sites()), (2, 0));
        candidates.reopen(&"big".into());
        candidates.reopen(&"small".into());
        assert_eq!(taken(&mut candidates, "").unwrap().feed.get(), 1);
        assert_eq!(taken(&mut candidates, "").unwrap().feed.get(), 3);
        assert_eq!(taken(&mut candidates, ""), None);
        assert_eq!(candidates.len(), 0);
    }

    #[test]
    fn without_full_sites_feeds_keep_their_order() {
        let mut candidates = queued(&["a", "b", "a", "c", "b", "a"]);
        let mut taken: Vec<Taken> = std::iter::from_fn(|| candidates.take(|_| true)).collect();
        let order = |taken: &[Taken]| taken.iter().map(|t| t.feed.get()).collect::<Vec<i64>>();
        assert_eq!(order(&taken), [0, 1, 2, 3, 4, 5]);
        // The last four could not be claimed: they come again in the same order.
        taken.drain(..2);
        taken.into_iter().rev().for_each(|t| candidates.put_back(t));
        assert_eq!(candidates.len(), 4);
        let again: Vec<Taken> = std::iter::from_fn(|| candidates.take(|_| true)).collect();
        assert_eq!(order(&again), [2, 3, 4, 5]);
    }
}
