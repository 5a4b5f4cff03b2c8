//! The threads that look names up. The system's resolver blocks and cannot be called off, so a thread that asks about a name
//! whose servers never answer is lost for as long as the resolver is patient. It owns its place for that time: there are
//! never more threads than [`THREADS_MAX`], and none of them is taken from the store or the server (REL-13).
//!
//! Names compete with their like: those that answered before never wait for those of which nothing is known, and these never
//! for those that were silent. Must never hold anything else that is bounded while it waits.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::hosts::site_of;

/// Most threads, and so most lookups at once. With those of the runtime they stay below `TasksMax=64` of our unit.
pub(super) const THREADS_MAX: usize = 20;
/// Most of them for names of which nothing is known, and for silent ones.
const UNKNOWN_MAX: usize = 14;
/// Most of them for names that were silent when they were last asked about.
const SILENT_MAX: usize = 6;
/// A thread ends when there was nothing to look up for so long.
const IDLE_MAX: Duration = Duration::from_secs(10);
/// A site whose lookup took longer is a silent one.
const SLOW: Duration = Duration::from_secs(3);
/// Most sites whose manner is remembered.
const SITES_MAX: usize = 4096;
/// The system's resolver needs little.
const STACK_BYTES: usize = 512 << 10;
/// Most addresses kept of one name: no client tries more.
const ADDRESSES_MAX: usize = 16;

/// What a lookup comes to: addresses, or why there are none.
pub(super) type Found = Result<Arc<[IpAddr]>, Arc<str>>;

/// How a name is looked up.
type Ask = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// The threads, and the names that wait for them.
#[derive(Clone)]
pub(super) struct Lookups(Arc<Pool>);

/// A lookup that is under way, perhaps for others too.
pub(super) struct Lookup(watch::Receiver<Progress>);

#[derive(Clone)]
enum Progress {
    Waits,
    Runs,
    Done(Found),
}

/// How a site's names were answered so far; the order is that in which they are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Answers = 0,
    Unknown = 1,
    Silent = 2,
}

impl Lookups {
    /// No thread yet.
    pub(super) fn new(
        ask: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Pool {
            ask: Box::new(ask),
            state: Mutex::default(),
            wake: Condvar::new(),
        }))
    }

    /// Looks `host` up, unless somebody does already.
    pub(super) fn look_up(&self, host: &str) -> Lookup {
        let mut state = self.0.state();
        if let Some(job) = state.jobs.get(host) {
            return Lookup(job.subscribe());
        }
        let (job, watched) = watch::channel(Progress::Waits);
        state.jobs.insert(host.to_owned(), job);
        let manner = state.manner_of(host);
        state.queue(manner).push_back(host.to_owned());
        if state.idle >= state.waiting() {
            self.0.wake.notify_one();
        } else if state.threads < THREADS_MAX {
            state.threads += 1;
            let pool = Arc::clone(&self.0);
            let thread = std::thread::Builder::new()
                .name("lookup".to_owned())
                .stack_size(STACK_BYTES);
            if let Err(e) = thread.spawn(move || pool.work()) {
                state.threads -= 1;
                // Without any thread no lookup would ever be answered.
                if state.threads == 0 {
                    state.finish(host, Err(format!("no thread could be started: {e}").into()));
                    state.queue(manner).retain(|name| name != host);
                }
            }
        }
        Lookup(watched)
    }

    /// Names that are being looked up, or wait for it.
    pub(super) fn under_way(&self) -> usize {
        self.0.state().jobs.len()
    }

    /// This name was answered for before this process began, unless it is known better by now.
    pub(super) fn has_answered(&self, host: &str) {
        let mut state = self.0.state();
        if state.manner_of(host) == Manner::Unknown {
            state.note(host, Manner::Answers);
        }
    }

    /// The servers of this name did not answer in time: it goes behind the others from now on.
    pub(super) fn was_silent(&self, host: &str) {
        self.0.state().note(host, Manner::Silent);
    }
}

impl Lookup {
    /// Waits for a thread to begin.
    pub(super) async fn begun(&mut self) {
        // The pool never drops a job without an answer; were it so, waiting for the answer says it.
        let _ = self
            .0
            .wait_for(|progress| !matches!(progress, Progress::Waits))
            .await;
    }

