//! The order in which names are looked up. Each site is in one of three classes by how its name servers behaved before; a class
//! never waits for a later one, because each may use only some of the threads. Pure bookkeeping: starts no threads.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use tokio::sync::watch;

use crate::model::site::site_of;

/// Most threads, and so most lookups at once. With those of the runtime they stay below `TasksMax=64` of our systemd unit.
pub(super) const THREADS_MAX: usize = 20;
/// How many of them may be used for unknown and unresponsive sites together.
pub(super) const UNKNOWN_MAX: usize = 14;
/// How many of them may be used for unresponsive sites.
pub(super) const UNRESPONSIVE_MAX: usize = 6;
/// Most sites whose class is remembered.
const SITES_MAX: usize = 4096;

/// The result of a lookup: addresses, or why there are none.
pub(super) type LookupResult = Result<Arc<[std::net::IpAddr]>, Arc<str>>;

/// How far a lookup is.
#[derive(Clone)]
pub(super) enum Progress {
    Queued,
    Running,
    Done(LookupResult),
}

/// How lookups of a site went before, in the order in which the classes are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Responsive,
    Unknown,
    Unresponsive,
}

const ORDER: [Class; 3] = [Class::Responsive, Class::Unknown, Class::Unresponsive];

/// Names that wait for a thread, and those that have one.
#[derive(Default)]
pub(super) struct LookupQueue {
    lookups: HashMap<String, watch::Sender<Progress>>,
    /// Names that wait, by class.
    queues: [VecDeque<String>; 3],
    /// How many names have a thread, by class.
    running: [usize; 3],
    sites: HashMap<String, Class>,
}

impl LookupQueue {
    /// Queued and running lookups.
    pub(super) fn len(&self) -> usize {
        self.lookups.len()
    }

    /// Queued lookups.
    pub(super) fn queued(&self) -> usize {
        self.queues.iter().map(VecDeque::len).sum()
    }

    /// The lookup of `host` that is queued or running already.
    pub(super) fn existing(&self, host: &str) -> Option<watch::Receiver<Progress>> {
        self.lookups.get(host).map(watch::Sender::subscribe)
    }

    /// Queues a lookup of `host`.
    pub(super) fn push(&mut self, host: &str) -> watch::Receiver<Progress> {
        let (sender, receiver) = watch::channel(Progress::Queued);
        self.lookups.insert(host.to_owned(), sender);
        let class = self.class_of(host);
        self.queue(class).push_back(host.to_owned());
        receiver
    }

    /// The next name to look up. Drops names that no visit waits for any longer.
    pub(super) fn pop(&mut self) -> Option<(String, Class)> {
        for class in ORDER {
            while self.may_start(class) {
                let Some(host) = self.queue(class).pop_front() else {
                    break;
                };
                let Some(lookup) = self.lookups.get(&host) else {
                    continue;
                };
                if lookup.send(Progress::Running).is_err() {
                    self.lookups.remove(&host);
                    continue;
                }
                *self.running(class) += 1;
                return Some((host, class));
            }
        }
        None
    }

    /// Whether a name could start now.
    pub(super) fn has_next(&mut self) -> bool {
        ORDER
            .into_iter()
            .any(|class| !self.queue(class).is_empty() && self.may_start(class))
    }

    /// A name that was popped is done.
    pub(super) fn finish(&mut self, host: &str, class: Class, result: LookupResult) {
        *self.running(class) -= 1;
        self.answer(host, result);
    }

    /// A queued name cannot be looked up.
    pub(super) fn reject(&mut self, host: &str, reason: &str) {
        for queue in &mut self.queues {
            queue.retain(|name| name != host);
        }
        self.answer(host, Err(reason.into()));
    }

    fn answer(&mut self, host: &str, result: LookupResult) {
        if let Some(lookup) = self.lookups.remove(host) {
            // An error means that the visit has ended.
            let _ = lookup.send(Progress::Done(result));
        }
    }

    pub(super) fn class_of(&self, host: &str) -> Class {
        let class = self.sites.get(site_of(host));
        class.copied().unwrap_or(Class::Unknown)
    }

    /// Remembers the class of the site of `host`.
    pub(super) fn set_class(&mut self, host: &str, class: Class) {
        let site = site_of(host);
        if let Some(known) = self.sites.get_mut(site) {
            *known = class;
            return;
        }
        if self.sites.len() >= SITES_MAX {
            self.sites.retain(|_, known| *known == Class::Responsive);
            if self.sites.len() >= SITES_MAX {
                self.sites.clear();
            }
        }
        self.sites.insert(site.to_owned(), class);
    }

    fn queue(&mut self, class: Class) -> &mut VecDeque<String> {
        of_class(&mut self.queues, class)
    }

    fn running(&mut self, class: Class) -> &mut usize {
        of_class(&mut self.running, class)
    }

    /// Whether one more name of this class may have a thread.
    fn may_start(&self, class: Class) -> bool {
        let [responsive, unknown, unresponsive] = self.running;
        match class {
            Class::Responsive => responsive + unknown + unresponsive < THREADS_MAX,
            Class::Unknown => unknown + unresponsive < UNKNOWN_MAX,
            Class::Unresponsive => {
                unresponsive < UNRESPONSIVE_MAX && self.may_start(Class::Unknown)
            }
        }
    }
}

fn of_class<T>([responsive, unknown, unresponsive]: &mut [T; 3], class: Class) -> &mut T {
    match class {
        Class::Responsive => responsive,
        Class::Unknown => unknown,
        Class::Unresponsive => unresponsive,
    }
}
