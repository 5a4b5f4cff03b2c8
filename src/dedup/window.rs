//! The copies of a window, in little memory: in the order of their rows, which is that of their first sighting, and found by
//! keys. Streaming and bounded: a copy is evicted a fixed time after it was first seen, and its sketch earlier.

use std::time::Duration;

use super::buckets::Buckets;
use super::copy::StoredCopy;
use super::fingerprint::{Fingerprint, Hash};
use super::rows::Rows;
use crate::model::{ArticleRow, FeedRow, StoryRow, Time};

pub use super::buckets::Slot;
pub use super::rows::Kept;

/// How long sketches are kept after the first sighting: near copies are at most [`super::compare::NEAR`] apart, and a feed
/// delivers its copy up to a day after publication.
const SKETCH_KEPT: Duration = Duration::from_secs(60 * 3600);
/// Maximum number of sketches, the newest, under any load: some 700 bytes each with their keys.
pub const SKETCHES_MAX: usize = 350_000;
/// Maximum number of copies examined per hash, the newest first.
pub const BEHIND_ONE: usize = 64;
/// After this many copies of one feed in a row, a key is that feed's phrase, and finds no more of them: a feed that floods
/// the window hides no other feed's copies (SEC-13).
const IN_A_ROW: usize = 16;

/// A key by which a copy is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A page.
    Page(u32),
    /// A whole text.
    Text(u32),
    /// A headline.
    Title(u32),
    /// A gram of the sketch.
    Gram(u32),
}

impl Key {
    /// Whether copies are found by it only as long as their sketches are kept.
    #[must_use]
    pub fn is_near(self) -> bool {
        matches!(self, Self::Title(_) | Self::Gram(_))
    }

