//! The memory that answers may take, over all connections: what is read for them, what is being rendered, what is kept,
//! and what waits to be sent (SEC-24). A reservation lives exactly as long as the bytes that it stands for.
//!
//! Never waits while something else is held: a request waits here before it takes its turn at the store, and what grows
//! later is granted or refused at once (REL-13).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::HttpError;
use crate::merged::{MergedError, PAGE_BYTES_MAX, PageMemory};

/// Bytes that only small answers may take: they go on when large ones have used up the rest.
const SMALL_SHARE: usize = 16 << 20;

/// A small answer, with everything that is read to render it.
const SMALL_BYTES_MAX: usize = 256 << 10;

/// Bytes of a rendered document per byte of its stories in memory, at most: escaping makes text longer.
pub const RENDERED_FACTOR: usize = 4;

/// How much must be free for an answer to be begun without a wait: the largest page has room then.
const FREE_WANTED: usize = SMALL_SHARE + (1 + RENDERED_FACTOR) * PAGE_BYTES_MAX;

/// How long a request waits for that, while slow readers are cut.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often a slow reader is cut meanwhile.
const CUT_EVERY: Duration = Duration::from_millis(20);

/// The budget; cheap to clone.
#[derive(Debug, Clone)]
pub struct AnswerBudget(Arc<Budget>);

#[derive(Debug)]
struct Budget {
    bytes_max: usize,
    used: AtomicUsize,
    /// Something was given back.
    freed: Notify,
    /// Somebody waits: the slowest reader is to be cut.
    short: Notify,
}

/// A part of the budget, given back when dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: AnswerBudget,
    bytes: usize,
}

impl AnswerBudget {
    /// A budget of so many bytes, [`SMALL_SHARE`] included.
    pub fn new(bytes_max: usize) -> Self {
        Self(Arc::new(Budget {
            bytes_max,
            used: AtomicUsize::new(0),
            freed: Notify::new(),
            short: Notify::new(),
        }))
    }

    /// Bytes that are reserved.
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    /// An empty reservation, at once if there is room; else after a wait of at most two seconds in which slow readers
    /// are cut. There may be no room after that either: then it can only grow to a small answer.
    pub async fn begin(&self) -> Reservation {
        let until = Instant::now() + PATIENCE;
        while !self.is_roomy() && Instant::now() < until {
            let freed = self.0.freed.notified();
            if self.is_roomy() {
                break;
            }
            self.0.short.notify_one();
            let _ = timeout_at(until.min(Instant::now() + CUT_EVERY), freed).await;
        }
        Reservation {
            budget: self.clone(),
            bytes: 0,
        }
    }

    /// Returns when somebody waits for room that is not there.
    pub async fn is_short(&self) {
        loop {
            self.0.short.notified().await;
            if !self.is_roomy() {
                return;
            }
        }
    }

    fn is_roomy(&self) -> bool {
        self.0.bytes_max.saturating_sub(self.used()) >= FREE_WANTED.min(self.0.bytes_max)
    }

    /// An empty reservation, without a wait.
    pub fn reserve(&self) -> Reservation {
        Reservation {
            budget: self.clone(),
            bytes: 0,
        }
    }
}

impl Reservation {
    /// Reserves `bytes` more.
    ///
    /// # Errors
    /// [`HttpError::Busy`] if the budget does not have them: 503 with Retry-After.
    pub fn grow(&mut self, bytes: usize) -> Result<(), HttpError> {
        match self.take(bytes) {
            true => Ok(()),
            false => Err(HttpError::busy_with_answers()),
        }
    }

    /// Reserves `bytes` more, or nothing; whether they were available.
    fn take(&mut self, bytes: usize) -> bool {
        let AnswerBudget(budget) = &self.budget;
        let limit = match self.bytes.saturating_add(bytes) <= SMALL_BYTES_MAX {
            true => budget.bytes_max,
            false => budget.bytes_max.saturating_sub(SMALL_SHARE),
        };
        let taken = budget
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|used| *used <= limit)
            });
        if taken.is_ok() {
            self.bytes += bytes;
        }
        taken.is_ok()
    }

    /// Gives back what is over so many bytes.
    pub fn shrink_to(&mut self, bytes: usize) {
        let over = self.bytes.saturating_sub(bytes);
        if over > 0 {
            let AnswerBudget(budget) = &self.budget;
            budget.used.fetch_sub(over, Ordering::Relaxed);
            budget.freed.notify_waiters();
            self.bytes = bytes;
        }
    }

    /// These bytes, with the reservation of just as many.
    ///
    /// # Errors
    /// As [`Self::grow`].
    pub fn hold(mut self, mut bytes: Vec<u8>) -> Result<Bytes, HttpError> {
        bytes.shrink_to_fit();
        self.grow(bytes.len().saturating_sub(self.bytes))?;
        self.shrink_to(bytes.len());
        Ok(Bytes::from_owner(Held { bytes, _room: self }))
    }
}

impl PageMemory for Reservation {
    fn grow(&mut self, bytes: usize) -> Result<(), MergedError> {
        match self.take(bytes) {
            true => Ok(()),
            false => Err(MergedError::NoMemory),
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

struct Held {
    bytes: Vec<u8>,
    _room: Reservation,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES_MAX: usize = 80 << 20;

    #[test]
    fn sec_24_small_answers_go_on_when_large_ones_have_used_up_their_part() {
        let budget = AnswerBudget::new(BYTES_MAX);
        let mut large = budget.reserve();
        large.grow(BYTES_MAX - SMALL_SHARE).unwrap();
        assert!(budget.reserve().grow(SMALL_BYTES_MAX + 1).is_err());
        let mut small = budget.reserve();
        small.grow(SMALL_BYTES_MAX).unwrap();
        assert!(small.grow(1).is_err(), "it is not small any more");
        drop(large);
        small.grow(1).unwrap();
    }

    #[test]
    fn sec_24_the_bytes_of_an_answer_are_reserved_as_long_as_one_holds_them() {
        let budget = AnswerBudget::new(BYTES_MAX);
        let mut room = budget.reserve();
        room.grow(5000).unwrap();
        let bytes = room.hold(vec![7; 3000]).unwrap();
        let sent = bytes.slice(10..20);
        drop(bytes);
        assert_eq!(budget.used(), 3000);
        drop(sent);
        assert_eq!(budget.used(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn sec_24_an_answer_begins_when_room_is_given_back_and_no_later_than_in_two_seconds() {
        let budget = AnswerBudget::new(BYTES_MAX);
        let mut large = budget.reserve();
        large.grow(BYTES_MAX - SMALL_SHARE).unwrap();
        let began = Instant::now();
        let cut = async {
            budget.is_short().await;
            tokio::time::sleep(Duration::from_millis(500)).await;
            large.shrink_to(0);
        };
        tokio::join!(budget.begin(), cut);
        assert!(began.elapsed() < Duration::from_secs(1));
        large.grow(BYTES_MAX - SMALL_SHARE).unwrap();
        let began = Instant::now();
        assert!(budget.begin().await.grow(1 << 20).is_err());
        assert_eq!(began.elapsed(), PATIENCE);
    }
}
