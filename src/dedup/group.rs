//! Copies within a window, by what they share, and the decision which story a new one belongs to.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::fingerprint::Fingerprint;
use crate::model::{FeedRow, Time};

/// How a copy was found to belong to its story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Both name the same page.
    Url,
    /// Both have the same text.
    Text,
    /// One contains most of the other.
    Near,
}

impl Signal {
    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Text => "text",
            Self::Near => "near",
        }
    }
}

/// A stored copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredCopy {
    /// Its row.
    pub article: i64,
    /// Its story's row.
    pub story: i64,
    /// Its feed's row.
    pub feed: FeedRow,
    /// When it arrived.
    pub at: Time,
}

/// A new copy's place in a story.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Join {
    /// The story.
    pub story: i64,
    /// The copy that it was compared with.
    pub with_article: i64,
    /// What they share.
    pub signal: Signal,
    /// 0 to 1; 1 for equal.
    pub score: f64,
}

/// What becomes of a new copy.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Decision {
    /// The story to join; none: it begins one.
    pub join: Option<Join>,
}

/// The bounds of a story.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Copies further apart than this are not compared.
    pub window: Duration,
    /// Copies in one story at most.
    pub copies_max: usize,
}

/// How far apart one feed may print the same text and mean the same piece: a weekly column's unchanged notice is
/// another article.
const SAME_FEED: Duration = Duration::from_secs(36 * 3600);

/// Copies looked at behind one hash.
const CANDIDATES_MAX: usize = 64;

/// The copies of the window, by what they share.
#[derive(Debug)]
pub struct Grouper {
    limits: Limits,
    copies: HashMap<i64, (StoredCopy, Fingerprint)>,
    by_time: BTreeMap<(Time, i64), ()>,
    by_url: HashMap<u64, Vec<i64>>,
    by_text: HashMap<u64, Vec<i64>>,
    stories: HashMap<i64, usize>,
}

impl Grouper {
    /// An empty window.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            copies: HashMap::new(),
            by_time: BTreeMap::new(),
            by_url: HashMap::new(),
            by_text: HashMap::new(),
            stories: HashMap::new(),
        }
    }

    /// Adds a copy; one that is there already is replaced.
    pub fn insert(&mut self, copy: StoredCopy, print: Fingerprint) {
        self.remove(copy.article);
        if let Some(url) = print.url {
            self.by_url.entry(url).or_default().push(copy.article);
        }
        if let Some(text) = print.text {
            self.by_text.entry(text).or_default().push(copy.article);
        }
        self.by_time.insert((copy.at, copy.article), ());
        *self.stories.entry(copy.story).or_default() += 1;
        self.copies.insert(copy.article, (copy, print));
    }

    /// Takes a copy out.
    pub fn remove(&mut self, article: i64) {
        let Some((copy, print)) = self.copies.remove(&article) else {
            return;
        };
        self.by_time.remove(&(copy.at, article));
        take_out(&mut self.by_url, print.url, article);
        take_out(&mut self.by_text, print.text, article);
        if let Some(n) = self.stories.get_mut(&copy.story) {
            *n -= 1;
            if *n == 0 {
                self.stories.remove(&copy.story);
            }
        }
    }

    /// Takes out what arrived before `limit`.
    pub fn evict_before(&mut self, limit: Time) {
        while let Some((&(at, article), ())) = self.by_time.first_key_value() {
            if at >= limit {
                break;
            }
            self.remove(article);
        }
    }

    /// How many copies there are.
    pub fn len(&self) -> usize {
        self.copies.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.copies.is_empty()
    }

    /// Which story a new copy of `feed` that arrived at `at` belongs to. The strongest signal decides, among equals
    /// the oldest copy.
    pub fn decide(&self, feed: FeedRow, at: Time, print: &Fingerprint) -> Decision {
        let by_url = self
            .behind(&self.by_url, print.url)
            // A page that one feed lists for several articles names none of them.
            .filter(|list| names_one_article(list) && list.iter().all(|(c, _)| c.feed != feed))
            .and_then(|list| self.first(&list, feed, at));
        let join = by_url.map(|c| (c, Signal::Url)).or_else(|| {
            self.behind(&self.by_text, print.text)
                .and_then(|list| self.first(&list, feed, at))
                .map(|c| (c, Signal::Text))
        });
        Decision {
            join: join.map(|(copy, signal)| Join {
                story: copy.story,
                with_article: copy.article,
                signal,
                score: 1.0,
            }),
        }
    }

    fn behind(
        &self,
        index: &HashMap<u64, Vec<i64>>,
        hash: Option<u64>,
    ) -> Option<Vec<&(StoredCopy, Fingerprint)>> {
        let rows = index.get(&hash?)?;
        Some(
            rows.iter()
                .take(CANDIDATES_MAX)
                .filter_map(|a| self.copies.get(a))
                .collect(),
        )
    }

    fn first(
        &self,
        list: &[&(StoredCopy, Fingerprint)],
        feed: FeedRow,
        at: Time,
    ) -> Option<StoredCopy> {
        list.iter()
            .map(|(copy, _)| copy)
            .filter(|copy| {
                let apart = at.since(copy.at).max(copy.at.since(at));
                let near = if copy.feed == feed {
                    SAME_FEED
                } else {
                    self.limits.window
                };
                apart <= near
                    && self.stories.get(&copy.story).copied().unwrap_or(0) < self.limits.copies_max
            })
            .min_by_key(|copy| (copy.at, copy.article))
            .copied()
    }
}