    /// The keys of a copy with this fingerprint, sorted and without duplicates. The store keeps these keys: whoever changes
    /// them for stored fingerprints must raise `LAYOUT` in `store::copy_keys`.
    #[must_use]
    pub fn all_of(print: &Fingerprint) -> Vec<Self> {
        let page = print.url.map(|url| Self::Page(key(url)));
        let text = print.text.map(|text| Self::Text(key(text)));
        let mut keys: Vec<Self> = page.into_iter().chain(text).collect();
        if !print.sketch.is_empty() {
            keys.extend(print.title.map(|title| Self::Title(key(title))));
            keys.extend(print.sketch.keys().into_iter().map(Self::Gram));
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

/// The rows of one key as a window lists them, out of all rows that have it, ascending: those that [`IN_A_ROW`] leaves, at
/// least the [`BEHIND_ONE`] newest of them. `feed_of` returns the feed of a row, or `None` if the row is not in the window.
/// It is called for as few rows as possible, the newest first.
pub fn listed<E>(
    rows: &[ArticleRow],
    mut feed_of: impl FnMut(ArticleRow) -> Result<Option<FeedRow>, E>,
) -> Result<Vec<ArticleRow>, E> {
    // The newest first. Where the feed changes, what is listed does not depend on what is older.
    let mut newest: Vec<(ArticleRow, FeedRow)> = Vec::new();
    for row in rows.iter().rev() {
        let Some(feed) = feed_of(*row)? else { continue };
        let changes = newest.last().is_some_and(|(_, newer)| *newer != feed);
        if changes && newest.len() >= BEHIND_ONE {
            let list = thinned(&newest);
            if list.len() >= BEHIND_ONE {
                return Ok(list);
            }
        }
        newest.push((*row, feed));
    }
    Ok(thinned(&newest))
}

/// Without those that exceed [`IN_A_ROW`] of one feed; ascending.
fn thinned(newest_first: &[(ArticleRow, FeedRow)]) -> Vec<ArticleRow> {
    let (mut list, mut last, mut in_a_row) = (Vec::new(), None, 0);
    for (row, feed) in newest_first.iter().rev() {
        in_a_row = if last == Some(*feed) { in_a_row } else { 0 };
        last = Some(*feed);
        if in_a_row < IN_A_ROW {
            in_a_row += 1;
            list.push(*row);
        }
    }
    list
}

/// The copies of a window.
#[derive(Debug, Default)]
pub struct Window {
    /// By row. The first one's slot is `first`.
    copies: Rows,
    first: Slot,
    /// So many from the front have no sketch any more.
    sketchless: usize,
    /// Copies that are not gone.
    len: usize,
    pages: Buckets,
    texts: Buckets,
    titles: Buckets,
    grams: Buckets,
    stories: Buckets,
}

impl Window {
    /// A part of a window: these copies, ascending by row, found by these keys and by their stories only.
    #[must_use]
    pub fn of_part(
        copies: impl IntoIterator<Item = (StoredCopy, Fingerprint)>,
        lists: &[(Key, Vec<ArticleRow>)],
    ) -> Self {
        let mut part = Self::default();
        for (copy, print) in copies {
            let slot = part.slot(part.copies.len());
            part.stories.insert(story_key(copy.story), slot);
            part.copies.push(&copy, &print);
        }
        part.len = part.copies.len();
        for (key, rows) in lists {
            for row in rows {
                let Ok(place) = part.place(*row) else {
                    continue;
                };
                let slot = part.slot(place);
                match *key {
                    Key::Page(key) => part.pages.insert(key, slot),
                    Key::Text(key) => part.texts.insert(key, slot),
                    Key::Title(key) => part.titles.insert(key, slot),
                    Key::Gram(key) => part.grams.insert(key, slot),
                }
            }
        }
        part
    }

    /// Appends a copy, or replaces one that is there. A row that is older than those of the window and not among them was
    /// evicted, and is ignored.
    pub fn insert(&mut self, copy: StoredCopy, mut print: Fingerprint) {
        if self.copies.last().is_none_or(|last| last < copy.article) {
            self.copies.push(&copy, &print);
        } else if let Ok(place) = self.place(copy.article) {
            self.remove(copy.article);
            if place < self.sketchless {
                print.sketch = Default::default();
            }
            self.copies.replace(place, &copy, &print);
        } else {
            return;
        }
        self.len += 1;
        self.enter(&copy, &print);
    }

    /// Takes a copy out.
    pub fn remove(&mut self, article: ArticleRow) {
        let Ok(place) = self.place(article) else {
            return;
        };
        let slot = self.slot(place);
        self.forget_sketch(place);
        let Some(Kept { copy, print }) = self.get(slot) else {
            return;
        };
        self.copies.mark_gone(place);
        self.len -= 1;
        self.pages.remove(print.url.map(key), slot);
        self.texts.remove(print.text.map(key), slot);
        self.stories.remove(Some(story_key(copy.story)), slot);
    }

    /// All copies of one story belong to another from now on.
    pub fn merge(&mut self, from: StoryRow, into: StoryRow) {
        for slot in self.of_story(from) {
            self.copies.set_story(self.place_of(slot), into);
            self.stories.remove(Some(story_key(from)), slot);
            self.stories.insert(story_key(into), slot);
        }
    }

    /// Forgets what was seen too long before `now`: sketches first, then copies seen before `since`.
    pub fn evict(&mut self, now: Time, since: Time) {
        while let Some(copy) = self.copies.copy(self.sketchless)
            && (is_too_old(&copy, now) || self.copies.len() - self.sketchless > SKETCHES_MAX)
        {
            self.forget_sketch(self.sketchless);
            self.sketchless += 1;
        }
        while let Some(copy) = self.copies.copy(0)
            && (copy.seen < since || self.copies.is_gone(0))
        {
            self.remove(copy.article);
            self.copies.pop_front();
            self.first = self.first.wrapping_add(1);
            self.sketchless = self.sketchless.saturating_sub(1);
        }
    }

    /// The number of copies.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no copies.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory of the window, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let buckets = [
            &self.pages,
            &self.texts,
            &self.titles,
            &self.grams,
            &self.stories,
        ];
        self.copies.bytes() + buckets.into_iter().map(Buckets::bytes).sum::<usize>()
    }

    /// The copy in a slot, with its fingerprint.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<Kept> {
        let place = self.place_of(slot);
        let is_gone = self.copies.is_gone(place);
        self.copies.get(place).filter(|_| !is_gone)
    }

    /// The copy in a slot.
    #[must_use]
    pub fn copy(&self, slot: Slot) -> Option<StoredCopy> {
        let place = self.place_of(slot);
        let is_gone = self.copies.is_gone(place);
        self.copies.copy(place).filter(|_| !is_gone)
    }

    /// The copy of a row.
    #[must_use]
    pub fn of_article(&self, article: ArticleRow) -> Option<StoredCopy> {
        let place = self.place(article).ok()?;
        self.copy(self.slot(place))
    }

    /// The copies of a story, in order.
    #[must_use]
    pub fn of_story(&self, story: StoryRow) -> Vec<Slot> {
        let slots = self.stories.all(story_key(story)).iter();
        slots
            .map(|(_, slot)| *slot)
            .filter(|slot| self.copy(*slot).is_some_and(|copy| copy.story == story))
            .collect()
    }

