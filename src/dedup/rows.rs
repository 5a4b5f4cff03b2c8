//! The rows of a window in little memory: copies in the order of their articles, appended at the back, dropped at the front,
//! and read by place. Sketches are stored in blocks one after the other, without an allocation each. Must return exactly
//! what was put in; a deleted row keeps its place.

use std::collections::VecDeque;

use super::copy::StoredCopy;
use super::fingerprint::{Fingerprint, Hash};
use super::sketch::Sketch;
use crate::model::{ArticleRow, FeedRow, StoryRow, Time};

/// A copy and its fingerprint, without the sketch once that is too old.
#[derive(Debug)]
pub struct Kept {
    /// The copy.
    pub copy: StoredCopy,
    /// Its fingerprint.
    pub print: Fingerprint,
}

/// Rows of a block.
const BLOCK: usize = 256;
/// Hashes of a block's sketches, those that are not needed any more among them, at most; then these are left out. All that one
/// block can need are fewer, and a place among them takes 16 bits.
const BLOCK_HASHES: usize = 48 << 10;

/// The rows of a window.
#[derive(Debug, Default)]
pub(super) struct Rows {
    blocks: VecDeque<Block>,
    /// Rows of the first block that were dropped.
    dropped: usize,
    len: usize,
}

#[derive(Debug, Default)]
struct Block {
    rows: Vec<Row>,
    hashes: Vec<u16>,
    /// How many of these are of sketches that are still needed.
    needed: usize,
}

/// One copy, its fingerprint and where its sketch lies.
#[derive(Debug, Clone, Copy)]
struct Row {
    article: ArticleRow,
    story: StoryRow,
    feed: FeedRow,
    at: Time,
    seen: Time,
    url: Option<Hash>,
    text: Option<Hash>,
    title: Option<Hash>,
    words: u32,
    sketch: Place,
    flags: u8,
}

/// A sketch without its hashes, and where these lie in the block.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    from: u16,
    len: u16,
    title_marks: u16,
    lead: u8,
    rest: u8,
}

const DATED: u8 = 1;
const OWN_PAGE: u8 = 2;
const NAMES_ARTICLE: u8 = 4;
const GONE: u8 = 8;

impl Rows {
    /// The number of rows, deleted ones included.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The place of an article, or where it would be inserted.
    pub(super) fn place(&self, article: ArticleRow) -> Result<usize, usize> {
        let (mut from, mut to) = (0, self.len);
        while from < to {
            let middle = from + (to - from) / 2;
            match self.row(middle).map(|row| row.article.cmp(&article)) {
                Some(std::cmp::Ordering::Less) => from = middle + 1,
                Some(std::cmp::Ordering::Equal) => return Ok(middle),
                _ => to = middle,
            }
        }
        Err(from)
    }

    /// The last article.
    pub(super) fn last(&self) -> Option<ArticleRow> {
        let row = self.len.checked_sub(1).and_then(|last| self.row(last));
        row.map(|row| row.article)
    }

    /// The copy at a place, also of one that is gone.
    pub(super) fn copy(&self, place: usize) -> Option<StoredCopy> {
        self.row(place).map(Row::copy)
    }

    /// Whether the copy at a place is gone.
    pub(super) fn is_gone(&self, place: usize) -> bool {
        self.row(place).is_none_or(|row| row.has(GONE))
    }

    /// The copy at a place with its fingerprint, also of one that is gone.
    pub(super) fn get(&self, place: usize) -> Option<Kept> {
        let (block, at) = self.at(place);
        let block = self.blocks.get(block)?;
        let row = block.rows.get(at)?;
        let print = Fingerprint {
            url: row.url,
            text: row.text,
            title: row.title,
            url_names_article: row.has(NAMES_ARTICLE),
            words: row.words,
            sketch: block.sketch(row.sketch),
        };
        Some(Kept {
            copy: row.copy(),
            print,
        })
    }

