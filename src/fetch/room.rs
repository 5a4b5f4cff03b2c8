//! Memory for bodies (SEC-05): small ones need no leave, what large ones take comes off a budget that all share. A hundred
//! hostile servers at once cannot fill the memory, and nobody waits for ever for somebody who waits too: when the budget is
//! used up, one body at a time may grow beyond it.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A body of up to so many bytes needs no leave.
pub const FREE_BYTES: usize = 256 << 10;
/// What all larger ones may take together, in bytes; the one beyond it comes on top.
const BUDGET_BYTES: usize = 24 << 20;
/// The budget is counted in so many bytes.
const UNIT: usize = 1 << 10;

/// The budget of one fetcher.
#[derive(Debug)]
pub struct Room {
    budget: Arc<Semaphore>,
    beyond: Arc<Semaphore>,
}

/// What one body takes of it; given back when dropped. Keep it as long as the body.
#[derive(Debug, Default)]
pub struct Held {
    budget: Option<OwnedSemaphorePermit>,
    beyond: Option<OwnedSemaphorePermit>,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            budget: Arc::new(Semaphore::new(BUDGET_BYTES / UNIT)),
            beyond: Arc::new(Semaphore::new(1)),
        }
    }
}

impl Room {
    /// Waits until a body may grow to `bytes`.
    pub async fn hold(&self, held: &mut Held, bytes: usize) {
        if bytes <= FREE_BYTES || held.beyond.is_some() {
            return;
        }
        // By doubling: a body that grows chunk by chunk waits a few times only.
        let wanted = bytes.checked_next_power_of_two().unwrap_or(bytes) / UNIT;
        let has = held.budget.as_ref().map_or(0, |held| held.num_permits());
        let Ok(more @ 1..) = u32::try_from(wanted.saturating_sub(has)) else {
            return;
        };
        tokio::select! {
            biased;
            Ok(more) = Arc::clone(&self.budget).acquire_many_owned(more) => match &mut held.budget {
                Some(budget) => budget.merge(more),
                none => *none = Some(more),
            },
            Ok(beyond) = Arc::clone(&self.beyond).acquire_owned() => held.beyond = Some(beyond),
            // Our semaphores are never closed.
            else => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const MIB: usize = 1 << 20;

    /// Whether it may at once.
    fn may(room: &Room, held: &mut Held, bytes: usize) -> bool {
        room.hold(held, bytes).now_or_never().is_some()
    }

    #[test]
    fn sec_05_small_bodies_need_no_leave_whoever_fills_the_memory() {
        let room = Room::default();
        let mut greedy: Vec<Held> = Vec::new();
        greedy.resize_with(4, Held::default);
        let took = greedy
            .iter_mut()
            .filter_map(|held| may(&room, held, 16 * MIB).then_some(()));
        // One of the budget, one beyond it.
        assert_eq!(took.count(), 2);
        assert!(may(&room, &mut Held::default(), FREE_BYTES));
    }

    #[test]
    fn sec_05_bodies_that_grow_together_never_all_wait() {
        let room = Room::default();
        let mut growing: Vec<Held> = Vec::new();
        growing.resize_with(24, Held::default);
        assert!(growing.iter_mut().all(|held| may(&room, held, MIB)));
        // The budget is used up; one goes on, and however far.
        let mut goes_on = growing.pop().unwrap();
        assert!(may(&room, &mut goes_on, 2 * MIB));
        assert!(may(&room, &mut goes_on, 16 * MIB));
        assert!(growing.iter_mut().all(|held| !may(&room, held, 2 * MIB)));
        drop(goes_on);
        let went_on = growing
            .iter_mut()
            .filter_map(|held| may(&room, held, 2 * MIB).then_some(()));
        // With what it had given back, and as the one beyond.
        assert_eq!(went_on.count(), 2);
    }
}
