//! Votes of the feeds of a story about a new copy, and of the feeds of two stories about each other (SEC-13). Each feed has
//! one vote; the votes of one feed must never bring the copies of others together or keep them apart.

use std::collections::HashMap;

use super::compare::are_kin;
use super::copy::StoredCopy;
use super::fingerprint::Fingerprint;
use super::window::{Kept, Window};
use crate::model::{FeedRow, StoryRow, Time};

/// Feeds of a story that are asked about a new copy, those that brought it first, and copies of each.
const FEEDS_ASKED: usize = 8;
const COPIES_ASKED: usize = 3;
/// Copies of a page among which the feed of its host is looked for, the oldest first.
const COPIES_OF_A_PAGE: usize = 64;

/// The bounds of a story.
#[derive(Debug, Clone, Copy)]
pub(super) struct Story {
    pub(super) copies: usize,
    /// Those of the new copy's feed.
    pub(super) of_this_feed: usize,
    pub(super) first: Time,
    pub(super) last: Time,
}

/// The stories of the window as a new copy of `feed` finds them, each counted once.
pub(super) struct Stories<'w> {
    window: &'w Window,
    feed: FeedRow,
    known: HashMap<StoryRow, Story>,
}

impl<'w> Stories<'w> {
    pub(super) fn new(window: &'w Window, feed: FeedRow) -> Self {
        Self {
            window,
            feed,
            known: HashMap::new(),
        }
    }

    pub(super) fn of(&mut self, row: StoryRow) -> Story {
        *self.known.entry(row).or_insert_with(|| {
            let copies: Vec<StoredCopy> = copies(self.window, row).collect();
            Story {
                copies: copies.len(),
                of_this_feed: copies.iter().filter(|c| c.feed == self.feed).count(),
                first: copies.iter().map(|c| c.at).min().unwrap_or_default(),
                last: copies.iter().map(|c| c.at).max().unwrap_or_default(),
            }
        })
    }

    /// The number of feeds of a story that have anything in common with a copy that is similar to one of them; 0 if none can
    /// decide; `None` if as many or more have nothing. A feed that publishes the text of one article under the page of
    /// another brings neither into the other's story (SEC-13). The copy's own feed may vote no; its yes counts only if it is
    /// the only feed.
    pub(super) fn welcome(
        &self,
        row: StoryRow,
        copy: (&StoredCopy, &Fingerprint),
    ) -> Option<usize> {
        let feeds = self.voters(row);
        let is_alone = feeds.iter().all(|(feed, _)| *feed == self.feed);
        let (mut yes, mut no) = (0_usize, 0_usize);
        for (feed, copies) in &feeds {
            let answers = copies
                .iter()
                .filter_map(|k| are_kin(copy, (&k.copy, &k.print)));
            match answers.reduce(|a, b| a || b) {
                Some(true) => yes += usize::from(is_alone || *feed != self.feed),
                Some(false) => no += 1,
                None => {}
            }
        }
        (yes > no || no == 0).then_some(yes)
    }

    /// Whether any copy of a story has nothing in common with this one: then a page that its feed could have named freely
    /// does not bring it in.
    pub(super) fn denies(&self, row: StoryRow, copy: (&StoredCopy, &Fingerprint)) -> bool {
        whole(self.window, row).any(|k| are_kin(copy, (&k.copy, &k.print)) == Some(false))
    }

    /// The same of copies of other feeds: an article that changed on its page leaves those that did not.
    pub(super) fn denies_as_other(&self, row: StoryRow, copy: (&StoredCopy, &Fingerprint)) -> bool {
        let mut others = whole(self.window, row).filter(|k| k.copy.feed != self.feed);
        others.any(|k| are_kin(copy, (&k.copy, &k.print)) == Some(false))
    }