    /// Appends a copy.
    pub(super) fn push(&mut self, copy: &StoredCopy, print: &Fingerprint) {
        if self.blocks.back().is_none_or(|b| b.rows.len() == BLOCK) {
            self.blocks.push_back(Block::default());
        }
        if let Some(block) = self.blocks.back_mut() {
            if block.rows.len() == block.rows.capacity() {
                // A part of a window has few rows.
                let room = block.rows.len().max(16).min(BLOCK - block.rows.len());
                block.rows.reserve_exact(room);
            }
            let sketch = block.take(&print.sketch);
            block.rows.push(Row::new(copy, print, sketch));
            self.len += 1;
            if block.rows.len() == BLOCK {
                block.hashes.shrink_to_fit();
            }
        }
    }

    /// Puts another copy in a place.
    pub(super) fn replace(&mut self, place: usize, copy: &StoredCopy, print: &Fingerprint) {
        self.forget_sketch(place);
        let (block, at) = self.at(place);
        if let Some(block) = self.blocks.get_mut(block) {
            let sketch = block.take(&print.sketch);
            if let Some(row) = block.rows.get_mut(at) {
                *row = Row::new(copy, print, sketch);
            }
        }
    }

    /// Marks a copy as gone.
    pub(super) fn mark_gone(&mut self, place: usize) {
        if let Some(row) = self.row_mut(place) {
            row.flags |= GONE;
        }
    }

    /// Moves a copy to another story.
    pub(super) fn set_story(&mut self, place: usize, story: StoryRow) {
        if let Some(row) = self.row_mut(place) {
            row.story = story;
        }
    }

    /// Empties the sketch of a copy.
    pub(super) fn forget_sketch(&mut self, place: usize) {
        let (block, at) = self.at(place);
        let Some(block) = self.blocks.get_mut(block) else {
            return;
        };
        let Some(row) = block.rows.get_mut(at) else {
            return;
        };
        let place = std::mem::take(&mut row.sketch);
        block.needed = block.needed.saturating_sub(place.len.into());
        if block.needed == 0 {
            block.hashes = Vec::new();
        }
    }

    /// Drops the first row.
    pub(super) fn pop_front(&mut self) {
        if self.len == 0 {
            return;
        }
        self.len -= 1;
        self.dropped += 1;
        if self.dropped == BLOCK || self.len == 0 {
            self.blocks.pop_front();
            self.dropped = 0;
        }
    }

    /// The memory of all rows, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let of_block = |block: &Block| {
            block.rows.capacity() * size_of::<Row>() + block.hashes.capacity() * size_of::<u16>()
        };
        self.blocks.iter().map(of_block).sum::<usize>()
            + self.blocks.capacity() * size_of::<Block>()
    }

    /// The block of a place, and where in it.
    fn at(&self, place: usize) -> (usize, usize) {
        let place = place.saturating_add(self.dropped);
        (place / BLOCK, place % BLOCK)
    }

    fn row(&self, place: usize) -> Option<&Row> {
        let (block, at) = self.at(place);
        self.blocks.get(block)?.rows.get(at)
    }

    fn row_mut(&mut self, place: usize) -> Option<&mut Row> {
        let (block, at) = self.at(place);
        self.blocks.get_mut(block)?.rows.get_mut(at)
    }
}

impl Block {
    /// Takes a sketch in.
    fn take(&mut self, sketch: &Sketch) -> Place {
        let (hashes, lead, rest) = sketch.parts();
        if self.hashes.len() + hashes.len() > BLOCK_HASHES {
            self.leave_out_unneeded();
        }
        let place = Place {
            from: u16::try_from(self.hashes.len()).unwrap_or_default(),
            len: u16::try_from(hashes.len()).unwrap_or_default(),
            title_marks: sketch.title_marks(),
            lead,
            rest,
        };
        self.hashes.extend_from_slice(hashes);
        self.needed += hashes.len();
        place
    }

