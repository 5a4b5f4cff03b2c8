//! Feeds that may be asked, in the order in which they fell due, each site's by themselves (REL-16). What is taken is what
//! can be started now: a site with enough visits under way is passed over until one of them ends. Pure bookkeeping: never
//! claims, never asks, and holds nothing that the store does not know.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use crate::model::FeedRow;
use crate::store::Candidate;

/// A feed that was taken, with its place in the order of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    place: usize,
    pub(super) feed: FeedRow,
    pub(super) site: Arc<str>,
}

/// The queues of all sites. Taking a feed costs the logarithm of the number of sites.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// Feeds by site, each with its place in the order of all.
    sites: HashMap<Arc<str>, VecDeque<(usize, FeedRow)>>,
    /// The first feed's place of every site that may have another visit under way.
    open: BTreeMap<usize, Arc<str>>,
    len: usize,
}

impl Candidates {
    /// Puts feeds in line, the first one first.
    pub(super) fn new(feeds: Vec<Candidate>) -> Self {
        let mut line = Self {
            len: feeds.len(),
            ..Self::default()
        };
        for (place, candidate) in feeds.into_iter().enumerate() {
            let site: Arc<str> = candidate.site.into();
            let queue = line.sites.entry(Arc::clone(&site)).or_default();
            if queue.is_empty() {
                line.open.insert(place, site);
            }
            queue.push_back((place, candidate.feed));
        }
        line
    }

    /// How many feeds are left.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// How many sites can have another visit under way, as far as is known.
    pub(super) fn open_sites(&self) -> usize {
        self.open.len()
    }

    /// Takes the first feed of a site that `may` have another visit under way. Other sites are passed over from now on,
    /// until they are [opened again](Self::reopen).
    pub(super) fn take(&mut self, may: impl Fn(&str) -> bool) -> Option<Taken> {
        while let Some((_, site)) = self.open.pop_first() {
            if !may(&site) {
                continue;
            }
            let queue = self.sites.get_mut(&site)?;
            let (place, feed) = queue.pop_front()?;
            self.len -= 1;
            match queue.front() {
                Some((place, _)) => {
                    self.open.insert(*place, Arc::clone(&site));
                }
                None => {
                    self.sites.remove(&site);
                }
            }
            return Some(Taken { place, feed, site });
        }
        None
    }

    /// One that was taken could not be claimed: it comes first of its site again.
    pub(super) fn put_back(&mut self, taken: Taken) {
        let queue = self.sites.entry(Arc::clone(&taken.site)).or_default();
        if let Some((place, _)) = queue.front() {
            self.open.remove(place);
        }
        queue.push_front((taken.place, taken.feed));
        self.open.insert(taken.place, taken.site);
        self.len += 1;
    }

    /// A visit to `site` has ended: it may have another.
    pub(super) fn reopen(&mut self, site: &Arc<str>) {
        if let Some((place, _)) = self.sites.get(site).and_then(VecDeque::front) {
            self.open.insert(*place, Arc::clone(site));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(sites: &[&str]) -> Candidates {
        let feeds = sites.iter().enumerate().map(|(n, site)| Candidate {
            feed: n as FeedRow,
            site: (*site).to_owned(),
        });
        Candidates::new(feeds.collect())
    }

    #[test]
    fn rel_16_a_full_site_is_passed_over_and_goes_on_where_it_stopped() {
        let mut line = line(&["big", "big", "small", "big", "other"]);
        let taken = |line: &mut Candidates, full: &str| line.take(|site| site != full);
        assert_eq!(taken(&mut line, "").unwrap().feed, 0);
        assert_eq!(taken(&mut line, "big").unwrap().feed, 2);
        assert_eq!(taken(&mut line, "big").unwrap().feed, 4);
        assert_eq!(taken(&mut line, "big"), None);
        assert_eq!((line.len(), line.open_sites()), (2, 0));
        line.reopen(&"big".into());
        line.reopen(&"small".into());
        assert_eq!(taken(&mut line, "").unwrap().feed, 1);
        assert_eq!(taken(&mut line, "").unwrap().feed, 3);
        assert_eq!(taken(&mut line, ""), None);
        assert_eq!(line.len(), 0);
    }

    #[test]
    fn without_full_sites_the_order_is_that_of_all() {
        let mut line = line(&["a", "b", "a", "c", "b", "a"]);
        let mut taken: Vec<Taken> = std::iter::from_fn(|| line.take(|_| true)).collect();
        let order = |taken: &[Taken]| taken.iter().map(|t| t.feed).collect::<Vec<FeedRow>>();
        assert_eq!(order(&taken), [0, 1, 2, 3, 4, 5]);
        // The store took none of the last four: they come again in the same order.
        taken.drain(..2);
        taken.into_iter().rev().for_each(|t| line.put_back(t));
        assert_eq!(line.len(), 4);
        let again: Vec<Taken> = std::iter::from_fn(|| line.take(|_| true)).collect();
        assert_eq!(order(&again), [2, 3, 4, 5]);
    }
}