    /// How two stories relate by the votes of their own copies. Neither the new copy nor other copies of its feed may join
    /// two stories that have nothing in common without them (SEC-13).
    pub(super) fn relation(&self, a: StoryRow, b: StoryRow) -> Relation {
        let (ours, theirs) = (self.voters(a), self.voters(b));
        let is_own = |feeds: &Voters| feeds.iter().all(|(feed, _)| *feed == self.feed);
        let is_own_story = is_own(&ours) || is_own(&theirs);
        let (mut yes, mut no, mut no_of_two_feeds) = (0_usize, 0_usize, 0_usize);
        let pairs = ours.iter().flat_map(|x| theirs.iter().map(move |y| (x, y)));
        for ((feed, copies), (other, others)) in pairs {
            let pairs = copies
                .iter()
                .flat_map(|x| others.iter().map(move |y| (x, y)));
            let answers =
                pairs.filter_map(|(x, y)| are_kin((&x.copy, &x.print), (&y.copy, &y.print)));
            let is_of_this_feed = *feed == self.feed || *other == self.feed;
            match answers.reduce(|a, b| a || b) {
                Some(true) => yes += usize::from(is_own_story || !is_of_this_feed),
                Some(false) => {
                    no += 1;
                    no_of_two_feeds += usize::from(feed != other && !is_of_this_feed);
                }
                None => {}
            }
        }
        if yes == 0 && no_of_two_feeds > 0 {
            Relation::Strangers
        } else if yes > no {
            Relation::OnePiece
        } else {
            Relation::Unclear
        }
    }

    /// The voting feeds of a story, and the copies of each. A copy that joined by the page of another copy, with a different
    /// text, has no vote: its feed could have named any page (SEC-13).
    fn voters(&self, row: StoryRow) -> Voters {
        let mut feeds: Voters = Vec::new();
        for slot in self.window.of_story(row) {
            let Some(copy) = self.window.copy(slot) else {
                continue;
            };
            let known = feeds.iter().position(|(feed, _)| *feed == copy.feed);
            let of_feed = known.and_then(|at| feeds.get(at));
            let is_asked = match of_feed {
                Some((_, copies)) => copies.len() < COPIES_ASKED,
                None => feeds.len() < FEEDS_ASKED,
            };
            if !is_asked {
                continue;
            }
            let kept = self.window.get(slot);
            let Some(kept) = kept.filter(|kept| !self.is_guest(kept)) else {
                continue;
            };
            match known.and_then(|at| feeds.get_mut(at)) {
                Some((_, copies)) => copies.push(kept),
                None => feeds.push((copy.feed, vec![kept])),
            }
        }
        feeds
    }

    /// Whether a copy is on a page of another feed's host, in one story with a copy of that feed, and the texts differ.
    fn is_guest(&self, kept: &Kept) -> bool {
        let of_page = self.window.with_page(kept.print.url);
        let mut of_page = of_page.take(COPIES_OF_A_PAGE);
        let is_denied_by = |host: &Kept| {
            host.copy.own_page
                && host.copy.story == kept.copy.story
                && host.copy.feed != kept.copy.feed
                && are_kin((&host.copy, &host.print), (&kept.copy, &kept.print)) == Some(false)
        };
        !kept.copy.own_page
            && of_page.any(|slot| {
                self.window
                    .get(slot)
                    .is_some_and(|host| is_denied_by(&host))
            })
    }
}

type Voters = Vec<(FeedRow, Vec<Kept>)>;

/// How two stories relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    /// Most of their feeds have something in common.
    OnePiece,
    /// Nothing in common.
    Strangers,
    /// Neither.
    Unclear,
}

/// The copies of a story.
pub(super) fn copies(window: &Window, story: StoryRow) -> impl Iterator<Item = StoredCopy> {
    let slots = window.of_story(story).into_iter();
    slots.filter_map(|slot| window.copy(slot))
}

/// The same with their fingerprints.
fn whole(window: &Window, story: StoryRow) -> impl Iterator<Item = Kept> {
    let slots = window.of_story(story).into_iter();
    slots.filter_map(|slot| window.get(slot))
}
