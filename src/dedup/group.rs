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
    /// The signal that they share.
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

/// The decision about a new copy.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decision {
    /// The story to join; `None`: the copy begins a new one.
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

/// How long a story accepts near copies.
const STORY_SPAN: Duration = Duration::from_secs(2 * 36 * 3600);
/// Copies compared of those that share a gram, those with the most in common first.
const COMPARED_MAX: usize = 24;
/// A page that one feed gives to more than this many of its articles identifies none of them.
const ARTICLES_A_PAGE: usize = 3;
/// Maximum number of copies of one feed in a story: further ones become stories of their own, so that places remain for
/// other feeds.
const COPIES_OF_A_FEED: usize = 50;

/// Stories in which this many feeds know a copy are all preferred to those with fewer.
const FEEDS_ENOUGH: usize = 2;
/// Maximum number of stories that are compared with one another for a new copy, best first.
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

    /// The user's decisions about copies, in the window or not.
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

    /// Adds a stored copy when the window is filled at `now`. One that would be evicted at once is not added.
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

    /// The number of copies.
    #[must_use]
    pub fn len(&self) -> usize {
        self.window.len()
    }

    /// Whether there are no copies.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.window.is_empty()
    }

    /// The memory of the window, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.window.bytes()
    }

    /// The story of a new copy with this id. The user's decisions about it override the rules.
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
        // Candidates of several feeds first: however similar copies of one feed are, they count as one.
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
        // A page that is not on the hosts of both feeds is used only if there is nothing better.
        if joins.first().is_some_and(|first| first.is_proven) {
            joins.retain(|join| join.is_proven);
        } else {
            joins.truncate(1);
        }
        self.settled(&joins, &mut stories)
    }

    /// The decision about a copy that these stories accept, best first. A copy that is near to unrelated stories contains
    /// several texts and belongs to none of them; one that equals another copy belongs to the story of that one.
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

    /// Copies that share something with this one: its page, its text, its headline, or most of its grams.
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
mod tests;
