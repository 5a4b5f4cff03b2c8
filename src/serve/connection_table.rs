//! The clients that are connected: how long each keeps us waiting, and how fast it takes what it asked for. Whoever is
//! slowest goes first when there are too many connections, or too many answers in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

/// An answer that waits for its reader for less than this is not cut: it may just have been sent.
const GRACE: Duration = Duration::from_secs(1);

/// Everybody who is connected.
pub struct Guests {
    start: Instant,
    list: Vec<(AbortHandle, Guest)>,
}

/// One client.
#[derive(Debug, Clone)]
pub struct Guest {
    start: Instant,
    /// Since when it keeps us waiting: milliseconds of the server's life, or [`Guest::OURS`] while it waits for us.
    since: Arc<AtomicU64>,
    /// How it takes its answer.
    pub taking: Taking,
}

/// How fast a client takes the answer that is being sent.
#[derive(Debug, Clone)]
pub struct Taking {
    start: Instant,
    state: Arc<TakingState>,
}

#[derive(Debug)]
struct TakingState {
    /// Since when an answer waits to be taken: milliseconds after `start`, or [`Taking::NOTHING`].
    since: AtomicU64,
    /// Bytes taken since.
    bytes: AtomicU64,
}

impl Default for Guests {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            list: Vec::new(),
        }
    }
}

impl Guests {
    /// How many there are.
    pub fn here(&mut self) -> usize {
        self.list.retain(|(task, _)| !task.is_finished());
        self.list.len()
    }

    /// One who has just come.
    pub fn comes(&self) -> Guest {
        let guest = Guest {
            start: self.start,
            since: Arc::default(),
            taking: Taking::default(),
        };
        guest.answered();
        guest
    }

    /// Adds the task that serves a guest.
    pub fn add(&mut self, task: AbortHandle, guest: Guest) {
        self.list.push((task, guest));
    }

    /// Ends the connection that has kept us waiting longest; false if each waits for us.
    pub fn send_away_the_slowest(&mut self) -> bool {
        let since = |(n, (_, guest)): (usize, &(AbortHandle, Guest))| {
            (guest.since.load(Ordering::Relaxed), n)
        };
        let slowest = self.list.iter().enumerate().map(since).min();
        match slowest {
            Some((since, n)) if since != Guest::OURS => {
                self.list.remove(n).0.abort();
                true
            }
            _ => false,
        }
    }

    /// Ends the connection whose answer is taken most slowly; false if none waits to be taken.
    pub fn cut_the_slowest_reader(&mut self) -> bool {
        self.here();
        let rates = self.list.iter().enumerate();
        let rates = rates.filter_map(|(n, (_, guest))| Some((guest.taking.rate()?, n)));
        let Some((_, n)) = rates.min() else {
            return false;
        };
        self.list.remove(n).0.abort();
        true
    }
}

impl Guest {
    const OURS: u64 = u64::MAX;

    /// It waits for us.
    pub fn asked(&self) {
        self.since.store(Self::OURS, Ordering::Relaxed);
    }

    /// We wait for it.
    pub fn answered(&self) {
        self.since.store(millis(self.start), Ordering::Relaxed);
    }
}

impl Default for Taking {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            state: Arc::new(TakingState {
                since: AtomicU64::new(Self::NOTHING),
                bytes: AtomicU64::new(0),
            }),
        }
    }
}

impl Taking {
    const NOTHING: u64 = u64::MAX;

    /// An answer waits to be taken.
    pub fn waits(&self) {
        self.state.bytes.store(0, Ordering::Relaxed);
        self.state
            .since
            .store(millis(self.start), Ordering::Relaxed);
    }

    /// Bytes of it were taken.
    pub fn took(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.state.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// All of it was taken.
    pub fn is_done(&self) {
        self.state.since.store(Self::NOTHING, Ordering::Relaxed);
    }

    /// Bytes a second; none if nothing waits, or not for long.
    fn rate(&self) -> Option<u64> {
        let since = self.state.since.load(Ordering::Relaxed);
        let waits = millis(self.start).checked_sub(since)?;
        let is_long = Duration::from_millis(waits) >= GRACE;
        is_long.then(|| {
            self.state
                .bytes
                .load(Ordering::Relaxed)
                .saturating_mul(1000)
                / waits.max(1)
        })
    }
}

/// Milliseconds since then.
fn millis(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn sec_24_the_slowest_reader_is_cut_and_one_that_was_just_answered_is_not() {
        let mut guests = Guests::default();
        let tasks: Vec<_> = (0..3)
            .map(|_| {
                let guest = guests.comes();
                let task = tokio::spawn(std::future::pending::<()>());
                guests.add(task.abort_handle(), guest.clone());
                (task, guest)
            })
            .collect();
        assert!(!guests.cut_the_slowest_reader(), "none has an answer");
        let [slow, quick, new] = [0, 1, 2].map(|n| tasks[n].1.taking.clone());
        slow.waits();
        quick.waits();
        tokio::time::sleep(GRACE).await;
        slow.took(10);
        quick.took(1_000_000);
        new.waits();
        assert!(guests.cut_the_slowest_reader());
        tokio::task::yield_now().await;
        assert!(tasks[0].0.is_finished() && !tasks[1].0.is_finished());
        quick.is_done();
        assert!(
            !guests.cut_the_slowest_reader(),
            "what is new is not cut yet"
        );
    }
}
