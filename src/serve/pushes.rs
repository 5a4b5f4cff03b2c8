//! Which pushes of hubs are being read or stored, and how many may be: a hub that holds on to its pushes, or repeats them,
//! keeps out its own subscription alone (REL-04). Knows no HTTP and keeps no body.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Pushes at once, of all subscriptions. Their bodies share the budget of what is read off the network.
const ALL_MAX: usize = 16;
/// And of one: while one is being stored, the next may come.
const ONE_MAX: usize = 2;

/// How many pushes are under way, by the path of their callback.
#[derive(Debug, Default)]
pub struct Pushes(Mutex<HashMap<String, usize>>);

/// Leave to take one push; given back when dropped.
#[derive(Debug)]
pub struct Place<'a> {
    pushes: &'a Pushes,
    path: &'a str,
}

impl Pushes {
    /// Leave to take a push to `path`; none: too many are under way. Never waits.
    pub fn begin<'a>(&'a self, path: &'a str) -> Option<Place<'a>> {
        let mut under_way = self.under_way();
        let all: usize = under_way.values().sum();
        let own = under_way.get(path).copied().unwrap_or(0);
        if all >= ALL_MAX || own >= ONE_MAX {
            return None;
        }
        under_way.insert(path.to_owned(), own + 1);
        Some(Place { pushes: self, path })
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut under_way = self.pushes.under_way();
        match under_way.get_mut(self.path) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(under_way.remove(self.path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rel_04_one_subscription_takes_two_places_and_all_take_sixteen() {
        let pushes = Pushes::default();
        let names: Vec<String> = (0..ALL_MAX).map(|n| n.to_string()).collect();
        let first = [pushes.begin("0"), pushes.begin("0")];
        assert!(first.iter().all(Option::is_some) && pushes.begin("0").is_none());
        let others: Vec<_> = names[1..].iter().map(|path| pushes.begin(path)).collect();
        assert_eq!(others.iter().flatten().count(), ALL_MAX - 2);
        drop(first);
        assert!(pushes.begin("0").is_some());
        drop(others);
        assert!(pushes.under_way().is_empty(), "nothing is left of them");
    }
}
