//! The user's decisions about copies (`newswire split`, `newswire join`): which belong to one story, and which do not. A
//! decision overrides the rules of grouping. Pure: the rows come in as arguments. Never decides about two copies that no
//! decision names.
//!
//! The newest decision about two copies applies. A decision puts its copies on sides: copies on two sides are apart, copies
//! on one side are together, except on the side [`STAYED`]: the decision says nothing about the copies that stayed in a
//! story that was split.

use std::collections::{BTreeSet, HashMap};

use crate::model::{ArticleId, ArticleRow, StoryRow};

/// The number of a decision: it grows.
pub type DecisionRow = i64;

/// The side of the copies that stayed in a story that was split.
pub const STAYED: u32 = 0;

/// The story of a copy that is being placed.
const NEW_STORY: StoryRow = StoryRow::new(0);

/// The user's decision about two copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// They are copies of one story.
    Together,
    /// They are not.
    Apart,
}

/// A copy's part in a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which decision.
    pub decision: DecisionRow,
    /// On which side.
    pub side: u32,
}

impl Part {
    /// What a decision says about two of its copies.
    fn word(self, other: Self) -> Option<Word> {
        match (self.side, other.side) {
            (a, b) if a != b => Some(Word::Apart),
            (STAYED, _) => None,
            _ => Some(Word::Together),
        }
    }
}

/// All decisions, and the places of the copies that they name.
#[derive(Debug, Clone, Default)]
pub struct Decisions {
    /// The newest first.
    parts: HashMap<ArticleId, Vec<Part>>,
    copies: HashMap<DecisionRow, Vec<(ArticleId, u32)>>,
    places: HashMap<ArticleId, (StoryRow, ArticleRow)>,
    stories: HashMap<StoryRow, BTreeSet<ArticleId>>,
}

impl Decisions {
    /// Adds a copy's part in a decision, in any order.
    pub fn add(&mut self, id: ArticleId, part: Part) {
        let parts = self.parts.entry(id).or_default();
        let at = parts.partition_point(|p| p.decision > part.decision);
        parts.insert(at, part);
        let copies = self.copies.entry(part.decision).or_default();
        copies.push((id, part.side));
    }

    /// Whether any decision is about this copy.
    #[must_use]
    pub fn is_about(&self, id: ArticleId) -> bool {
        self.parts.contains_key(&id)
    }

    /// A copy that a decision is about belongs to this story from now on. Other copies are passed over.
    pub fn place(&mut self, id: ArticleId, story: StoryRow, article: ArticleRow) {
        if self.is_about(id) {
            self.take_away(id);
            self.places.insert(id, (story, article));
            self.stories.entry(story).or_default().insert(id);
        }
    }

    /// All copies of one story belong to another from now on.
    pub fn merge(&mut self, from: StoryRow, into: StoryRow) {
        for id in self.stories.remove(&from).unwrap_or_default() {
            if let Some((story, _)) = self.places.get_mut(&id) {
                *story = into;
            }
            self.stories.entry(into).or_default().insert(id);
        }
    }

    /// The newest decision about two copies.
    #[must_use]
    pub fn word(&self, a: ArticleId, b: ArticleId) -> Option<Word> {
        self.decided_last(a, b).map(|(_, word)| word)
    }

    /// As above, with its number.
    fn decided_last(&self, a: ArticleId, b: ArticleId) -> Option<(DecisionRow, Word)> {
        let (ours, theirs) = (self.parts.get(&a)?, self.parts.get(&b)?);
        ours.iter().find_map(|part| {
            let at = theirs.partition_point(|p| p.decision > part.decision);
            let other = theirs.get(at).filter(|p| p.decision == part.decision)?;
            Some((part.decision, part.word(*other)?))
        })
    }

    /// The story to which a copy was joined, and a copy of that story which it was joined with. None that holds a copy which it was
    /// split from: while it was withdrawn, its story may have been joined with that one's.
    #[must_use]
    pub fn partner(&self, id: ArticleId) -> Option<(StoryRow, ArticleRow)> {
        self.parts.get(&id)?.iter().find_map(|part| {
            let copies = self.copies.get(&part.decision)?.iter();
            let is_partner =
                |other: &ArticleId| *other != id && self.word(id, *other) == Some(Word::Together);
            copies
                .filter(|(other, side)| *side == part.side && is_partner(other))
                .filter_map(|(other, _)| self.places.get(other).copied())
                .filter(|(story, _)| !self.is_apart_from(id, *story))
                .min()
        })
    }

