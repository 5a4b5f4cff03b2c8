//! Stored copies once more through a fresh window, under other settings: which stories would be one, and which would be
//! several. Nothing is changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::copy::StoredCopy;
use super::decisions::Decisions;
use super::fingerprint::Fingerprint;
use super::group::{Grouper, Limits};
use crate::model::{ArticleId, ArticleRow, StoryRow, Time};

/// A replay under way.
#[derive(Debug)]
pub struct Replay {
    window: Grouper,
    /// Copies seen before are taken in, but not compared with what they came to.
    since: Time,
    /// The story of each copy: as stored, and here. A story bears the row of its first copy here.
    copies: BTreeMap<ArticleRow, (StoryRow, StoryRow)>,
    /// Stories here that went up in older ones.
    merged: BTreeMap<StoryRow, StoryRow>,
    /// The copies that a user decided about.
    decided: HashMap<ArticleRow, ArticleId>,
}

/// The differences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Copies compared.
    pub copies: usize,
    /// Stories as stored.
    pub stories: usize,
    /// Stories under these settings.
    pub stories_then: usize,
    /// Stored stories that would be one.
    pub joined: Vec<Vec<StoryRow>>,
    /// The story of each copy: as stored, and under these settings.
    pub stories_of: BTreeMap<ArticleRow, (StoryRow, StoryRow)>,
    /// Stored stories that would be several: the copies of each part.
    pub parted: Vec<(StoryRow, Vec<Vec<ArticleRow>>)>,
}

impl Replay {
    /// An empty window under these settings; copies seen since `since` are compared.
    #[must_use]
    pub fn new(limits: Limits, since: Time) -> Self {
        Self {
            window: Grouper::new(limits),
            since,
            copies: BTreeMap::new(),
            merged: BTreeMap::new(),
            decided: HashMap::new(),
        }
    }

    /// Applies these decisions, none of whose copies is in the window yet. `decided` has the rows of their copies.
    #[must_use]
    pub fn following(
        mut self,
        decisions: Decisions,
        decided: HashMap<ArticleRow, ArticleId>,
    ) -> Self {
        *self.window.decisions() = decisions;
        self.decided = decided;
        self
    }

    /// Takes in the next copy, in the order of the rows.
    pub fn take(&mut self, copy: StoredCopy, print: Fingerprint) {
        self.window.evict(copy.seen);
        let id = self.decided.get(&copy.article).copied();
        let decision = match id {
            Some(id) => self.window.decide_of(id, &copy, &print),
            None => self.window.decide(&copy, &print),
        };
        let own = StoryRow::new(copy.article.get());
        let mut story = decision.join.map_or(own, |join| join.story);
        for other in decision.bridged {
            let (into, from) = (story.min(other.story), story.max(other.story));
            self.window.merge(from, into);
            self.merged.insert(from, into);
            story = into;
        }
        if let Some(id) = id {
            self.window.decisions().place(id, story, copy.article);
        }
        let replayed = StoredCopy { story, ..copy };
        self.window.insert(replayed, print);
        if copy.seen >= self.since {
            self.copies.insert(copy.article, (copy.story, story));
        }
    }

    /// The story that one has become.
    fn story(&self, mut story: StoryRow) -> StoryRow {
        while let Some(into) = self.merged.get(&story) {
            story = *into;
        }
        story
    }

    /// What differs from what is stored.
    #[must_use]
    pub fn changes(&self) -> Changes {
        let mut before: BTreeMap<StoryRow, BTreeMap<StoryRow, Vec<ArticleRow>>> = BTreeMap::new();
        let mut then: BTreeMap<StoryRow, BTreeSet<StoryRow>> = BTreeMap::new();
        for (article, (stored, here)) in &self.copies {
            let here = self.story(*here);
            let parts = before.entry(*stored).or_default();
            parts.entry(here).or_default().push(*article);
            then.entry(here).or_default().insert(*stored);
        }
        let several = before.iter().filter(|(_, parts)| parts.len() > 1);
        let stories_of = self.copies.iter();
        let stories_of =
            stories_of.map(|(copy, (stored, here))| (*copy, (*stored, self.story(*here))));
        Changes {
            stories_of: stories_of.collect(),
            copies: self.copies.len(),
            stories: before.len(),
            stories_then: then.len(),
            parted: several
                .map(|(story, parts)| (*story, parts.values().cloned().collect()))
                .collect(),
            joined: then
                .values()
                .filter(|stories| stories.len() > 1)
                .map(|stories| stories.iter().copied().collect())
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::dedup::Subject;
    use crate::model::FeedRow;

    fn take(replay: &mut Replay, article: i64, story: i64, body: &str) {
        let at = Time::from_seconds(article * 60);
        let copy = StoredCopy {
            article: ArticleRow::new(article),
            story: StoryRow::new(story),
            feed: FeedRow::new(article),
            at,
            seen: at,
            dated: true,
            own_page: true,
        };
        let subject = Subject {
            title: "",
            body,
            canonical_url: None,
        };
        replay.take(copy, Fingerprint::of(&subject));
    }

    #[test]
    fn what_other_settings_join_and_part_is_told() {
        let limits = Limits {
            window: Duration::from_secs(86_400),
            copies_max: 10,
            near: false,
        };
        let mut replay = Replay::new(limits, Time::from_seconds(90));
        let (boats, buoys) = (
            "boats came home late on friday because of the fog",
            "buoys were laid out along the whole of the strait",
        );
        take(&mut replay, 1, 1, boats);
        take(&mut replay, 2, 1, boats);
        take(&mut replay, 3, 1, buoys);
        take(&mut replay, 4, 4, buoys);
        let changes = replay.changes();
        assert_eq!(
            (changes.copies, changes.stories, changes.stories_then),
            (3, 2, 2)
        );
        let parts = vec![vec![ArticleRow::new(2)], vec![ArticleRow::new(3)]];
        assert_eq!(changes.parted, [(StoryRow::new(1), parts)]);
        assert_eq!(changes.joined, [[1, 4].map(StoryRow::new)]);
    }
}