    /// Waits for the answer.
    pub(super) async fn answer(&mut self) -> Found {
        let done = self
            .0
            .wait_for(|progress| matches!(progress, Progress::Done(_)))
            .await;
        match done.as_deref() {
            Ok(Progress::Done(found)) => found.clone(),
            _ => Err("the lookup ended early".into()),
        }
    }
}

struct Pool {
    ask: Box<Ask>,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    /// Those that wait and those that run.
    jobs: HashMap<String, watch::Sender<Progress>>,
    /// Those that wait, by manner.
    queues: [VecDeque<String>; 3],
    /// How many run, by manner.
    running: [usize; 3],
    threads: usize,
    idle: usize,
    sites: HashMap<String, Manner>,
}

impl Pool {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a thread does until there is nothing to do.
    fn work(&self) {
        let mut state = self.state();
        loop {
            if let Some((host, manner)) = state.next() {
                drop(state);
                let begun = Instant::now();
                let found = self.look(&host);
                state = self.state();
                *state.running_of(manner) -= 1;
                state.note(
                    &host,
                    match begun.elapsed() >= SLOW {
                        true => Manner::Silent,
                        false => Manner::Answers,
                    },
                );
                state.finish(&host, found);
                continue;
            }
            state.idle += 1;
            let waited = self.wake.wait_timeout(state, IDLE_MAX);
            let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if timeout.timed_out() && !state.is_any_next() {
                state.threads -= 1;
                return;
            }
        }
    }

    fn look(&self, host: &str) -> Found {
        // The thread must come back whatever happens: it counts.
        match catch_unwind(AssertUnwindSafe(|| (self.ask)(host))) {
            Ok(Ok(mut found)) => {
                found.dedup();
                found.truncate(ADDRESSES_MAX);
                match found.is_empty() {
                    true => Err("the name has no address".into()),
                    false => Ok(found.into()),
                }
            }
            Ok(Err(e)) => Err(e.to_string().into()),
            Err(_) => Err("the system's resolver failed".into()),
        }
    }
}

impl State {
    fn queue(&mut self, manner: Manner) -> &mut VecDeque<String> {
        let [answers, unknown, silent] = &mut self.queues;
        match manner {
            Manner::Answers => answers,
            Manner::Unknown => unknown,
            Manner::Silent => silent,
        }
    }

    fn running_of(&mut self, manner: Manner) -> &mut usize {
        let [answers, unknown, silent] = &mut self.running;
        match manner {
            Manner::Answers => answers,
            Manner::Unknown => unknown,
            Manner::Silent => silent,
        }
    }

    /// Whether one more of this manner may run.
    fn has_place(&self, manner: Manner) -> bool {
        let [answers, unknown, silent] = self.running;
        match manner {
            Manner::Answers => answers + unknown + silent < THREADS_MAX,
            Manner::Unknown => unknown + silent < UNKNOWN_MAX,
            Manner::Silent => silent < SILENT_MAX && self.has_place(Manner::Unknown),
        }
    }

    fn is_any_next(&mut self) -> bool {
        ORDER
            .into_iter()
            .any(|manner| !self.queue(manner).is_empty() && self.has_place(manner))
    }

    /// The next name to look up. Those without a waiting visit are dropped.
    fn next(&mut self) -> Option<(String, Manner)> {
        for manner in ORDER {
            while self.has_place(manner) {
                let Some(host) = self.queue(manner).pop_front() else {
                    break;
                };
                let Some(job) = self.jobs.get(&host) else {
                    continue;
                };
                if job.send(Progress::Runs).is_err() {
                    self.jobs.remove(&host);
                    continue;
                }
                *self.running_of(manner) += 1;
                return Some((host, manner));
            }
        }
        None
    }

    fn waiting(&self) -> usize {
        self.queues.iter().map(VecDeque::len).sum()
    }

    fn finish(&mut self, host: &str, found: Found) {
        if let Some(job) = self.jobs.remove(host) {
            // The visit may be over.
            let _ = job.send(Progress::Done(found));
        }
    }

    fn manner_of(&self, host: &str) -> Manner {
        let known = self.sites.get(site_of(host));
        known.copied().unwrap_or(Manner::Unknown)
    }

