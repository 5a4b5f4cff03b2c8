//! The copies of a window, in little memory: in the order of their rows, which is that of their first sighting, and
//! found by what they have. Streaming and bounded: a copy leaves when it was seen too long ago, and what near copies
//! need leaves sooner.

use std::collections::VecDeque;
use std::time::Duration;

use super::copy::StoredCopy;
use super::fingerprint::{Fingerprint, Hash};
use crate::model::{ArticleRow, FeedRow, StoryRow, Time};

/// What near copies need is kept for so long after the first sighting: copies are near within [`super::compare::NEAR`], and a
/// feed brings its copy up to a day after it was published.
const SKETCH_KEPT: Duration = Duration::from_secs(60 * 3600);
/// Sketches kept at most, the newest, whatever the flood: some 700 bytes each with their keys.
pub const SKETCHES_MAX: usize = 350_000;
/// Copies looked at behind one hash, the newest first.
pub const BEHIND_ONE: usize = 64;
/// What so many copies of one feed in a row have is that feed's phrase, and finds no more of them: a feed that floods the
/// window hides no other behind it (SEC-13).
const IN_A_ROW: usize = 16;

/// A copy's place in the window: it counts up, and wraps.
pub type Slot = u32;

/// A copy and its fingerprint, without the sketch once that is too old.
#[derive(Debug)]
pub struct Kept {
    /// The copy.
    pub copy: StoredCopy,
    /// Its fingerprint.
    pub print: Fingerprint,
    /// Taken out: only its place is left.
    is_gone: bool,
}

/// What a copy is found by.
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

    /// What a copy with this fingerprint is found by, in order and each once. The store keeps these keys; who changes them for
    /// fingerprints that are stored raises `LAYOUT` in `store::copy_keys`.
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

/// The rows behind one key as a window lists them, of all rows that have it, ascending: those that [`IN_A_ROW`] leaves, at
/// least the [`BEHIND_ONE`] newest of them. `feed_of` gives the feed of a row; none: it is not in the window. It is asked for no
/// more rows than are needed, the newest first.
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

/// Without what comes behind [`IN_A_ROW`] of one feed; ascending.
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
#[derive(Debug)]
pub struct Window {
    /// By row. The first one's slot is `first`.
    copies: VecDeque<Kept>,
    first: Slot,
    /// So many from the front have no sketch any more.
    sketchless: usize,
    /// Copies that are not gone.
    len: usize,
    pages: Index,
    texts: Index,
    titles: Index,
    grams: Index,
    stories: Index,
}

impl Default for Window {
    fn default() -> Self {
        Self {
            copies: VecDeque::new(),
            first: 0,
            sketchless: 0,
            len: 0,
            pages: Index::new(BUCKETS),
            texts: Index::new(BUCKETS),
            titles: Index::new(BUCKETS),
            grams: Index::new(GRAM_BUCKETS),
            stories: Index::new(BUCKETS),
        }
    }
}