    fn sketch(&self, place: Place) -> Sketch {
        let from = self.hashes.get(place.from.into()..).unwrap_or_default();
        let hashes = from.get(..place.len.into()).unwrap_or_default();
        Sketch::from_parts(hashes, (place.lead, place.rest), place.title_marks)
    }

    fn leave_out_unneeded(&mut self) {
        let mut needed = Vec::with_capacity(BLOCK_HASHES);
        for row in &mut self.rows {
            let place = &mut row.sketch;
            let from = self.hashes.get(place.from.into()..).unwrap_or_default();
            let hashes = from.get(..place.len.into()).unwrap_or_default();
            place.from = u16::try_from(needed.len()).unwrap_or_default();
            needed.extend_from_slice(hashes);
        }
        self.hashes = needed;
    }
}

impl Row {
    fn new(copy: &StoredCopy, print: &Fingerprint, sketch: Place) -> Self {
        let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
        Self {
            article: copy.article,
            story: copy.story,
            feed: copy.feed,
            at: copy.at,
            seen: copy.seen,
            url: print.url,
            text: print.text,
            title: print.title,
            words: print.words,
            sketch,
            flags: flag(copy.dated, DATED)
                | flag(copy.own_page, OWN_PAGE)
                | flag(print.url_names_article, NAMES_ARTICLE),
        }
    }

    fn copy(&self) -> StoredCopy {
        StoredCopy {
            article: self.article,
            story: self.story,
            feed: self.feed,
            at: self.at,
            seen: self.seen,
            dated: self.has(DATED),
            own_page: self.has(OWN_PAGE),
        }
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dedup::Subject;

    fn copy(article: i64) -> StoredCopy {
        StoredCopy {
            article: ArticleRow::new(article),
            story: StoryRow::new(article * 7),
            feed: FeedRow::new(article % 5),
            at: Time::from_millis(article * 1000),
            seen: Time::from_millis(article * 1001),
            dated: article % 2 == 0,
            own_page: article % 3 == 0,
        }
    }

    fn print(n: i64, words: i64) -> Fingerprint {
        let body: Vec<String> = (0..words).map(|w| format!("w{}", n * 31 + w)).collect();
        Fingerprint::of(&Subject {
            title: &format!("headline {n} of the day"),
            body: &body.join(" "),
            canonical_url: None,
        })
    }

    #[test]
    fn rows_give_back_what_was_put_in_whatever_left_before() {
        let mut rows = Rows::default();
        for n in 0..1000 {
            rows.push(&copy(n), &print(n, n % 140));
        }
        for place in 0..600 {
            rows.forget_sketch(place);
        }
        for _ in 0..300 {
            rows.pop_front();
        }
        assert_eq!((rows.len(), rows.last()), (700, Some(ArticleRow::new(999))));
        for n in 300..1000 {
            let place = rows.place(ArticleRow::new(n)).unwrap();
            let kept = rows.get(place).unwrap();
            assert_eq!(kept.copy, copy(n));
            assert_eq!(kept.print.title, print(n, n % 140).title);
            if n >= 600 {
                assert_eq!(kept.print, print(n, n % 140));
            } else {
                assert!(kept.print.sketch.is_empty());
            }
        }
        assert_eq!(rows.place(ArticleRow::new(299)), Err(0));
        assert_eq!(rows.place(ArticleRow::new(1000)), Err(700));
    }

    #[test]
    fn edits_without_end_take_no_more_memory_than_the_longest_sketches() {
        let mut rows = Rows::default();
        for n in 0..256 {
            rows.push(&copy(n), &print(n, 130));
        }
        for edit in 0..20_000 {
            let place = edit * 37 % 256;
            let n = i64::try_from(edit).unwrap();
            rows.replace(place, &copy(n), &print(n, n % 140));
            assert_eq!(rows.get(place).unwrap().print, print(n, n % 140));
        }
        assert!(
            rows.bytes() < 256 * 100 + 2 * BLOCK_HASHES * 2,
            "{}",
            rows.bytes()
        );
    }
}
