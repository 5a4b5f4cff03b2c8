//! Which story a new copy belongs to.
//!
//! A copy is compared with copies, never with a growing centroid; a story is bounded in time and size. A late copy can
//! show that two stories are one: then the younger goes up in the older, whose id stays.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use super::compare::compare;
use super::copy::{Signal, StoredCopy, apart};
use super::decisions::Decisions;
use super::fingerprint::Fingerprint;
use super::votes::{Relation, Stories, copies};
use super::window::{Kept, Slot, Window, is_too_old};
use crate::model::{ArticleId, ArticleRow, FeedRow, StoryRow, Time};

/// A new copy's place in a story.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Join {
    /// The story.
    pub story: StoryRow,
    /// The copy that it was compared with.
    pub with_article: ArticleRow,
    /// What they share.
    pub signal: Signal,
    /// 0 to 1; 1 for equal.
    pub score: f64,
    /// Whether the signal cannot be forged: texts can be compared; a page counts if it is on the hosts of both feeds
    /// (SEC-13).
    is_proven: bool,
}

impl Join {
    /// A user put it into this story, with this copy of it.
    #[must_use]
    pub fn by_user(story: StoryRow, with_article: ArticleRow) -> Self {
        Self {
            story,
            with_article,
            signal: Signal::User,
            score: 1.0,
            is_proven: true,
        }
    }
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

/// A story gathers near copies for so long.
const STORY_SPAN: Duration = Duration::from_secs(2 * 36 * 3600);
/// Copies compared of those that share a gram, those with the most in common first.
const COMPARED_MAX: usize = 24;
/// A page that one feed gives to more of its articles names none of them.
const ARTICLES_A_PAGE: usize = 3;
/// Copies of one feed in a story at most: what it prints yet again are stories of their own, and the room is others'.
const COPIES_OF_A_FEED: usize = 50;

/// Stories of so many feeds that know a copy are all preferred to those of fewer.
const FEEDS_ENOUGH: usize = 2;
/// Stories compared with one another for one new copy, those most like it first.
const STORIES_RELATED: usize = 6;

/// The copies of the window, and the rules by which they become stories.
#[derive(Debug)]
pub struct Grouper {
    limits: Limits,
    window: Window,
    decisions: Decisions,
}

impl Grouper {
    /// An empty window.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            window: Window::default(),
            decisions: Decisions::default(),
        }
    }

    /// A part of a window, which decides as the whole does about what its lists are for.
    #[must_use]
    pub fn of_part(limits: Limits, window: Window) -> Self {
        Self {
            limits,
            window,
            decisions: Decisions::default(),
        }
    }

    /// What a user decided about copies, of the window or not.
    pub fn decisions(&mut self) -> &mut Decisions {
        &mut self.decisions
    }

    /// Adds a copy; one that is there already is replaced. Copies come in the order of their rows.
    pub fn insert(&mut self, copy: StoredCopy, mut print: Fingerprint) {
        if !self.limits.near {
            print.sketch = Default::default();
        }
        self.window.insert(copy, print);
    }

    /// Adds a copy of the store when the window is filled at `now`. What would be forgotten at once is not taken in.
    pub fn restore(&mut self, copy: StoredCopy, mut print: Fingerprint, now: Time) {
        if is_too_old(&copy, now) {
            print.sketch = Default::default();
        }
        self.insert(copy, print);
        self.evict(now);
    }

    /// Takes a copy out.
    pub fn remove(&mut self, article: ArticleRow) {
        self.window.remove(article);
    }

    /// All copies of one story belong to another from now on.
    pub fn merge(&mut self, from: StoryRow, into: StoryRow) {
        self.window.merge(from, into);
        self.decisions.merge(from, into);
    }

    /// Forgets what was seen too long before `now`.
    pub fn evict(&mut self, now: Time) {
        self.window.evict(now, now.minus(self.limits.window));
    }

    /// How many copies there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.window.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.window.is_empty()
    }

    /// What the window takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.window.bytes()
    }

    /// Which story a new copy of this id belongs to: what a user decided about it counts before the rules.
    pub fn decide_of(&mut self, id: ArticleId, new: &StoredCopy, print: &Fingerprint) -> Decision {
        if !self.decisions.is_about(id) {
            return self.decide(new, print);
        }
        if let Some((story, with_article)) = self.decisions.partner(id) {
            return Decision {
                join: Some(Join::by_user(story, with_article)),
                bridged: Vec::new(),
            };
        }
        self.decisions.begin_placing(id);
        let decision = self.decide(new, print);
        self.decisions.end_placing(id);
        decision
    }

    /// Which story a new copy belongs to: the strongest signal decides, then the score, then the oldest copy. And which
    /// other stories it shows to be the same.
    #[must_use]
    pub fn decide(&self, new: &StoredCopy, print: &Fingerprint) -> Decision {
        let equal_only = || Fingerprint {
            sketch: Default::default(),
            ..print.clone()
        };
        let print = &if self.limits.near {
            Cow::Borrowed(print)
        } else {
            Cow::Owned(equal_only())
        };
        let mut stories = Stories::new(&self.window, new.feed);
        let mut best: HashMap<StoryRow, Join> = HashMap::new();
        for slot in self.candidates(print) {
            let Some(old) = self.window.get(slot) else {
                continue;
            };
            if let Some(join) = self.join(new, print, &old, &mut stories) {
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
        // Those of several feeds first: what one feed prints, however like it is, outweighs no others.
        let welcome = |join: &Join| {
            let old = self.window.of_article(join.with_article);
            let is_its_feeds = old.is_some_and(|old| old.feed == new.feed);
            let copy: (&StoredCopy, &Fingerprint) = (new, print);
            match join.signal {
                Signal::Url if is_its_feeds => {
                    (!stories.denies_as_other(join.story, copy)).then_some(usize::MAX)
                }
                Signal::Url if !join.is_proven && stories.denies(join.story, copy) => None,
                _ => stories.welcome(join.story, copy),
            }
        };
        let mut joins: Vec<(usize, Join)> = joins
            .into_iter()
            .filter_map(|join| Some((welcome(&join)?, join)))
            .collect();
        joins = self.decisions.permitted(joins, |(_, join)| join.story);
        joins.sort_by_key(|(feeds, _)| std::cmp::Reverse((*feeds).min(FEEDS_ENOUGH)));
        let joins = joins.into_iter().map(|(_, join)| join);
        let mut joins: Vec<Join> = joins.take(STORIES_RELATED).collect();
        // A page that is not on the hosts of both is followed only where there is nothing better.
        if joins.first().is_some_and(|first| first.is_proven) {
            joins.retain(|join| join.is_proven);
        } else {
            joins.truncate(1);
        }
        self.settled(&joins, &mut stories)
    }

    /// What becomes of a copy that these stories welcome, the strongest first. A copy that is near to strangers holds
    /// several texts and belongs to none of them; one that equals another copy stands where that one stands.
    fn settled(&self, joins: &[Join], stories: &mut Stories<'_>) -> Decision {
        let Some((join, others)) = joins.split_first() else {
            return Decision::default();
        };
        let pairs = joins.iter().enumerate().flat_map(|(at, a)| {
            let behind = joins.get(at + 1..).unwrap_or_default();
            behind.iter().map(move |b| (a.story, b.story))
        });
        let related: HashMap<(StoryRow, StoryRow), Relation> = pairs
            .map(|pair| (pair, stories.relation(pair.0, pair.1)))
            .collect();
        let holds_several = related.values().any(|r| *r == Relation::Strangers);
        if holds_several && join.signal == Signal::Near {
            return Decision::default();
        }
        let mut bridged: Vec<Join> = Vec::new();
        for other in others.iter().filter(|_| !holds_several) {
            let is_one_with = |known: &Join| {
                related.get(&(known.story, other.story)) == Some(&Relation::OnePiece)
                    && self.fit(known.story, other.story, stories)
            };
            let mut together = std::iter::once(join).chain(&bridged);
            if together.all(is_one_with) {
                bridged.push(*other);
            }
        }
        Decision {
            join: Some(*join),
            bridged,
        }
    }

    /// The place of a new copy in the story of an old one, if they are the same piece.
    fn join(
        &self,
        new: &StoredCopy,
        print: &Fingerprint,
        old: &Kept,
        stories: &mut Stories<'_>,
    ) -> Option<Join> {
        let Limits { window, near, .. } = self.limits;
        let (signal, score) =
            compare((new, print), (&old.copy, &old.print), window, near).join()?;
        let story = stories.of(old.copy.story);
        let is_open = story.copies < self.limits.copies_max
            && story.of_this_feed < COPIES_OF_A_FEED
            && (signal != Signal::Near || !new.dated || apart(story.first, new.at) <= STORY_SPAN)
            && (signal != Signal::Url || self.is_own_page(print, new.feed));
        is_open.then_some(Join {
            story: old.copy.story,
            with_article: old.copy.article,
            signal,
            score,
            is_proven: signal != Signal::Url
                || new.feed == old.copy.feed
                || new.own_page && old.copy.own_page,
        })
    }

    /// Whether two stories fit into the bounds of one.
    fn fit(&self, a: StoryRow, b: StoryRow, stories: &mut Stories<'_>) -> bool {
        let (one, other) = (stories.of(a), stories.of(b));
        let span = one.last.max(other.last).since(one.first.min(other.first));
        let mut of_feeds: HashMap<FeedRow, usize> = HashMap::new();
        for copy in copies(&self.window, a).chain(copies(&self.window, b)) {
            *of_feeds.entry(copy.feed).or_default() += 1;
        }
        one.copies + other.copies < self.limits.copies_max
            && span <= STORY_SPAN
            && of_feeds.into_values().all(|n| n <= COPIES_OF_A_FEED)
    }

    /// Copies that share anything with this one: its page, its text, its headline, and the most of its grams.
    fn candidates(&self, print: &Fingerprint) -> Vec<Slot> {
        let mut slots: Vec<Slot> = self.window.with_page(print.url).collect();
        slots.extend(self.window.with_text(print.text));
        if self.limits.near && !print.sketch.is_empty() {
            slots.extend(self.window.with_title(print.title));
            let mut shared: HashMap<Slot, usize> = HashMap::new();
            for gram in print.sketch.keys() {
                for slot in self.window.with_gram(gram) {
                    *shared.entry(slot).or_default() += 1;
                }
            }
            let mut shared: Vec<(usize, Slot)> =
                shared.into_iter().map(|(slot, n)| (n, slot)).collect();
            shared.sort_unstable_by(|a, b| b.cmp(a));
            slots.extend(shared.into_iter().take(COMPARED_MAX).map(|(_, slot)| slot));
        }
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    /// Whether the page is one article's: no feed gives it to many.
    fn is_own_page(&self, print: &Fingerprint, feed: FeedRow) -> bool {
        let mut articles: HashMap<FeedRow, usize> = HashMap::from([(feed, 1)]);
        for slot in self.window.with_page(print.url) {
            if let Some(copy) = self.window.copy(slot) {
                *articles.entry(copy.feed).or_default() += 1;
            }
        }
        let most = if print.url_names_article {
            ARTICLES_A_PAGE
        } else {
            1
        };
        articles.into_values().all(|n| n <= most)
    }
}

/// Whether `a` decides rather than `b`: what is proven first, then by signal and score, then the older copy.
fn is_stronger(a: &Join, b: &Join) -> bool {
    (a.is_proven, a.signal, a.score, b.with_article)
        > (b.is_proven, b.signal, b.score, a.with_article)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::fingerprint::Hash;

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
            own_page: true,
        }
    }

    fn print(url: u64, text: u64) -> Fingerprint {
        Fingerprint {
            url: Hash::new(url << 32),
            text: Hash::new(text << 32),
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
    fn one_text_under_two_versions_joins_neither_later_nor_where_only_equality_counts() {
        let notes = "this release bumps three libraries and changes nothing else ".repeat(6);
        let release = |title| {
            Fingerprint::of(&crate::dedup::Subject {
                title,
                body: &notes,
                canonical_url: None,
            })
        };
        for near in [true, false] {
            let mut g = Grouper::new(Limits {
                window: HOUR * 24 * 7,
                copies_max: 3,
                near,
            });
            g.insert(copy(1, 1, 0), release("v1 2 0"));
            // By then what near copies need is forgotten.
            g.evict(Time::from_seconds(70 * 3600));
            assert_eq!(joined(&g, 2, 70, &release("v0 9 3")), None);
            let same = joined(&g, 2, 70, &release("v1 2 0"));
            assert_eq!(same, Some((1, Signal::Text)));
        }
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

    /// Words of texts, by where they stand in them.
    fn parts(parts: &[(char, std::ops::Range<u8>)]) -> Fingerprint {
        let letter = |n: u8| char::from(b'a' + n % 26);
        let words = parts.iter().flat_map(|(text, range)| {
            let word = move |n: u8| format!("{text}{}{}", letter(n / 26), letter(n));
            range.clone().map(word)
        });
        let body: Vec<String> = words.collect();
        Fingerprint::of(&crate::dedup::Subject {
            title: "",
            body: &body.join(" "),
            canonical_url: None,
        })
    }

    fn part(text: char, range: std::ops::Range<u8>) -> Fingerprint {
        parts(&[(text, range)])
    }

    fn bridged(g: &Grouper, hour: i64, p: &Fingerprint) -> (Option<i64>, Vec<i64>) {
        let decision = g.decide(&copy(0, 3, hour), p);
        let others = decision.bridged.iter().map(|j| j.story).collect();
        (decision.join.map(|j| j.story), others)
    }

    #[test]
    fn a_copy_of_two_stories_that_have_something_in_common_shows_that_they_are_one() {
        let mut g = grouper();
        g.insert(copy(1, 1, 0), part('x', 0..40));
        g.insert(copy(2, 2, 1), part('x', 20..60));
        assert_eq!(
            joined(&g, 2, 1, &part('x', 20..60)),
            Some((2, Signal::Text))
        );
        assert_eq!(bridged(&g, 2, &part('x', 0..60)), (Some(1), vec![2]));
        g.merge(2, 1);
        assert_eq!(
            joined(&g, 4, 2, &part('x', 20..60)),
            Some((1, Signal::Text))
        );
        g.insert(copy(9, 9, 24 * 4), part('x', 20..60));
        let (_, far) = bridged(&g, 24 * 4, &part('x', 0..60));
        assert!(far.is_empty(), "too far apart to be one story");
    }

    #[test]
    fn sec_13_a_copy_of_several_texts_joins_none_of_them() {
        let mut g = grouper();
        let roundup = parts(&[('x', 0..40), ('y', 0..40)]);
        g.insert(copy(1, 1, 0), part('x', 0..40));
        assert_eq!(bridged(&g, 2, &roundup), (Some(1), vec![]));
        g.insert(copy(2, 2, 0), part('y', 0..40));
        assert_eq!(bridged(&g, 2, &roundup), (None, vec![]));
        g.insert(copy(4, 4, 1), roundup.clone());
        assert_eq!(joined(&g, 5, 2, &roundup), Some((4, Signal::Text)));
        assert_eq!(joined(&g, 5, 2, &part('y', 0..40)), Some((2, Signal::Text)));
    }

    #[test]
    fn sec_13_a_common_text_counts_more_than_a_page_on_another_host() {
        let on_page = |part: Fingerprint| Fingerprint {
            url: Hash::new(5 << 32),
            ..part
        };
        let elsewhere = |copy: StoredCopy| StoredCopy {
            own_page: false,
            ..copy
        };
        let mut g = grouper();
        g.insert(copy(1, 1, 0), part('x', 0..40));
        g.insert(elsewhere(copy(2, 99, 1)), on_page(part('y', 0..5)));
        let new = elsewhere(copy(0, 3, 2));
        let join = |g: &Grouper, print| g.decide(&new, &print).join.map(|j| j.story);
        assert_eq!(join(&g, on_page(part('x', 0..38))), Some(1));
        assert_eq!(join(&g, on_page(part('z', 0..5))), Some(2));
    }

    #[test]
    fn sec_13_a_copy_on_a_foreign_page_with_another_text_has_no_vote() {
        let on_page = |part: Fingerprint| Fingerprint {
            url: Hash::new(5 << 32),
            ..part
        };
        let mut g = grouper();
        g.insert(copy(1, 1, 0), on_page(part('x', 0..40)));
        let hostile = StoredCopy {
            own_page: false,
            ..copy(2, 99, 1)
        };
        let print = on_page(part('y', 0..40));
        let join = g.decide(&hostile, &print).join.map(|j| j.story);
        let story = join.unwrap_or(hostile.article);
        g.insert(StoredCopy { story, ..hostile }, print);
        assert_eq!(joined(&g, 2, 2, &part('x', 0..38)), Some((1, Signal::Near)));
    }

    #[test]
    fn one_headline_over_unrelated_texts_is_no_story() {
        let text = |body: &str| {
            Fingerprint::of(&crate::dedup::Subject {
                title: "what we know so far of the storm in the north today",
                body,
                canonical_url: None,
            })
        };
        let mut g = grouper();
        let words = |from: u8| -> String {
            let letter = |n: u8| char::from(b'a' + n % 26);
            let words = (from..from + 30).map(|n| format!("w{}{}", letter(n / 26), letter(n)));
            words.collect::<Vec<_>>().join(" ")
        };
        g.insert(copy(1, 1, 0), text(&words(0)));
        assert_eq!(joined(&g, 2, 1, &text(&words(100))), None);
        assert_eq!(joined(&g, 2, 1, &text("")), Some((1, Signal::Near)));
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
        assert!(g.is_empty());
    }
}
