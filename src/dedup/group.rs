//! The copies of a window, by what they share, and which story a new one belongs to. Streaming and bounded: a copy leaves
//! when it was seen too long ago, and what near copies need leaves sooner.
//!
//! A late copy can show that two stories are one: then the younger goes up in the older, whose id stays.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::compare::compare;
use super::fingerprint::Fingerprint;
use crate::model::{FeedRow, Time};

/// How a copy was found to belong to its story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    /// One contains most of the other, or tells it under the same long headline.
    Near,
    /// Both have the same text.
    Text,
    /// Both name the same page.
    Url,
}

impl Signal {
    /// The stable name.
    #[must_use]
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
    /// When it was first seen.
    pub seen: Time,
    /// Whether its publisher dated it.
    pub dated: bool,
}

impl StoredCopy {
    /// How far apart two copies are. One without a date could be of any time: then by when they were seen.
    #[must_use]
    pub fn apart(&self, other: &Self) -> Duration {
        let (a, b) = if self.dated && other.dated {
            (self.at, other.at)
        } else {
            (self.seen, other.seen)
        };
        a.since(b).max(b.since(a))
    }
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
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decision {
    /// The story to join; none: it begins one.
    pub join: Option<Join>,
    /// Other stories that are the same piece, as this copy shows: they go up in one.
    pub bridged: Vec<Join>,
}

/// The bounds of a story.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Copies further apart than this are not compared, and copies seen longer ago are forgotten.
    pub window: Duration,
    /// Copies in one story at most.
    pub copies_max: usize,
    /// Whether more than equality joins.
    pub near: bool,
}

/// What near copies need is kept for so long after the first sighting: copies are near within [`super::compare::NEAR`], and a
/// feed brings its copy up to a day after it was published.
const SKETCH_KEPT: Duration = Duration::from_secs(60 * 3600);
/// A story gathers near copies for so long.
const STORY_SPAN: Duration = Duration::from_secs(2 * 36 * 3600);
/// A near copy joins two stories with one another only if it is at least so near to both.
const BRIDGE: f64 = 0.6;
/// Copies looked at behind one hash, the newest first.
const BEHIND_ONE: usize = 64;
/// Copies compared of those that share a gram, those with the most in common first.
const COMPARED_MAX: usize = 24;
/// A page that one feed gives to more of its articles names none of them.
const ARTICLES_A_PAGE: usize = 3;

#[derive(Debug)]
struct Kept {
    copy: StoredCopy,
    /// Without its sketch once that is too old.
    print: Box<Fingerprint>,
}

#[derive(Debug, Default)]
struct Story {
    copies: Vec<i64>,
    first: Time,
    last: Time,
}

/// The copies of the window, by what they share.
#[derive(Debug)]
pub struct Grouper {
    limits: Limits,
    copies: HashMap<i64, Kept>,
    stories: HashMap<i64, Story>,
    by_seen: BTreeSet<(Time, i64)>,
    sketched: BTreeSet<(Time, i64)>,
    by_url: BTreeSet<(u64, i64)>,
    by_text: BTreeSet<(u64, i64)>,
    by_title: BTreeSet<(u64, i64)>,
    by_key: BTreeSet<(u32, i64)>,
}