fn take_out(index: &mut HashMap<u64, Vec<i64>>, hash: Option<u64>, article: i64) {
    let Some(hash) = hash else { return };
    if let Some(list) = index.get_mut(&hash) {
        list.retain(|a| *a != article);
        if list.is_empty() {
            index.remove(&hash);
        }
    }
}

fn names_one_article(list: &[&(StoredCopy, Fingerprint)]) -> bool {
    list.iter()
        .enumerate()
        .all(|(i, (a, _))| list.iter().skip(i + 1).all(|(b, _)| a.feed != b.feed))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn grouper() -> Grouper {
        Grouper::new(Limits {
            window: HOUR * 24 * 7,
            copies_max: 3,
        })
    }

    fn copy(article: i64, feed: FeedRow, hour: i64) -> StoredCopy {
        StoredCopy {
            article,
            story: article,
            feed,
            at: Time::from_seconds(hour * 3600),
        }
    }

    fn print(url: u64, text: u64) -> Fingerprint {
        Fingerprint {
            url: (url > 0).then_some(url),
            text: (text > 0).then_some(text),
            title: 0,
            words: 100,
        }
    }

    fn joined(g: &Grouper, feed: FeedRow, hour: i64, p: &Fingerprint) -> Option<(i64, Signal)> {
        let join = g.decide(feed, Time::from_seconds(hour * 3600), p).join;
        join.map(|j| (j.story, j.signal))
    }

    #[test]
    fn the_same_page_or_the_same_text_in_another_feed_is_a_copy() {
        let mut g = grouper();
        g.insert(copy(1, 1, 0), print(5, 6));
        assert_eq!(joined(&g, 2, 1, &print(5, 0)), Some((1, Signal::Url)));
        assert_eq!(joined(&g, 2, 1, &print(9, 6)), Some((1, Signal::Text)));
        assert_eq!(joined(&g, 2, 1, &print(9, 9)), None);
    }

    #[test]
    fn a_page_that_one_feed_lists_twice_names_no_article() {
        let mut g = grouper();
        g.insert(copy(1, 1, 0), print(5, 1));
        assert_eq!(joined(&g, 1, 1, &print(5, 2)), None, "the same feed");
        g.insert(copy(2, 1, 1), print(5, 2));
        assert_eq!(joined(&g, 2, 1, &print(5, 3)), None, "another feed");
    }

    #[test]
    fn a_feed_that_repeats_a_text_the_next_week_prints_a_new_article() {
        let mut g = grouper();
        g.insert(copy(1, 1, 0), print(0, 7));
        assert_eq!(joined(&g, 1, 2, &print(0, 7)), Some((1, Signal::Text)));
        assert_eq!(joined(&g, 1, 100, &print(0, 7)), None);
        assert_eq!(joined(&g, 2, 100, &print(0, 7)), Some((1, Signal::Text)));
        assert_eq!(
            joined(&g, 2, 24 * 8, &print(0, 7)),
            None,
            "outside the window"
        );
    }

    #[test]
    fn a_story_is_bounded_in_copies() {
        let mut g = grouper();
        for i in 1..=3 {
            g.insert(
                StoredCopy {
                    story: 1,
                    ..copy(i, i, 0)
                },
                print(0, 7),
            );
        }
        assert_eq!(joined(&g, 9, 1, &print(0, 7)), None);
    }

    #[test]
    fn what_is_removed_or_evicted_is_forgotten() {
        let mut g = grouper();
        g.insert(copy(1, 1, 0), print(5, 6));
        g.insert(copy(2, 2, 9), print(7, 8));
        g.evict_before(Time::from_seconds(3600));
        assert_eq!(joined(&g, 3, 1, &print(5, 6)), None);
        g.remove(2);
        assert!(
            g.is_empty() && g.by_url.is_empty() && g.by_text.is_empty() && g.stories.is_empty()
        );
    }
}