    fn note(&mut self, host: &str, manner: Manner) {
        let site = site_of(host);
        if let Some(known) = self.sites.get_mut(site) {
            *known = manner;
            return;
        }
        if self.sites.len() >= SITES_MAX {
            self.sites.retain(|_, known| *known == Manner::Answers);
            if self.sites.len() >= SITES_MAX {
                self.sites.clear();
            }
        }
        self.sites.insert(site.to_owned(), manner);
    }
}

/// The order in which names are served.
const ORDER: [Manner; 3] = [Manner::Answers, Manner::Unknown, Manner::Silent];

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Lookups in which names that begin with `silent` are answered when the sender goes, and all others at once.
    fn lookups() -> (Lookups, mpsc::Sender<()>, Arc<Mutex<usize>>) {
        let (release, held) = mpsc::channel::<()>();
        let (held, most) = (Mutex::new(held), Arc::new(Mutex::new(0)));
        let (lost, seen) = (Arc::new(Mutex::new(0)), Arc::clone(&most));
        let lookups = Lookups::new(move |host| {
            if host.starts_with("silent") {
                let now = {
                    let mut lost = lost.lock().unwrap();
                    *lost += 1;
                    *lost
                };
                let mut most = seen.lock().unwrap();
                *most = now.max(*most);
                drop(most);
                let _ = held.lock().unwrap().recv();
                *lost.lock().unwrap() -= 1;
            }
            Ok(vec![IpAddr::from([1, 1, 1, 1])])
        });
        (lookups, release, most)
    }

    #[tokio::test]
    async fn rel_13_known_names_never_wait_for_those_that_never_answer() {
        let (lookups, release, most) = lookups();
        assert!(lookups.look_up("known.example").answer().await.is_ok());
        let mut silent: Vec<Lookup> = (0..200)
            .map(|n| lookups.look_up(&format!("silent.site{n}.example")))
            .collect();
        for lookup in silent.iter_mut().take(UNKNOWN_MAX) {
            lookup.begun().await;
        }
        assert!(lookups.look_up("known.example").answer().await.is_ok());
        assert!(lookups.0.state().threads <= THREADS_MAX);
        drop(release);
        for lookup in &mut silent {
            assert!(lookup.answer().await.is_ok());
        }
        assert!(*most.lock().unwrap() <= UNKNOWN_MAX);
    }

    #[tokio::test]
    async fn rel_13_unknown_names_do_not_wait_for_those_that_were_silent_before() {
        let (lookups, release, most) = lookups();
        let hosts: Vec<String> = (0..50).map(|n| format!("silent.site{n}.example")).collect();
        hosts.iter().for_each(|host| lookups.was_silent(host));
        let mut silent: Vec<Lookup> = hosts.iter().map(|host| lookups.look_up(host)).collect();
        for lookup in silent.iter_mut().take(SILENT_MAX) {
            lookup.begun().await;
        }
        assert!(lookups.look_up("new.example").answer().await.is_ok());
        drop(release);
        for lookup in &mut silent {
            assert!(lookup.answer().await.is_ok());
        }
        assert_eq!(*most.lock().unwrap(), SILENT_MAX);
    }

    #[tokio::test]
    async fn et_46_a_name_that_many_want_is_looked_up_once() {
        let (count, counted) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(())));
        let (counter, gate) = (Arc::clone(&count), Arc::clone(&counted));
        let closed = counted.lock().unwrap();
        let lookups = Lookups::new(move |_| {
            *counter.lock().unwrap() += 1;
            drop(gate.lock().unwrap());
            Ok(vec![IpAddr::from([1, 1, 1, 1]); 100])
        });
        let mut all: Vec<Lookup> = (0..9).map(|_| lookups.look_up("a.example")).collect();
        drop(closed);
        for lookup in &mut all {
            assert_eq!(lookup.answer().await.unwrap().len(), 1);
        }
        assert_eq!(*count.lock().unwrap(), 1);
    }

    #[tokio::test]
    async fn a_lookup_that_panics_or_finds_nothing_is_an_answer() {
        let lookups = Lookups::new(|host| match host {
            "panics.example" => panic!("as told"),
            _ => Ok(Vec::new()),
        });
        let said = lookups.look_up("panics.example").answer().await;
        assert!(said.unwrap_err().contains("failed"));
        let said = lookups.look_up("empty.example").answer().await;
        assert!(said.unwrap_err().contains("no address"));
    }
}