impl Grouper {
    /// An empty window.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            copies: HashMap::new(),
            stories: HashMap::new(),
            by_seen: BTreeSet::new(),
            sketched: BTreeSet::new(),
            by_url: BTreeSet::new(),
            by_text: BTreeSet::new(),
            by_title: BTreeSet::new(),
            by_key: BTreeSet::new(),
        }
    }

    /// Adds a copy; one that is there already is replaced.
    pub fn insert(&mut self, copy: StoredCopy, print: Fingerprint) {
        let row = copy.article;
        self.remove(row);
        self.by_url.extend(print.url.map(|h| (h, row)));
        self.by_text.extend(print.text.map(|h| (h, row)));
        if self.limits.near {
            self.by_title.insert((print.title, row));
            self.by_key
                .extend(print.sketch.keys.iter().map(|k| (*k, row)));
            self.sketched.insert((copy.seen, row));
        }
        self.by_seen.insert((copy.seen, row));
        self.enrol(&copy);
        let print = Box::new(print);
        self.copies.insert(row, Kept { copy, print });
    }

    /// Takes a copy out.
    pub fn remove(&mut self, article: i64) {
        self.forget_sketch(article);
        let Some(Kept { copy, print }) = self.copies.remove(&article) else {
            return;
        };
        self.by_seen.remove(&(copy.seen, article));
        if let Some(h) = print.url {
            self.by_url.remove(&(h, article));
        }
        if let Some(h) = print.text {
            self.by_text.remove(&(h, article));
        }
        if let Some(story) = self.stories.get_mut(&copy.story) {
            story.copies.retain(|row| *row != article);
            if story.copies.is_empty() {
                self.stories.remove(&copy.story);
            }
        }
    }

    /// All copies of one story belong to another from now on.
    pub fn merge(&mut self, from: i64, into: i64) {
        let Some(story) = self.stories.remove(&from) else {
            return;
        };
        for row in story.copies {
            if let Some(kept) = self.copies.get_mut(&row) {
                kept.copy.story = into;
                let copy = kept.copy;
                self.enrol(&copy);
            }
        }
    }

    fn enrol(&mut self, copy: &StoredCopy) {
        let story = self.stories.entry(copy.story).or_insert(Story {
            copies: Vec::new(),
            first: copy.at,
            last: copy.at,
        });
        story.copies.push(copy.article);
        story.first = story.first.min(copy.at);
        story.last = story.last.max(copy.at);
    }

    /// Forgets what was seen too long before `now`.
    pub fn evict(&mut self, now: Time) {
        let limit = now.minus(SKETCH_KEPT);
        while let Some(&(seen, article)) = self.sketched.first()
            && seen < limit
        {
            self.forget_sketch(article);
        }
        let limit = now.minus(self.limits.window);
        while let Some(&(seen, article)) = self.by_seen.first()
            && seen < limit
        {
            self.remove(article);
        }
    }

    /// How many copies there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.copies.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.copies.is_empty()
    }

    /// Which story a new copy belongs to: the strongest signal decides, then the score, then the oldest copy. And which
    /// other stories it shows to be the same.
    #[must_use]
    pub fn decide(&self, new: &StoredCopy, print: &Fingerprint) -> Decision {
        let mut best: HashMap<i64, Join> = HashMap::new();
        for row in self.candidates(print) {
            if let Some(join) = self
                .copies
                .get(&row)
                .and_then(|old| self.join(new, print, old))
            {
                let known = best.entry(join.story).or_insert(join);
                if is_stronger(&join, known) {
                    *known = join;
                }
            }
        }
        let mut joins: Vec<Join> = best.into_values().collect();
        joins.sort_by(|a, b| {
            if is_stronger(a, b) {
                std::cmp::Ordering::Less
            } else {
                std::cmp::Ordering::Greater
            }
        });
        let mut joins = joins.into_iter();
        let Some(join) = joins.next() else {
            return Decision::default();
        };
        let is_sure = |j: &Join| j.signal != Signal::Near || j.score >= BRIDGE;
        let bridged = joins
            .filter(|other| is_sure(&join) && is_sure(other) && self.fit(join.story, other.story))
            .collect();
        Decision {
            join: Some(join),
            bridged,
        }
    }

    /// The place of a new copy in the story of an old one, if they are the same piece.
    fn join(&self, new: &StoredCopy, print: &Fingerprint, old: &Kept) -> Option<Join> {
        let Limits { window, near, .. } = self.limits;
        let (signal, score) = compare((new, print), (&old.copy, &old.print), window, near)?;
        let story = self.stories.get(&old.copy.story)?;
        let is_open = story.copies.len() < self.limits.copies_max
            && (signal != Signal::Near || !new.dated || apart(story.first, new.at) <= STORY_SPAN)
            && (signal != Signal::Url || self.is_own_page(print, new.feed));
        is_open.then_some(Join {
            story: old.copy.story,
            with_article: old.copy.article,
            signal,
            score,
        })
    }

    /// Whether two stories fit into the bounds of one.
    fn fit(&self, a: i64, b: i64) -> bool {
        let (Some(a), Some(b)) = (self.stories.get(&a), self.stories.get(&b)) else {
            return false;
        };
        let span = a.last.max(b.last).since(a.first.min(b.first));
        a.copies.len() + b.copies.len() < self.limits.copies_max && span <= STORY_SPAN
    }

    /// Copies that share anything with this one: its page, its text, its headline, and the most of its grams.
    fn candidates(&self, print: &Fingerprint) -> Vec<i64> {
        let mut rows: Vec<i64> = Vec::new();
        rows.extend(print.url.into_iter().flat_map(|h| behind(&self.by_url, h)));
        rows.extend(
            print
                .text
                .into_iter()
                .flat_map(|h| behind(&self.by_text, h)),
        );
        if self.limits.near {
            rows.extend(behind(&self.by_title, print.title));
            let mut shared: HashMap<i64, usize> = HashMap::new();
            for key in &print.sketch.keys {
                let range = (*key, i64::MIN)..=(*key, i64::MAX);
                for (_, row) in self.by_key.range(range).rev().take(BEHIND_ONE) {
                    *shared.entry(*row).or_default() += 1;
                }
            }
            let mut shared: Vec<(usize, i64)> =
                shared.into_iter().map(|(row, n)| (n, row)).collect();
            shared.sort_unstable_by(|a, b| b.cmp(a));
            rows.extend(shared.into_iter().take(COMPARED_MAX).map(|(_, row)| row));
        }
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// Whether the page is one article's: no feed gives it to many.
    fn is_own_page(&self, print: &Fingerprint, feed: FeedRow) -> bool {
        let mut articles: HashMap<FeedRow, usize> = HashMap::from([(feed, 1)]);
        for row in print.url.into_iter().flat_map(|h| behind(&self.by_url, h)) {
            if let Some(kept) = self.copies.get(&row) {
                *articles.entry(kept.copy.feed).or_default() += 1;
            }
        }
        let most = if print.url_names_article {
            ARTICLES_A_PAGE
        } else {
            1
        };
        articles.into_values().all(|n| n <= most)
    }

    fn forget_sketch(&mut self, article: i64) {
        let Some(Kept { copy, print }) = self.copies.get_mut(&article) else {
            return;
        };
        if !self.sketched.remove(&(copy.seen, article)) {
            return;
        }
        self.by_title.remove(&(print.title, article));
        for key in &print.sketch.keys {
            self.by_key.remove(&(*key, article));
        }
        print.sketch = Default::default();
    }
}

