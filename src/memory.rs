//! L0: one memory budget for everything that is read from the network (SEC-24). A [`Reserved`] value owns its reservation:
//! what came from the network cannot be kept without reserved memory, and dropping it returns the memory. Must never wait
//! without a limit (REL-13), and never grant more than the budget and one body beyond it.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// Bodies of up to this many bytes never compete with larger ones.
pub const SMALL_BYTES: usize = 256 << 10;

/// Bodies compete only within their tier, smallest tier first: the largest body of the tier, and the limit for all of its
/// bodies together, in bytes.
const TIERS: [Tier; 3] = [
    Tier::new(SMALL_BYTES, 32 << 20),
    Tier::new(2 << 20, 12 << 20),
    Tier::new(usize::MAX, 16 << 20),
];

/// The least that a reservation grows by, in bytes.
const STEP: usize = 4 << 10;

/// No memory became free in time. The sender is not to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("newswire has no memory to spare at present; try again later")]
pub struct Busy;

/// The budget. Cheap to clone; all clones are one budget.
#[derive(Clone)]
pub struct MemoryBudget(Arc<Inner>);

/// A value from the network with its reserved memory.
#[derive(Debug)]
pub struct Reserved<T> {
    value: T,
    reservation: Reservation,
}

/// Bytes read from the network.
pub type Body = Reserved<Vec<u8>>;

/// Reserved memory, empty at first. Returned to the budget when dropped.
pub struct Reservation {
    budget: MemoryBudget,
    bytes: usize,
    from: From,
}

impl MemoryBudget {
    /// A budget whose memory is all free.
    pub fn new() -> Self {
        Self::with(TIERS.to_vec())
    }

    /// A reservation of nothing.
    pub fn reserve(&self) -> Reservation {
        Reservation {
            budget: self.clone(),
            bytes: 0,
            from: From::Tier(0),
        }
    }

    /// Reserves memory for a body that was read already, if there is any now.
    pub fn try_hold(&self, body: Vec<u8>) -> Option<Body> {
        let (mut reservation, bytes) = (self.reserve(), body.len());
        reservation
            .try_grow(bytes)
            .then(|| reservation.hold(body, bytes))
    }

    /// All reserved memory at present, in bytes.
    pub fn used(&self) -> usize {
        let state = self.0.state();
        let tiers = state.used.iter().copied().fold(0, usize::saturating_add);
        tiers.saturating_add(state.beyond)
    }

    /// The limit for all bodies together in bytes, without the one beyond the budget.
    pub fn total(&self) -> usize {
        let totals = self.0.tiers.iter().map(|tier| tier.total);
        totals.fold(0, usize::saturating_add)
    }

    fn with(tiers: Vec<Tier>) -> Self {
        let used = vec![0; tiers.len()];
        Self(Arc::new(Inner {
            tiers,
            state: Mutex::new(State {
                used,
                beyond: 0,
                is_beyond_taken: false,
            }),
            freed: Notify::new(),
        }))
    }

    /// A budget of this one's proportions, so many times smaller: for tests with many bodies.
    #[cfg(test)]
    pub(crate) fn smaller(by: usize) -> Self {
        let scaled = |bytes: usize| match bytes {
            usize::MAX => bytes,
            bytes => bytes / by,
        };
        let tiers = TIERS.map(|tier| Tier::new(scaled(tier.body_max), scaled(tier.total)));
        Self::with(tiers.to_vec())
    }
}

impl Reservation {
    /// The reserved bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Grows to at least `bytes` if there is memory now. Grows by doubling, so that a body read in many chunks needs few
    /// calls.
    #[must_use]
    pub fn try_grow(&mut self, bytes: usize) -> bool {
        if bytes <= self.bytes {
            return true;
        }
        let rounded = bytes.max(STEP).checked_next_power_of_two();
        self.take(rounded.unwrap_or(bytes)) || self.take(bytes)
    }

    /// Grows to at least `bytes`; waits for memory until `until`. Keeps its bytes if there is none in time.
    ///
    /// # Errors
    /// [`Busy`] if there was no memory in time.
    pub async fn grow(&mut self, bytes: usize, until: Instant) -> Result<(), Busy> {
        let budget = self.budget.clone();
        loop {
            let freed = budget.0.freed.notified();
            tokio::pin!(freed);
            // Registered before the check, so that no notification in between is missed.
            freed.as_mut().enable();
            if self.try_grow(bytes) {
                return Ok(());
            }
            timeout_at(until, freed).await.map_err(|_| Busy)?;
        }
    }