    /// Whether two stories hold copies that were split from each other.
    #[must_use]
    pub fn are_apart(&self, a: StoryRow, b: StoryRow) -> bool {
        if self.stories.is_empty() || a == b {
            return false;
        }
        let (ours, theirs) = (self.spoken_of(a), self.spoken_of(b));
        let sides = self.sides_of(&theirs);
        let is_split = |id: &ArticleId| {
            let is_opposite = |part: &Part| {
                let sides = sides.get(&part.decision);
                sides.is_some_and(|sides| sides.iter().any(|side| *side != part.side))
            };
            self.parts.get(id).into_iter().flatten().any(is_opposite)
        };
        let mut pairs = ours
            .iter()
            .filter(|id| is_split(id))
            .flat_map(|x| theirs.iter().map(move |y| (*x, *y)));
        pairs.any(|(x, y)| self.word(x, y) == Some(Word::Apart))
    }

    /// Whether a copy was split from a story.
    #[must_use]
    pub fn is_apart_from(&self, id: ArticleId, story: StoryRow) -> bool {
        let mut copies = self.stories.get(&story).into_iter().flatten();
        copies.any(|other| self.word(id, *other) == Some(Word::Apart))
    }

    /// From the stories that a new copy could join, best first, removes those that it must not join: those that it was split
    /// from, and of stories that were split from each other all but the first.
    pub fn permitted<T>(&self, wanted: Vec<T>, story: impl Fn(&T) -> StoryRow) -> Vec<T> {
        if self.stories.is_empty() {
            return wanted;
        }
        let mut taken: Vec<T> = Vec::with_capacity(wanted.len());
        for one in wanted {
            let row = story(&one);
            let mut others = taken.iter().map(&story);
            if !self.are_apart(NEW_STORY, row) && !others.any(|other| self.are_apart(other, row)) {
                taken.push(one);
            }
        }
        taken
    }

    /// The number of pairs of copies in one story that were split from each other: 0, unless there is a bug.
    #[must_use]
    pub fn violations(&self) -> usize {
        let mut violations = 0;
        for (decision, copies) in &self.copies {
            let placed: Vec<(ArticleId, u32, StoryRow)> = copies
                .iter()
                .filter_map(|(id, side)| Some((*id, *side, self.places.get(id)?.0)))
                .collect();
            for (n, (id, side, story)) in placed.iter().enumerate() {
                let others = placed.iter().skip(n + 1);
                let violating = others.filter(|(other, other_side, other_story)| {
                    side != other_side
                        && story == other_story
                        && self.decided_last(*id, *other) == Some((*decision, Word::Apart))
                });
                violations += violating.count();
            }
        }
        violations
    }

    /// Until [`Self::end_placing`], [`Self::permitted`] answers for this copy.
    pub(super) fn begin_placing(&mut self, id: ArticleId) {
        self.place(id, NEW_STORY, ArticleRow::default());
    }

    /// See [`Self::begin_placing`].
    pub(super) fn end_placing(&mut self, id: ArticleId) {
        self.take_away(id);
    }

    fn take_away(&mut self, id: ArticleId) {
        let Some((story, _)) = self.places.remove(&id) else {
            return;
        };
        if let Some(copies) = self.stories.get_mut(&story) {
            copies.remove(&id);
            if copies.is_empty() {
                self.stories.remove(&story);
            }
        }
    }

    /// The copies of a story, and withdrawn copies that were joined with them: these return to this story.
    fn spoken_of(&self, story: StoryRow) -> BTreeSet<ArticleId> {
        let mut all = self.stories.get(&story).cloned().unwrap_or_default();
        if self.places.len() == self.parts.len() {
            return all;
        }
        let mut seen: BTreeSet<(DecisionRow, u32)> = BTreeSet::new();
        for id in all.clone() {
            for part in self.parts.get(&id).into_iter().flatten() {
                if !seen.insert((part.decision, part.side)) {
                    continue;
                }
                let copies = self.copies.get(&part.decision).into_iter().flatten();
                let absent = copies.filter(|(other, side)| {
                    *side == part.side
                        && !self.places.contains_key(other)
                        && self.word(id, *other) == Some(Word::Together)
                });
                all.extend(absent.map(|(other, _)| *other));
            }
        }
        all
    }