impl Window {
    /// A part of a window: these copies, ascending by row, found by these keys and by their stories only.
    #[must_use]
    pub fn of_part(
        copies: impl IntoIterator<Item = (StoredCopy, Fingerprint)>,
        lists: &[(Key, Vec<ArticleRow>)],
    ) -> Self {
        let mut part = Self {
            copies: VecDeque::new(),
            first: 0,
            sketchless: 0,
            len: 0,
            pages: Index::new(PART_BUCKETS),
            texts: Index::new(PART_BUCKETS),
            titles: Index::new(PART_BUCKETS),
            grams: Index::new(PART_BUCKETS),
            stories: Index::new(PART_BUCKETS),
        };
        for (copy, print) in copies {
            let slot = part.slot(part.copies.len());
            part.stories.insert(story_key(copy.story), slot);
            part.copies.push_back(Kept {
                copy,
                print,
                is_gone: false,
            });
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

    /// Adds a copy behind the others; one that is there already is replaced. A row that is older than those of the window
    /// and not among them is left out: it has been evicted.
    pub fn insert(&mut self, copy: StoredCopy, print: Fingerprint) {
        let kept = Kept {
            copy,
            print,
            is_gone: false,
        };
        if self
            .copies
            .back()
            .is_none_or(|last| last.copy.article < copy.article)
        {
            self.copies.push_back(kept);
        } else if let Ok(place) = self.place(copy.article) {
            self.remove(copy.article);
            if let Some(old) = self.copies.get_mut(place) {
                *old = kept;
                if place < self.sketchless {
                    old.print.sketch = Default::default();
                }
            }
        } else {
            return;
        }
        self.len += 1;
        self.enter(copy.article);
    }

    /// Takes a copy out.
    pub fn remove(&mut self, article: ArticleRow) {
        let Ok(place) = self.place(article) else {
            return;
        };
        let slot = self.slot(place);
        self.forget_sketch(place);
        let Some(kept) = self.copies.get_mut(place).filter(|kept| !kept.is_gone) else {
            return;
        };
        kept.is_gone = true;
        self.len -= 1;
        let (print, story) = (&kept.print, kept.copy.story);
        self.pages.remove(print.url.map(key), slot);
        self.texts.remove(print.text.map(key), slot);
        self.stories.remove(Some(story_key(story)), slot);
    }

    /// All copies of one story belong to another from now on.
    pub fn merge(&mut self, from: StoryRow, into: StoryRow) {
        for slot in self.of_story(from) {
            let place = self.place_of(slot);
            if let Some(kept) = self.copies.get_mut(place) {
                kept.copy.story = into;
                self.stories.remove(Some(story_key(from)), slot);
                self.stories.insert(story_key(into), slot);
            }
        }
    }

    /// Forgets what was seen too long before `now`: sketches first, then copies seen before `since`.
    pub fn evict(&mut self, now: Time, since: Time) {
        while let Some(kept) = self.copies.get(self.sketchless)
            && (is_too_old(&kept.copy, now) || self.copies.len() - self.sketchless > SKETCHES_MAX)
        {
            self.forget_sketch(self.sketchless);
            self.sketchless += 1;
        }
        while let Some(kept) = self.copies.front()
            && (kept.copy.seen < since || kept.is_gone)
        {
            self.remove(kept.copy.article);
            self.copies.pop_front();
            self.first = self.first.wrapping_add(1);
            self.sketchless = self.sketchless.saturating_sub(1);
        }
    }

    /// How many copies there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The copy in a slot.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&Kept> {
        self.copies
            .get(self.place_of(slot))
            .filter(|kept| !kept.is_gone)
    }

    /// The copy of a row.
    #[must_use]
    pub fn of_article(&self, article: ArticleRow) -> Option<&Kept> {
        let place = self.place(article).ok()?;
        self.copies.get(place).filter(|kept| !kept.is_gone)
    }

    /// The copies of a story, in order.
    #[must_use]
    pub fn of_story(&self, story: StoryRow) -> Vec<Slot> {
        let slots = self.stories.all(story_key(story)).iter();
        slots
            .map(|(_, slot)| *slot)
            .filter(|slot| self.get(*slot).is_some_and(|kept| kept.copy.story == story))
            .collect()
    }

    /// The newest copies that name this page.
    pub fn with_page(&self, url: Option<Hash>) -> impl Iterator<Item = Slot> + '_ {
        self.pages.behind(url.map(key))
    }

