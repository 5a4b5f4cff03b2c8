//! The limit of concurrent pushes from hubs, in total and per subscription: a hub that sends slowly or repeats itself blocks only
//! its own subscription (REL-04). Knows no HTTP and keeps no body.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Maximum number of concurrent pushes of all subscriptions.
const TOTAL_MAX: usize = 16;
/// Maximum per subscription: while one push is stored, the next may arrive.
const PER_SUBSCRIPTION_MAX: usize = 2;

/// The number of concurrent pushes by the path of their callback.
#[derive(Debug, Default)]
pub struct Pushes(Mutex<HashMap<String, usize>>);

/// Permission to receive one push, until dropped.
#[derive(Debug)]
pub struct PushPermit<'a> {
    pushes: &'a Pushes,
    path: &'a str,
}

impl Pushes {
    /// Permission to receive a push to `path`; `None` if there are too many. Never waits.
    pub fn try_acquire<'a>(&'a self, path: &'a str) -> Option<PushPermit<'a>> {
        let mut active = self.active();
        let all: usize = active.values().sum();
        let own = active.get(path).copied().unwrap_or(0);
        if all >= TOTAL_MAX || own >= PER_SUBSCRIPTION_MAX {
            return None;
        }
        active.insert(path.to_owned(), own + 1);
        Some(PushPermit { pushes: self, path })
    }

    fn active(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PushPermit<'_> {
    fn drop(&mut self) {
        let mut active = self.pushes.active();
        match active.get_mut(self.path) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(active.remove(self.path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rel_04_pushes_are_limited_per_subscription_and_in_total() {
        let pushes = Pushes::default();
        let names: Vec<String> = (0..TOTAL_MAX).map(|n| n.to_string()).collect();
        let first = [pushes.try_acquire("0"), pushes.try_acquire("0")];
        assert!(first.iter().all(Option::is_some) && pushes.try_acquire("0").is_none());
        let others: Vec<_> = names[1..]
            .iter()
            .map(|path| pushes.try_acquire(path))
            .collect();
        assert_eq!(others.iter().flatten().count(), TOTAL_MAX - 2);
        drop(first);
        assert!(pushes.try_acquire("0").is_some());
        drop(others);
        assert!(pushes.active().is_empty(), "no entry remains");
    }
}