    /// The newest copies that name this page.
    pub fn with_page(&self, url: Option<Hash>) -> impl Iterator<Item = Slot> + '_ {
        newest(&self.pages, url.map(key))
    }

    /// The newest copies of this text.
    pub fn with_text(&self, text: Option<Hash>) -> impl Iterator<Item = Slot> + '_ {
        newest(&self.texts, text.map(key))
    }

    /// The newest copies under this headline.
    pub fn with_title(&self, title: Option<Hash>) -> impl Iterator<Item = Slot> + '_ {
        newest(&self.titles, title.map(key))
    }

    /// The newest copies with this gram.
    pub fn with_gram(&self, gram: u32) -> impl Iterator<Item = Slot> + '_ {
        newest(&self.grams, Some(gram))
    }

    /// Adds the keys of a copy.
    fn enter(&mut self, copy: &StoredCopy, print: &Fingerprint) {
        let Ok(place) = self.place(copy.article) else {
            return;
        };
        let slot = self.slot(place);
        self.stories.insert(story_key(copy.story), slot);
        let (first, copies) = (self.first, &self.copies);
        let feed_of = |slot: Slot| {
            let place = usize::try_from(slot.wrapping_sub(first)).ok()?;
            copies.copy(place).map(|copy| copy.feed)
        };
        // Not what that feed alone has of late.
        let add = |buckets: &mut Buckets, key: Option<u32>| {
            let of_this_feed = newest(buckets, key)
                .take(IN_A_ROW)
                .take_while(|slot| feed_of(*slot) == Some(copy.feed));
            if let Some(key) = key
                && of_this_feed.count() < IN_A_ROW
            {
                buckets.insert(key, slot);
            }
        };
        add(&mut self.pages, print.url.map(key));
        add(&mut self.texts, print.text.map(key));
        if !print.sketch.is_empty() {
            add(&mut self.titles, print.title.map(key));
            for gram in print.sketch.keys() {
                add(&mut self.grams, Some(gram));
            }
        }
    }

    fn forget_sketch(&mut self, place: usize) {
        let slot = self.slot(place);
        let Some(Kept { print, .. }) = self.copies.get(place) else {
            return;
        };
        self.copies.forget_sketch(place);
        self.titles.remove(print.title.map(key), slot);
        for gram in print.sketch.keys() {
            self.grams.remove(Some(gram), slot);
        }
    }

    fn place(&self, article: ArticleRow) -> Result<usize, usize> {
        self.copies.place(article)
    }

    fn place_of(&self, slot: Slot) -> usize {
        usize::try_from(slot.wrapping_sub(self.first)).unwrap_or(usize::MAX)
    }

    fn slot(&self, place: usize) -> Slot {
        self.first
            .wrapping_add(Slot::try_from(place).unwrap_or_default())
    }
}

/// Whether a copy was seen too long ago for its sketch to be kept.
#[must_use]
pub fn is_too_old(copy: &StoredCopy, now: Time) -> bool {
    copy.seen < sketches_since(now)
}

/// Copies seen before this have no sketch at `now`.
#[must_use]
pub fn sketches_since(now: Time) -> Time {
    now.minus(SKETCH_KEPT)
}

/// The newest copies with this.
fn newest(buckets: &Buckets, key: Option<u32>) -> impl Iterator<Item = Slot> + '_ {
    let newest_first = key
        .into_iter()
        .flat_map(|key| buckets.all(key).iter().rev());
    newest_first.take(BEHIND_ONE).map(|(_, slot)| *slot)
}

fn key(hash: Hash) -> u32 {
    u32::try_from(hash.get() >> 32).unwrap_or_default()
}

fn story_key(story: StoryRow) -> u32 {
    u32::try_from(story.get().cast_unsigned() & 0xffff_ffff).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::Subject;

    /// 80 for its row, 230 for its sketch, 22 keys of 8 bytes, and what the heap adds.
    const BYTES_A_COPY: usize = 560;

    /// Copies whose texts fill their sketches, a second apart.
    fn fill(window: &mut Window, articles: std::ops::Range<i64>) {
        for n in articles {
            let body: Vec<String> = (0..130).map(|w| format!("w{}", n * 97 + w)).collect();
            let print = Fingerprint::of(&Subject {
                title: &format!("headline {n} of the nine words that one has"),
                body: &body.join(" "),
                canonical_url: crate::model::WebUrl::parse(&format!("https://a.test/{n}/x"))
                    .ok()
                    .as_ref(),
            });
            let at = Time::from_seconds(n);
            let copy = StoredCopy {
                article: ArticleRow::new(n),
                story: StoryRow::new(n),
                feed: FeedRow::new(n % 100),
                at,
                seen: at,
                dated: true,
                own_page: true,
            };
            window.insert(copy, print);
        }
    }

    #[test]
    fn a_copy_takes_no_more_than_its_bytes_and_its_keys() {
        for copies in [2000, 20_000] {
            let mut window = Window::default();
            fill(&mut window, 0..copies);
            let each = window.bytes() / window.len();
            assert!(each < BYTES_A_COPY, "{copies}: {each}");
        }
    }

    #[test]
    fn what_leaves_the_window_gives_its_memory_back() {
        let mut window = Window::default();
        fill(&mut window, 0..10_000);
        let full = window.bytes();
        let now = Time::from_seconds(9_999).plus(SKETCH_KEPT);
        window.evict(now, Time::from_seconds(0));
        assert_eq!(window.len(), 10_000);
        let sketchless = window.bytes() / window.len();
        assert!(sketchless < 140, "{sketchless}");
        window.evict(now, Time::from_seconds(9_000));
        assert_eq!(window.len(), 1000);
        assert!(window.bytes() < full / 15, "{} of {full}", window.bytes());
    }
}