    /// The newest copies of this text.
    pub fn with_text(&self, text: Option<Hash>) -> impl Iterator<Item = Slot> + '_ {
        self.texts.behind(text.map(key))
    }

    /// The newest copies under this headline.
    pub fn with_title(&self, title: Option<Hash>) -> impl Iterator<Item = Slot> + '_ {
        self.titles.behind(title.map(key))
    }

    /// The newest copies with this gram.
    pub fn with_gram(&self, gram: u32) -> impl Iterator<Item = Slot> + '_ {
        self.grams.behind(Some(gram))
    }

    /// Makes the copy of a row known by what it has.
    fn enter(&mut self, article: ArticleRow) {
        let Ok(place) = self.place(article) else {
            return;
        };
        let slot = self.slot(place);
        let Some(Kept { copy, print, .. }) = self.copies.get(place) else {
            return;
        };
        self.stories.insert(story_key(copy.story), slot);
        let feed = copy.feed;
        let of = |slot: Slot| {
            let place = usize::try_from(slot.wrapping_sub(self.first)).ok()?;
            self.copies.get(place).map(|kept| kept.copy.feed)
        };
        self.pages.add(print.url.map(key), slot, feed, of);
        self.texts.add(print.text.map(key), slot, feed, of);
        if !print.sketch.is_empty() {
            self.titles.add(print.title.map(key), slot, feed, of);
            for gram in print.sketch.keys() {
                self.grams.add(Some(gram), slot, feed, of);
            }
        }
    }

    fn forget_sketch(&mut self, place: usize) {
        let slot = self.slot(place);
        let Some(kept) = self.copies.get_mut(place) else {
            return;
        };
        let sketch = std::mem::take(&mut kept.print.sketch);
        self.titles.remove(kept.print.title.map(key), slot);
        for gram in sketch.keys() {
            self.grams.remove(Some(gram), slot);
        }
    }

    fn place(&self, article: ArticleRow) -> Result<usize, usize> {
        self.copies
            .binary_search_by_key(&article, |kept| kept.copy.article)
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

/// Copies by a hash of something that they have. Hashes of 32 bits: whoever asks looks at the copies themselves.
///
/// A bucket for each value of a hash's low bits, which are evenly spread whatever is hashed; in it, pairs in order. There
/// are so many buckets that a full window has a few dozen pairs on each, which are searched and moved in one or two reads
/// of memory: a tree over all of them takes a dozen.
#[derive(Debug)]
struct Index(Vec<Vec<(u32, Slot)>>);

/// Buckets for up to a million pairs, and for the [`SKETCHES_MAX`] times eighteen of the grams.
const PART_BUCKETS: usize = 1 << 4;
const BUCKETS: usize = 1 << 14;
const GRAM_BUCKETS: usize = 1 << 17;

impl Index {
    fn new(buckets: usize) -> Self {
        Self((0..buckets).map(|_| Vec::new()).collect())
    }

    /// Enters a copy of `feed`, unless that feed alone has this of late.
    fn add(
        &mut self,
        key: Option<u32>,
        slot: Slot,
        feed: FeedRow,
        feed_of: impl Fn(Slot) -> Option<FeedRow>,
    ) {
        let Some(key) = key else { return };
        let of_this_feed = self
            .behind(Some(key))
            .take(IN_A_ROW)
            .take_while(|slot| feed_of(*slot) == Some(feed));
        if of_this_feed.count() < IN_A_ROW {
            self.insert(key, slot);
        }
    }

    fn insert(&mut self, key: u32, slot: Slot) {
        if let Some(bucket) = self.bucket(key)
            && let Err(place) = bucket.binary_search(&(key, slot))
        {
            bucket.insert(place, (key, slot));
        }
    }

    fn remove(&mut self, key: Option<u32>, slot: Slot) {
        if let Some(key) = key
            && let Some(bucket) = self.bucket(key)
            && let Ok(place) = bucket.binary_search(&(key, slot))
        {
            bucket.remove(place);
        }
    }

    /// The newest copies.
    fn behind(&self, key: Option<u32>) -> impl Iterator<Item = Slot> + '_ {
        let newest_first = key.into_iter().flat_map(|key| self.all(key).iter().rev());
        newest_first.take(BEHIND_ONE).map(|(_, slot)| *slot)
    }

    fn all(&self, key: u32) -> &[(u32, Slot)] {
        let bucket = self.0.get(self.place(key)).map_or(&[][..], Vec::as_slice);
        let from = bucket.partition_point(|(k, _)| *k < key);
        let rest = bucket.get(from..).unwrap_or_default();
        let len = rest.partition_point(|(k, _)| *k == key);
        rest.get(..len).unwrap_or_default()
    }

    fn bucket(&mut self, key: u32) -> Option<&mut Vec<(u32, Slot)>> {
        let place = self.place(key);
        self.0.get_mut(place)
    }

    fn place(&self, key: u32) -> usize {
        usize::try_from(key).unwrap_or_default() % self.0.len().max(1)
    }
}

fn key(hash: Hash) -> u32 {
    u32::try_from(hash.get() >> 32).unwrap_or_default()
}

fn story_key(story: StoryRow) -> u32 {
    u32::try_from(story.cast_unsigned() & 0xffff_ffff).unwrap_or_default()
}
