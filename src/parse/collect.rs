//! Values of a document, collected within bounds: the best of several, the newest entries, lists without repeats.

use super::warnings::Warnings;
use crate::model::Time;

/// Maximum number of entries read from a document: the newest (SEC-03, SEC-12).
pub const ENTRIES_MAX: usize = 10_000;
/// Maximum number of values of a repeated field of an entry (SEC-03).
pub const REPEATS_MAX: usize = 64;

/// The best of several values for one field: the lowest rank wins, and the first among equals.
#[derive(Debug)]
pub(super) struct Best<T>(Option<(u8, T)>);

impl<T> Default for Best<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Best<T> {
    pub(super) fn offer(&mut self, rank: u8, value: Option<T>) {
        if let Some(value) = value
            && self.0.as_ref().is_none_or(|(r, _)| rank < *r)
        {
            self.0 = Some((rank, value));
        }
    }

    /// As [`Self::offer`], but the last among equals wins: where a dialect repeats a value, the last one is correct.
    pub(super) fn offer_last(&mut self, rank: u8, value: Option<T>) {
        if let Some(value) = value
            && self.0.as_ref().is_none_or(|(r, _)| rank <= *r)
        {
            self.0 = Some((rank, value));
        }
    }

    /// Whether a value of this rank would be taken.
    pub(super) fn is_open_to(&self, rank: u8) -> bool {
        self.0.as_ref().is_none_or(|(r, _)| rank < *r)
    }

    /// The best value so far.
    pub(super) fn get(&self) -> Option<&T> {
        self.0.as_ref().map(|(_, value)| value)
    }

    /// The best value with its rank.
    pub(super) fn into_ranked(self) -> Option<(u8, T)> {
        self.0
    }

    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn take(self) -> Option<T> {
        self.0.map(|(_, value)| value)
    }
}

impl Best<String> {
    /// The same for a line: one without words is worse than any with some.
    pub(super) fn offer_line(&mut self, rank: u8, value: Option<String>) {
        let has_words = value.as_ref().is_some_and(|v| !v.is_empty());
        self.offer(if has_words { rank } else { u8::MAX }, value);
    }
}

/// The newest entries of a document, at most [`ENTRIES_MAX`], however many come. Undated ones give way first, among equals
/// the later.
#[derive(Debug)]
pub(super) struct Newest<T> {
    kept: Vec<(usize, Option<Time>, T)>,
    seen: usize,
}

impl<T> Default for Newest<T> {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            seen: 0,
        }
    }
}

impl<T> Newest<T> {
    pub(super) fn push(&mut self, date: Option<Time>, entry: T) {
        self.kept.push((self.seen, date, entry));
        self.seen += 1;
        if self.kept.len() >= 2 * ENTRIES_MAX {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        self.kept.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        self.kept.truncate(ENTRIES_MAX);
    }

    /// How many entries came, those that were dropped included.
    pub(super) fn seen(&self) -> usize {
        self.seen
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// In document order.
    pub(super) fn into_vec(mut self, warnings: &mut Warnings) -> Vec<T> {
        if self.seen > ENTRIES_MAX {
            self.drop_oldest();
            self.kept.sort_by_key(|(at, ..)| *at);
            warnings.add(format!(
                "only the newest {ENTRIES_MAX} entries were taken; {} were left out",
                self.seen - ENTRIES_MAX
            ));
        }
        self.kept.into_iter().map(|(.., entry)| entry).collect()
    }
}

/// Adds a value that is not there yet, up to [`REPEATS_MAX`].
pub(super) fn push_new<T: PartialEq>(list: &mut Vec<T>, value: T) {
    if list.len() < REPEATS_MAX && !list.contains(&value) {
        list.push(value);
    }
}