    /// Returns all but `bytes`, and the place beyond the budget if it no longer needs it. Never grows.
    pub fn shrink(&mut self, bytes: usize) {
        if bytes >= self.bytes {
            return;
        }
        let inner = Arc::clone(&self.budget.0);
        let mut state = inner.state();
        let to = inner.place(&state, self.from, self.bytes, bytes);
        let to = to.map_or(self.from, From::Tier);
        self.settle(&mut state, to, bytes);
        drop(state);
        inner.freed.notify_waiters();
    }

    /// Attaches the reservation to its value. `bytes` is the size of the value; the reservation has at least that.
    pub fn hold<T>(mut self, value: T, bytes: usize) -> Reserved<T> {
        self.shrink(bytes);
        Reserved {
            value,
            reservation: self,
        }
    }

    /// Reserves `bytes` in total at once: from the tier of that size, else beyond the budget.
    fn take(&mut self, bytes: usize) -> bool {
        let inner = Arc::clone(&self.budget.0);
        let mut state = inner.state();
        let to = match self.from {
            From::Beyond => From::Beyond,
            From::Tier(_) => match inner.place(&state, self.from, self.bytes, bytes) {
                Some(tier) => From::Tier(tier),
                None if !state.is_beyond_taken => From::Beyond,
                None => return false,
            },
        };
        let has_moved = to != self.from;
        self.settle(&mut state, to, bytes);
        drop(state);
        if has_moved {
            inner.freed.notify_waiters();
        }
        true
    }

    /// Reserves `bytes` in total from `to`, and returns the old reservation.
    fn settle(&mut self, state: &mut State, to: From, bytes: usize) {
        self.from.give(state, self.bytes);
        to.add(state, bytes);
        (self.from, self.bytes) = (to, bytes);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.from.give(&mut self.budget.0.state(), self.bytes);
        self.budget.0.freed.notify_waiters();
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reservation({} bytes)", self.bytes)
    }
}

impl<T> Reserved<T> {
    /// Converts the value within the same reservation; `bytes` is the size of the new value.
    pub fn map<U>(self, make: impl FnOnce(T) -> U, bytes: impl FnOnce(&U) -> usize) -> Reserved<U> {
        let value = make(self.value);
        let bytes = bytes(&value);
        self.reservation.hold(value, bytes)
    }

    /// The same if the conversion may fail.
    pub fn filter_map<U>(
        self,
        make: impl FnOnce(T) -> Option<U>,
        bytes: impl FnOnce(&U) -> usize,
    ) -> Option<Reserved<U>> {
        let value = make(self.value)?;
        let bytes = bytes(&value);
        Some(self.reservation.hold(value, bytes))
    }
}

impl Body {
    /// Reads the chunks of a body of at most `limit` bytes to their end.
    ///
    /// # Errors
    /// [`Unread`]: there was no memory by `until`, the body is too large, or it was cut off.
    pub async fn read<E>(
        budget: &MemoryBudget,
        limit: usize,
        until: Instant,
        mut pieces: impl Stream<Item = Result<Bytes, E>> + Unpin,
    ) -> Result<Self, Unread<E>> {
        let mut reservation = budget.reserve();
        let mut body = Vec::new();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(Unread::Failed)?;
            let len = body.len().saturating_add(piece.len());
            if len > limit {
                return Err(Unread::TooLarge);
            }
            reservation
                .grow(len, until)
                .await
                .map_err(|Busy| Unread::Busy)?;
            extend(&mut body, &piece, reservation.bytes());
        }
        let len = body.len();
        Ok(reservation.hold(body, len))
    }
}

/// Why a body was not read to its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Unread<E> {
    /// There was no memory in time.
    Busy,
    /// It is larger than the limit.
    TooLarge,
    /// It was cut off.
    Failed(E),
}

/// Appends within the reservation: a vector that grows by itself allocates up to twice its length.
pub(crate) fn extend(body: &mut Vec<u8>, piece: &[u8], reserved: usize) {
    let len = body.len().saturating_add(piece.len());
    if len > body.capacity() {
        body.reserve_exact(reserved.max(len).saturating_sub(body.len()));
    }
    body.extend_from_slice(piece);
}

impl<T> Deref for Reserved<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: PartialEq> PartialEq for Reserved<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Reserved<T> {}

impl Default for MemoryBudget {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryBudget({} bytes used)", self.used())
    }
}

struct Inner {
    tiers: Vec<Tier>,
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug, Clone, Copy)]
struct Tier {
    body_max: usize,
    total: usize,
}

struct State {
    /// By tier.
    used: Vec<usize>,
    /// Bytes of the one body beyond the budget.
    beyond: usize,
    is_beyond_taken: bool,
}

/// Where a reservation's memory comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Tier(usize),
    /// One body at a time may be beyond the budget, so that bodies which grow together never all wait.
    Beyond,
}

