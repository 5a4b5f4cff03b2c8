//! A multimap from hashes to copies. Hashes have 32 bits and may collide: the caller checks the copies themselves. Must
//! never lose or repeat a pair, however the buckets are split.
//!
//! There is a bucket for each value of a hash's low bits, which are evenly distributed; in it, pairs are sorted. The number
//! of buckets keeps some dozens of pairs in each, which are searched and moved in one or two reads of memory: a tree over
//! all pairs takes a dozen.

/// A copy's place in the window. It counts up and wraps around.
pub type Slot = u32;

/// A hash and a copy that has it.
type Pair = (u32, Slot);

/// Maximum average number of pairs in a bucket; then the number of buckets doubles.
const FULL: usize = 48;
/// Minimum average number of pairs in a bucket; then the number of buckets halves.
const SPARSE: usize = 8;
/// Buckets at least; a power of two, as their number always is.
const BUCKETS_MIN: usize = 16;

/// Pairs of hash and copy.
#[derive(Debug)]
pub(super) struct Buckets {
    buckets: Vec<Vec<Pair>>,
    len: usize,
}

impl Default for Buckets {
    fn default() -> Self {
        Self {
            buckets: vec![Vec::new(); BUCKETS_MIN],
            len: 0,
        }
    }
}

impl Buckets {
    /// Enters a pair, if it is not there.
    pub(super) fn insert(&mut self, key: u32, slot: Slot) {
        let Some(bucket) = self.bucket(key) else {
            return;
        };
        let Err(place) = bucket.binary_search(&(key, slot)) else {
            return;
        };
        if bucket.len() == bucket.capacity() {
            bucket.reserve_exact(step(bucket.len()));
        }
        bucket.insert(place, (key, slot));
        self.len += 1;
        if self.len > self.buckets.len() * FULL {
            self.split();
        }
    }

    /// Takes a pair out.
    pub(super) fn remove(&mut self, key: Option<u32>, slot: Slot) {
        let Some(key) = key else { return };
        let Some(bucket) = self.bucket(key) else {
            return;
        };
        let Ok(place) = bucket.binary_search(&(key, slot)) else {
            return;
        };
        bucket.remove(place);
        if bucket.capacity() > bucket.len() + 2 * step(bucket.len()) {
            bucket.shrink_to(bucket.len() + step(bucket.len()));
        }
        self.len -= 1;
        if self.len < self.buckets.len() * SPARSE && self.buckets.len() > BUCKETS_MIN {
            self.join();
        }
    }

    /// All pairs with this hash, ascending.
    pub(super) fn all(&self, key: u32) -> &[Pair] {
        let bucket = self.buckets.get(self.place(key));
        let bucket = bucket.map_or(&[][..], Vec::as_slice);
        let from = bucket.partition_point(|(k, _)| *k < key);
        let rest = bucket.get(from..).unwrap_or_default();
        let len = rest.partition_point(|(k, _)| *k == key);
        rest.get(..len).unwrap_or_default()
    }

    /// The memory of all buckets, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let pairs: usize = self.buckets.iter().map(Vec::capacity).sum();
        pairs * size_of::<Pair>() + self.buckets.capacity() * size_of::<Vec<Pair>>()
    }

    /// Doubles the number of buckets: each gives half of its pairs to a new one.
    fn split(&mut self) {
        let (count, bit) = (self.buckets.len(), self.bit(self.buckets.len()));
        self.buckets.reserve_exact(count);
        for place in 0..count {
            let Some(bucket) = self.buckets.get_mut(place) else {
                continue;
            };
            let is_moved = |pair: &&Pair| pair.0 & bit != 0;
            let moved: Vec<Pair> = exact(bucket.iter().filter(is_moved));
            *bucket = exact(bucket.iter().filter(|pair| !is_moved(pair)));
            self.buckets.push(moved);
        }
    }

    /// Half as many buckets.
    fn join(&mut self) {
        let behind = self.buckets.split_off(self.buckets.len() / 2);
        for (bucket, moved) in self.buckets.iter_mut().zip(behind) {
            bucket.reserve_exact(moved.len());
            bucket.extend(moved);
            bucket.sort_unstable();
        }
        self.buckets.shrink_to_fit();
    }

    fn bucket(&mut self, key: u32) -> Option<&mut Vec<Pair>> {
        let place = self.place(key);
        self.buckets.get_mut(place)
    }

    fn place(&self, key: u32) -> usize {
        usize::try_from(key).unwrap_or_default() & (self.buckets.len() - 1)
    }

    fn bit(&self, count: usize) -> u32 {
        u32::try_from(count).unwrap_or_default()
    }
}

/// By how many pairs a full bucket of `len` pairs grows: to the next size class of the heap.
fn step(len: usize) -> usize {
    (len.next_power_of_two() / 8).max(2)
}

fn exact<'p>(pairs: impl Iterator<Item = &'p Pair> + Clone) -> Vec<Pair> {
    let mut bucket = Vec::with_capacity(pairs.clone().count());
    bucket.extend(pairs);
    bucket
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
            let (mut buckets, mut set) = (Buckets::default(), BTreeSet::new());
            for (key, slot, comes) in steps {
                if comes {
                    buckets.insert(key, slot);
                    set.insert((key, slot));
                } else {
                    buckets.remove(Some(key), slot);
                    set.remove(&(key, slot));
                }
            }
            prop_assert_eq!(buckets.len, set.len());
            for key in 0..400 {
                let wanted: Vec<Pair> = set.range((key, 0)..=(key, u32::MAX)).copied().collect();
                prop_assert_eq!(buckets.all(key), wanted.as_slice());
            }
        }
    }

    #[test]
    fn a_pair_takes_little_more_than_its_own_bytes_also_after_most_are_gone() {
        let mut buckets = Buckets::default();
        let key = |n: u32| n.wrapping_mul(0x9E37_79B9).rotate_left(13);
        let each = |buckets: &Buckets| buckets.bytes() as f64 / buckets.len as f64;
        for n in 0..200_000 {
            buckets.insert(key(n), n);
        }
        assert!(each(&buckets) < 10.5, "{}", each(&buckets));
        for n in 0..190_000 {
            buckets.remove(Some(key(n)), n);
        }
        assert!(each(&buckets) < 14.0, "{}", each(&buckets));
    }
}
