//! Copies by a hash of something that they have. Hashes of 32 bits: the caller looks at the copies themselves. Must never lose
//! or repeat a pair, however the shelves are split.
//!
//! A shelf for each value of a hash's low bits, which are evenly spread whatever is hashed; in it, pairs in order. There are
//! so many shelves that some dozens of pairs are on each, which are searched and moved in one or two reads of memory: a tree
//! over all of them takes a dozen.

/// A copy's place in the window: it counts up, and wraps.
pub type Slot = u32;

/// A hash and a copy that has it.
type Pair = (u32, Slot);

/// Pairs on a shelf on average at most; then there are twice as many shelves.
const FULL: usize = 48;
/// The same at least; then there are half as many.
const SPARSE: usize = 8;
/// Shelves at least; a power of two, as their number always is.
const SHELVES_MIN: usize = 16;

/// Pairs of hash and copy.
#[derive(Debug)]
pub(super) struct Shelves {
    shelves: Vec<Vec<Pair>>,
    len: usize,
}

impl Default for Shelves {
    fn default() -> Self {
        Self {
            shelves: vec![Vec::new(); SHELVES_MIN],
            len: 0,
        }
    }
}

impl Shelves {
    /// Enters a pair, if it is not there.
    pub(super) fn insert(&mut self, key: u32, slot: Slot) {
        let Some(shelf) = self.shelf(key) else { return };
        let Err(place) = shelf.binary_search(&(key, slot)) else {
            return;
        };
        if shelf.len() == shelf.capacity() {
            shelf.reserve_exact(step(shelf.len()));
        }
        shelf.insert(place, (key, slot));
        self.len += 1;
        if self.len > self.shelves.len() * FULL {
            self.split();
        }
    }

    /// Takes a pair out.
    pub(super) fn remove(&mut self, key: Option<u32>, slot: Slot) {
        let Some(key) = key else { return };
        let Some(shelf) = self.shelf(key) else { return };
        let Ok(place) = shelf.binary_search(&(key, slot)) else {
            return;
        };
        shelf.remove(place);
        if shelf.capacity() > shelf.len() + 2 * step(shelf.len()) {
            shelf.shrink_to(shelf.len() + step(shelf.len()));
        }
        self.len -= 1;
        if self.len < self.shelves.len() * SPARSE && self.shelves.len() > SHELVES_MIN {
            self.join();
        }
    }

    /// All pairs with this hash, ascending.
    pub(super) fn all(&self, key: u32) -> &[Pair] {
        let shelf = self.shelves.get(self.place(key));
        let shelf = shelf.map_or(&[][..], Vec::as_slice);
        let from = shelf.partition_point(|(k, _)| *k < key);
        let rest = shelf.get(from..).unwrap_or_default();
        let len = rest.partition_point(|(k, _)| *k == key);
        rest.get(..len).unwrap_or_default()
    }

    /// What all of it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let pairs: usize = self.shelves.iter().map(Vec::capacity).sum();
        pairs * size_of::<Pair>() + self.shelves.capacity() * size_of::<Vec<Pair>>()
    }

    /// Twice as many shelves: each gives half of its pairs to one behind all others.
    fn split(&mut self) {
        let (count, bit) = (self.shelves.len(), self.bit(self.shelves.len()));
        self.shelves.reserve_exact(count);
        for place in 0..count {
            let Some(shelf) = self.shelves.get_mut(place) else {
                continue;
            };
            let is_moved = |pair: &&Pair| pair.0 & bit != 0;
            let moved: Vec<Pair> = exact(shelf.iter().filter(is_moved));
            *shelf = exact(shelf.iter().filter(|pair| !is_moved(pair)));
            self.shelves.push(moved);
        }
    }

    /// Half as many shelves.
    fn join(&mut self) {
        let behind = self.shelves.split_off(self.shelves.len() / 2);
        for (shelf, moved) in self.shelves.iter_mut().zip(behind) {
            shelf.reserve_exact(moved.len());
            shelf.extend(moved);
            shelf.sort_unstable();
        }
        self.shelves.shrink_to_fit();
    }

    fn shelf(&mut self, key: u32) -> Option<&mut Vec<Pair>> {
        let place = self.place(key);
        self.shelves.get_mut(place)
    }

    fn place(&self, key: u32) -> usize {
        usize::try_from(key).unwrap_or_default() & (self.shelves.len() - 1)
    }

    fn bit(&self, count: usize) -> u32 {
        u32::try_from(count).unwrap_or_default()
    }
}

/// How many more pairs a full shelf of `len` gets room for: to the next size that the heap has.
fn step(len: usize) -> usize {
    (len.next_power_of_two() / 8).max(2)
}

fn exact<'p>(pairs: impl Iterator<Item = &'p Pair> + Clone) -> Vec<Pair> {
    let mut shelf = Vec::with_capacity(pairs.clone().count());
    shelf.extend(pairs);
    shelf
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pairs_come_and_go_as_in_a_set(
            steps in prop::collection::vec((0_u32..400, 0_u32..20, prop::bool::weighted(0.6)), 0..4000),
        ) {
            let (mut shelves, mut set) = (Shelves::default(), BTreeSet::new());
            for (key, slot, comes) in steps {
                if comes {
                    shelves.insert(key, slot);
                    set.insert((key, slot));
                } else {
                    shelves.remove(Some(key), slot);
                    set.remove(&(key, slot));
                }
            }
            prop_assert_eq!(shelves.len, set.len());
            for key in 0..400 {
                let wanted: Vec<Pair> = set.range((key, 0)..=(key, u32::MAX)).copied().collect();
                prop_assert_eq!(shelves.all(key), wanted.as_slice());
            }
        }
    }

    #[test]
    fn a_pair_takes_little_more_than_its_own_bytes_also_after_most_are_gone() {
        let mut shelves = Shelves::default();
        let key = |n: u32| n.wrapping_mul(0x9E37_79B9).rotate_left(13);
        let each = |shelves: &Shelves| shelves.bytes() as f64 / shelves.len as f64;
        for n in 0..200_000 {
            shelves.insert(key(n), n);
        }
        assert!(each(&shelves) < 10.5, "{}", each(&shelves));
        for n in 0..190_000 {
            shelves.remove(Some(key(n)), n);
        }
        assert!(each(&shelves) < 14.0, "{}", each(&shelves));
    }
}