impl Tier {
    const fn new(body_max: usize, total: usize) -> Self {
        Self { body_max, total }
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tier that a reservation of `has` bytes can grow to `bytes` in.
    fn place(&self, state: &State, from: From, has: usize, bytes: usize) -> Option<usize> {
        let tier = self.tiers.iter().position(|t| bytes <= t.body_max)?;
        let own = if from == From::Tier(tier) { has } else { 0 };
        let others = state.used.get(tier)?.saturating_sub(own);
        (others.saturating_add(bytes) <= self.tiers.get(tier)?.total).then_some(tier)
    }
}

impl From {
    fn add(self, state: &mut State, bytes: usize) {
        match self {
            Self::Tier(tier) => {
                if let Some(used) = state.used.get_mut(tier) {
                    *used = used.saturating_add(bytes);
                }
            }
            Self::Beyond => {
                state.is_beyond_taken = true;
                state.beyond = bytes;
            }
        }
    }

    fn give(self, state: &mut State, bytes: usize) {
        match self {
            Self::Tier(tier) => {
                if let Some(used) = state.used.get_mut(tier) {
                    *used = used.saturating_sub(bytes);
                }
            }
            Self::Beyond => {
                state.is_beyond_taken = false;
                state.beyond = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, stream};

    use super::*;

    const MIB: usize = 1 << 20;

    fn all(budget: &MemoryBudget, count: usize) -> Vec<Reservation> {
        std::iter::repeat_with(|| budget.reserve())
            .take(count)
            .collect()
    }

    #[test]
    fn sec_24_small_bodies_never_compete_with_large_ones() {
        let budget = MemoryBudget::new();
        let mut greedy = all(&budget, 8);
        let took = greedy
            .iter_mut()
            .filter_map(|r| r.try_grow(16 * MIB).then_some(()));
        assert_eq!(took.count(), 2, "one of the budget, one beyond it");
        assert!(budget.reserve().try_grow(SMALL_BYTES));
        assert!(budget.reserve().try_grow(MIB), "nor do those in between");
    }

    #[test]
    fn sec_24_bodies_that_grow_together_never_all_wait() {
        let budget = MemoryBudget::new();
        let mut growing = all(&budget, 6);
        assert!(growing.iter_mut().all(|r| r.try_grow(2 * MIB)));
        let grown = |r: &mut Reservation| r.try_grow(16 * MIB);
        let before = growing.iter_mut().map(grown).filter(|may| *may).count();
        assert_eq!(before, 2, "one of the budget, one beyond it");
        growing.retain(|r| r.bytes() < 16 * MIB);
        let after = growing.iter_mut().map(grown).filter(|may| *may).count();
        assert_eq!(after, 2, "with what these gave back");
    }

    #[test]
    fn sec_24_what_is_dropped_or_shrunk_is_free_again_and_so_is_the_place_beyond() {
        let budget = MemoryBudget::new();
        let mut two = all(&budget, 2);
        assert!(two.iter_mut().all(|r| r.try_grow(16 * MIB)));
        assert_eq!(budget.used(), 32 * MIB);
        let mut beyond = two.pop().unwrap();
        beyond.shrink(5000);
        assert_eq!(budget.used(), 16 * MIB + 5000);
        assert!(budget.reserve().try_grow(64 * MIB), "beyond is free");
        drop((two, beyond));
        assert_eq!(budget.used(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn rel_13_waiting_for_memory_ends_with_memory_or_in_time() {
        let budget = MemoryBudget::new();
        let mut two = all(&budget, 2);
        assert!(two.iter_mut().all(|r| r.try_grow(16 * MIB)));
        let mut third = budget.reserve();
        let until = Instant::now() + std::time::Duration::from_secs(5);
        assert_eq!(third.grow(16 * MIB, until).await, Err(Busy));
        assert_eq!(Instant::now(), until);
        let mut waits = Box::pin(third.grow(16 * MIB, until + std::time::Duration::from_secs(5)));
        assert!(waits.as_mut().now_or_never().is_none());
        two.pop();
        assert_eq!(waits.await, Ok(()));
    }

    #[tokio::test]
    async fn sec_24_a_body_is_read_within_its_limit_and_holds_what_it_takes() {
        let budget = MemoryBudget::new();
        let pieces =
            |n: usize| stream::iter(vec![Ok::<_, ()>(Bytes::from_static(b"0123456789")); n]);
        let body = Body::read(&budget, 100, Instant::now(), pieces(10))
            .await
            .unwrap();
        assert_eq!((body.len(), budget.used()), (100, 100));
        let over = Body::read(&budget, 100, Instant::now(), pieces(11)).await;
        assert_eq!(over, Err(Unread::TooLarge));
        let text = body.map(
            |body| String::from_utf8_lossy(&body[..7]).into_owned(),
            String::len,
        );
        assert_eq!((text.as_str(), budget.used()), ("0123456", 7));
        drop(text);
        assert_eq!(budget.used(), 0);
    }
}