    fn sides_of(&self, copies: &BTreeSet<ArticleId>) -> HashMap<DecisionRow, BTreeSet<u32>> {
        let mut sides: HashMap<DecisionRow, BTreeSet<u32>> = HashMap::new();
        for part in copies.iter().filter_map(|id| self.parts.get(id)).flatten() {
            sides.entry(part.decision).or_default().insert(part.side);
        }
        sides
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(n: u128) -> ArticleId {
        ArticleId(Uuid::from_u128(n))
    }

    fn story_row(n: i64) -> StoryRow {
        StoryRow::new(n)
    }

    fn are_apart(all: &Decisions, a: i64, b: i64) -> bool {
        all.are_apart(story_row(a), story_row(b))
    }

    fn permitted(all: &Decisions, wanted: &[i64]) -> Vec<i64> {
        all.permitted(wanted.to_vec(), |s| story_row(*s))
    }

    /// Decisions, the oldest first: the copies of each with their sides. Copy `n` stands in the story given.
    fn decided(decisions: &[&[(u128, u32)]], places: &[(u128, i64)]) -> Decisions {
        let mut all = Decisions::default();
        for (n, copies) in decisions.iter().enumerate() {
            for (copy, side) in *copies {
                let part = Part {
                    decision: n as i64 + 1,
                    side: *side,
                };
                all.add(id(*copy), part);
            }
        }
        for (copy, story) in places {
            all.place(id(*copy), story_row(*story), ArticleRow::new(*copy as i64));
        }
        all
    }

    const SPLIT: &[(u128, u32)] = &[(1, 0), (2, 0), (3, 1), (4, 1)];

    #[test]
    fn a_split_says_nothing_of_the_copies_that_stayed() {
        let all = decided(&[SPLIT], &[]);
        assert_eq!(all.word(id(1), id(3)), Some(Word::Apart));
        assert_eq!(all.word(id(3), id(4)), Some(Word::Together));
        assert_eq!(all.word(id(1), id(2)), None);
        assert_eq!(all.word(id(1), id(9)), None);
    }

    #[test]
    fn the_newest_decision_about_two_copies_counts() {
        let join = &[(1, 1), (3, 1)][..];
        let all = decided(&[SPLIT, join], &[]);
        assert_eq!(all.word(id(1), id(3)), Some(Word::Together));
        assert_eq!(all.word(id(2), id(3)), Some(Word::Apart));
        let again = &[(3, 0), (1, 1)][..];
        let all = decided(&[SPLIT, join, again], &[]);
        assert_eq!(all.word(id(1), id(3)), Some(Word::Apart));
    }

    #[test]
    fn of_stories_that_were_split_the_nearest_remains() {
        let all = decided(&[SPLIT], &[(1, 10), (2, 10), (3, 30), (4, 30)]);
        assert!(are_apart(&all, 10, 30) && are_apart(&all, 30, 10));
        assert!(!are_apart(&all, 10, 10) && !are_apart(&all, 10, 20));
        assert_eq!(permitted(&all, &[30, 20, 10]), [30, 20]);
        assert_eq!(permitted(&all, &[10, 20, 30]), [10, 20]);
        let mut merged = all;
        merged.merge(story_row(30), story_row(20));
        assert!(are_apart(&merged, 10, 20) && !are_apart(&merged, 10, 30));
    }

    #[test]
    fn a_copy_that_comes_back_stands_where_it_was_put() {
        let mut all = decided(&[SPLIT], &[(1, 10), (2, 10), (3, 30)]);
        assert_eq!(
            all.partner(id(4)),
            Some((story_row(30), ArticleRow::new(3)))
        );
        assert_eq!(all.partner(id(1)), None);
        all.begin_placing(id(4));
        assert_eq!(permitted(&all, &[10, 30]), [30]);
        all.end_placing(id(4));
        assert_eq!(permitted(&all, &[10, 30]), [10]);
    }

    #[test]
    fn a_copy_that_was_withdrawn_keeps_its_partners_from_what_it_was_split_from() {
        let join = &[(3, 1), (5, 1)][..];
        let all = decided(&[&[(1, 0), (3, 1)], join], &[(1, 10), (5, 50)]);
        assert!(
            are_apart(&all, 10, 50),
            "copy 3 would come back to story 50"
        );
    }
}