/// Whether `a` decides rather than `b`; among equals the older copy.
fn is_stronger(a: &Join, b: &Join) -> bool {
    (a.signal, a.score, b.with_article) > (b.signal, b.score, a.with_article)
}

/// The rows behind a hash, the newest first.
fn behind(index: &BTreeSet<(u64, i64)>, hash: u64) -> impl Iterator<Item = i64> + '_ {
    let range = (hash, i64::MIN)..=(hash, i64::MAX);
    index
        .range(range)
        .rev()
        .take(BEHIND_ONE)
        .map(|(_, row)| *row)
}

fn apart(a: Time, b: Time) -> Duration {
    a.since(b).max(b.since(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn grouper() -> Grouper {
        Grouper::new(Limits {
            window: HOUR * 24 * 7,
            copies_max: 3,
            near: true,
        })
    }

    fn copy(article: i64, feed: FeedRow, hour: i64) -> StoredCopy {
        let at = Time::from_seconds(hour * 3600);
        StoredCopy {
            article,
            story: article,
            feed,
            at,
            seen: at,
            dated: true,
        }
    }

    fn print(url: u64, text: u64) -> Fingerprint {
        Fingerprint {
            url: (url > 0).then_some(url),
            text: (text > 0).then_some(text),
            ..Fingerprint::default()
        }
    }

    fn joined(g: &Grouper, feed: FeedRow, hour: i64, p: &Fingerprint) -> Option<(i64, Signal)> {
        let join = g.decide(&copy(0, feed, hour), p).join;
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
    fn an_articles_page_under_a_new_headline_is_the_same_article() {
        let article = |url| Fingerprint {
            url_names_article: true,
            ..print(url, 0)
        };
        let mut g = grouper();
        g.insert(copy(1, 1, 0), article(5));
        assert_eq!(joined(&g, 1, 9, &article(5)), Some((1, Signal::Url)));
        assert_eq!(joined(&g, 1, 90, &article(5)), None, "days later");
        g.insert(copy(2, 1, 1), article(5));
        g.insert(copy(3, 1, 2), article(5));
        assert_eq!(
            joined(&g, 1, 9, &article(5)),
            None,
            "the page of a programme"
        );
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
    fn an_undated_copy_is_of_the_time_it_was_seen() {
        let mut g = grouper();
        let old = StoredCopy {
            seen: Time::from_seconds(1_000_000),
            ..copy(1, 1, 0)
        };
        g.insert(old, print(0, 7));
        let seen = Time::from_seconds(1_000_060);
        let undated = StoredCopy {
            at: seen,
            seen,
            dated: false,
            ..copy(0, 2, 0)
        };
        assert!(g.decide(&undated, &print(0, 7)).join.is_some());
        assert!(
            g.decide(
                &StoredCopy {
                    dated: true,
                    ..undated
                },
                &print(0, 7)
            )
            .join
            .is_none()
        );
    }

    #[test]
    fn a_copy_of_two_stories_shows_that_they_are_one() {
        let mut g = grouper();
        g.insert(copy(1, 1, 0), print(5, 0));
        g.insert(copy(2, 2, 1), print(0, 6));
        let decision = g.decide(&copy(0, 3, 2), &print(5, 6));
        assert_eq!(decision.join.map(|j| j.story), Some(1));
        assert_eq!(
            decision.bridged.iter().map(|j| j.story).collect::<Vec<_>>(),
            [2]
        );
        g.merge(2, 1);
        assert_eq!(joined(&g, 4, 2, &print(0, 6)), Some((1, Signal::Text)));
        g.insert(copy(9, 9, 24 * 6), print(0, 8));
        let far = g.decide(&copy(0, 3, 24 * 6), &print(5, 8));
        assert_eq!(far.bridged, [], "too far apart to be one story");
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
        g.insert(copy(2, 2, 200), print(7, 8));
        g.evict(Time::from_seconds(200 * 3600));
        assert_eq!(joined(&g, 3, 1, &print(5, 6)), None);
        assert_eq!(g.len(), 1);
        g.remove(2);
        let rest = [
            g.by_url.len(),
            g.by_text.len(),
            g.by_title.len(),
            g.by_seen.len(),
            g.sketched.len(),
        ];
        assert!(g.is_empty() && g.stories.is_empty() && rest == [0; 5]);
    }
}
