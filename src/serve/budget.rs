//! The memory of all responses together: what is read from the store for them, rendered, cached, and waiting to be sent
//! (SEC-24). A reservation lives exactly as long as the bytes that it stands for.
//!
//! No request waits here while it holds something else: it waits before it takes a permit for the store, and later growth is
//! granted or refused at once (REL-13).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::error::HttpError;
use crate::merged::{MergedError, PAGE_BYTES_MAX, PageMemory};

/// Bytes that only small responses may take, so that they continue when large ones have used up the rest.
const SMALL_SHARE: usize = 16 << 20;

/// Maximum size of a small response, with everything that is read to render it.
const SMALL_BYTES_MAX: usize = 256 << 10;

/// Maximum bytes of a rendered document per byte of its stories in memory: escaping makes text longer.
pub const RENDERED_FACTOR: usize = 4;

/// Free bytes with which a response starts without a wait: enough for the largest page.
const FREE_BYTES_WANTED: usize = SMALL_SHARE + (1 + RENDERED_FACTOR) * PAGE_BYTES_MAX;

/// How long a request waits for [`FREE_BYTES_WANTED`], while slow readers are closed.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// Interval at which a slow reader is closed meanwhile.
const CLOSE_INTERVAL: Duration = Duration::from_millis(20);

/// The budget. Clones share it.
#[derive(Debug, Clone)]
pub struct ResponseBudget(Arc<Budget>);

#[derive(Debug)]
struct Budget {
    bytes_max: usize,
    used: AtomicUsize,
    /// Notified when bytes are released.
    released: Notify,
    /// Notified when a request waits: the slowest reader is to be closed.
    exhausted: Notify,
}

/// A part of the budget, released when dropped.
#[derive(Debug)]
pub struct Reservation {
    budget: ResponseBudget,
    bytes: usize,
}

impl ResponseBudget {
    /// A budget of `bytes_max` bytes, [`SMALL_SHARE`] included.
    pub fn new(bytes_max: usize) -> Self {
        Self(Arc::new(Budget {
            bytes_max,
            used: AtomicUsize::new(0),
            released: Notify::new(),
            exhausted: Notify::new(),
        }))
    }

    /// Bytes that are reserved.
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    /// An empty reservation: at once if enough is free, else after at most two seconds in which slow readers are closed. If
    /// too little is free even then, the reservation can grow to a small response only.
    pub async fn start(&self) -> Reservation {
        let until = Instant::now() + WAIT_MAX;
        while !self.has_enough() && Instant::now() < until {
            let released = self.0.released.notified();
            if self.has_enough() {
                break;
            }
            self.0.exhausted.notify_one();
            let _ = timeout_at(until.min(Instant::now() + CLOSE_INTERVAL), released).await;
        }
        self.reserve()
    }

    /// Returns when a request waits for bytes that are not free.
    pub async fn is_exhausted(&self) {
        loop {
            self.0.exhausted.notified().await;
            if !self.has_enough() {
                return;
            }
        }
    }

    fn has_enough(&self) -> bool {
        self.0.bytes_max.saturating_sub(self.used()) >= FREE_BYTES_WANTED.min(self.0.bytes_max)
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
    /// The bytes that it reserves.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Reserves `bytes` more.
    ///
    /// # Errors
    /// [`HttpError::Busy`] if they are not free: 503 with Retry-After.
    pub fn grow(&mut self, bytes: usize) -> Result<(), HttpError> {
        match self.try_grow(bytes) {
            true => Ok(()),
            false => Err(HttpError::responses_too_large()),
        }
    }

    /// Reserves `bytes` more, or nothing; whether they were free.
    fn try_grow(&mut self, bytes: usize) -> bool {
        let ResponseBudget(budget) = &self.budget;
        let limit = match self.bytes.saturating_add(bytes) <= SMALL_BYTES_MAX {
            true => budget.bytes_max,
            false => budget.bytes_max.saturating_sub(SMALL_SHARE),
        };
        let reserved = budget
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|used| *used <= limit)
            });
        if reserved.is_ok() {
            self.bytes += bytes;
        }
        reserved.is_ok()
    }

    /// Releases what exceeds `bytes`.
    pub fn shrink_to(&mut self, bytes: usize) {
        let excess = self.bytes.saturating_sub(bytes);
        if excess > 0 {
            let ResponseBudget(budget) = &self.budget;
            budget.used.fetch_sub(excess, Ordering::Relaxed);
            budget.released.notify_waiters();
            self.bytes = bytes;
        }
    }

    /// `bytes` with a reservation of exactly their size.
    ///
    /// # Errors
    /// As [`Self::grow`].
    pub fn attach_to(mut self, mut bytes: Vec<u8>) -> Result<Bytes, HttpError> {
        bytes.shrink_to_fit();
        self.grow(bytes.len().saturating_sub(self.bytes))?;
        self.shrink_to(bytes.len());
        Ok(Bytes::from_owner(ReservedBytes {
            bytes,
            _reservation: self,
        }))
    }
}

impl PageMemory for Reservation {
    fn grow(&mut self, bytes: usize) -> Result<(), MergedError> {
        match self.try_grow(bytes) {
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

struct ReservedBytes {
    bytes: Vec<u8>,
    _reservation: Reservation,
}

impl AsRef<[u8]> for ReservedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTES_MAX: usize = 80 << 20;

    #[test]
    fn sec_24_small_responses_continue_when_large_ones_have_used_up_their_share() {
        let budget = ResponseBudget::new(BYTES_MAX);
        let mut large = budget.reserve();
        large.grow(BYTES_MAX - SMALL_SHARE).unwrap();
        assert!(budget.reserve().grow(SMALL_BYTES_MAX + 1).is_err());
        let mut small = budget.reserve();
        small.grow(SMALL_BYTES_MAX).unwrap();
        assert!(small.grow(1).is_err(), "it is no longer small");
        drop(large);
        small.grow(1).unwrap();
    }

    #[test]
    fn sec_24_the_bytes_of_a_response_are_reserved_while_a_part_of_them_is_alive() {
        let budget = ResponseBudget::new(BYTES_MAX);
        let mut reservation = budget.reserve();
        reservation.grow(5000).unwrap();
        let bytes = reservation.attach_to(vec![7; 3000]).unwrap();
        let sent = bytes.slice(10..20);
        drop(bytes);
        assert_eq!(budget.used(), 3000);
        drop(sent);
        assert_eq!(budget.used(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn sec_24_a_response_starts_when_bytes_are_released_or_after_two_seconds() {
        let budget = ResponseBudget::new(BYTES_MAX);
        let mut large = budget.reserve();
        large.grow(BYTES_MAX - SMALL_SHARE).unwrap();
        let began = Instant::now();
        let release = async {
            budget.is_exhausted().await;
            tokio::time::sleep(Duration::from_millis(500)).await;
            large.shrink_to(0);
        };
        tokio::join!(budget.start(), release);
        assert!(began.elapsed() < Duration::from_secs(1));
        large.grow(BYTES_MAX - SMALL_SHARE).unwrap();
        let began = Instant::now();
        assert!(budget.start().await.grow(1 << 20).is_err());
        assert_eq!(began.elapsed(), WAIT_MAX);
    }
}
