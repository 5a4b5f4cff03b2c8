//! The threads that look names up. The system's resolver blocks and cannot be cancelled, so a thread that asks for a name whose
//! servers never answer is lost until the resolver gives up. The number of threads is limited, and no lookup takes a thread
//! from the store or the server (REL-13). A thread must not hold anything else that is limited while it waits.

use std::io;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::lookup_queue::{Class, LookupQueue, LookupResult, Progress, THREADS_MAX};

/// A thread ends when it had nothing to do for this long.
const IDLE_MAX: Duration = Duration::from_secs(10);
/// A site whose lookup took longer counts as unresponsive.
const SLOW: Duration = Duration::from_secs(3);
/// Stack of a thread; the system's resolver needs little.
const STACK_BYTES: usize = 512 << 10;
/// Most addresses kept of one name: no client tries more.
const ADDRESSES_MAX: usize = 16;

/// Looks one name up. Blocks.
type ResolveName = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// The threads, and the names that wait for them.
#[derive(Clone)]
pub(super) struct Lookups(Arc<Pool>);

/// A lookup in progress, which other visits may wait for too.
pub(super) struct Lookup(watch::Receiver<Progress>);

impl Lookups {
    /// Starts no thread yet.
    pub(super) fn new(
        resolve: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Pool {
            resolve: Box::new(resolve),
            state: Mutex::default(),
            wake: Condvar::new(),
        }))
    }

    /// Looks `host` up, or joins a lookup in progress.
    pub(super) fn look_up(&self, host: &str) -> Lookup {
        let mut state = self.0.state();
        if let Some(existing) = state.queue.existing(host) {
            return Lookup(existing);
        }
        let lookup = Lookup(state.queue.push(host));
        if state.idle >= state.queue.queued() {
            self.0.wake.notify_one();
        } else if state.threads < THREADS_MAX {
            state.threads += 1;
            let pool = Arc::clone(&self.0);
            let thread = std::thread::Builder::new()
                .name("lookup".to_owned())
                .stack_size(STACK_BYTES);
            if let Err(e) = thread.spawn(move || pool.run_thread()) {
                state.threads -= 1;
                // With some threads the name waits for one of them; without any it would wait without end.
                if state.threads == 0 {
                    let reason = format!("no thread could be started: {e}");
                    state.queue.reject(host, &reason);
                }
            }
        }
        lookup
    }

    /// Queued and running lookups.
    pub(super) fn in_progress(&self) -> usize {
        self.0.state().queue.len()
    }

    /// This name was resolved before this process started. Has no effect once its class is known.
    pub(super) fn note_proven(&self, host: &str) {
        let mut state = self.0.state();
        if state.queue.class_of(host) == Class::Unknown {
            state.queue.set_class(host, Class::Responsive);
        }
    }

    /// The name servers did not answer in time: from now on the name waits behind the others.
    pub(super) fn note_unresponsive(&self, host: &str) {
        self.0.state().queue.set_class(host, Class::Unresponsive);
    }
}

impl Lookup {
    /// Waits until a thread begins.
    pub(super) async fn started(&mut self) {
        // If the sender is gone, waiting for the answer reports it.
        let _ = self
            .0
            .wait_for(|progress| !matches!(progress, Progress::Queued))
            .await;
    }

    /// Waits for the answer.
    pub(super) async fn answer(&mut self) -> LookupResult {
        let done = self
            .0
            .wait_for(|progress| matches!(progress, Progress::Done(_)))
            .await;
        match done.as_deref() {
            Ok(Progress::Done(result)) => result.clone(),
            _ => Err("the lookup ended early".into()),
        }
    }
}

struct Pool {
    resolve: Box<ResolveName>,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    queue: LookupQueue,
    threads: usize,
    idle: usize,
}

impl Pool {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a thread does until it has been idle for [`IDLE_MAX`].
    fn run_thread(&self) {
        let mut state = self.state();
        loop {
            if let Some((host, class)) = state.queue.pop() {
                drop(state);
                let begun = Instant::now();
                let result = self.resolve(&host);
                state = self.state();
                let new_class = match begun.elapsed() >= SLOW {
                    true => Class::Unresponsive,
                    false => Class::Responsive,
                };
                state.queue.set_class(&host, new_class);
                state.queue.finish(&host, class, result);
                continue;
            }
            state.idle += 1;
            let waited = self.wake.wait_timeout(state, IDLE_MAX);
            let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if timeout.timed_out() && !state.queue.has_next() {
                state.threads -= 1;
                return;
            }
        }
    }

    /// Never panics: the thread is counted.
    fn resolve(&self, host: &str) -> LookupResult {
        match catch_unwind(AssertUnwindSafe(|| (self.resolve)(host))) {
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::super::lookup_queue::{UNKNOWN_MAX, UNRESPONSIVE_MAX};
    use super::*;

    /// Lookups in which names that begin with `unresponsive` are answered when the sender is dropped, and all others at once.
    fn lookups() -> (Lookups, mpsc::Sender<()>, Arc<Mutex<usize>>) {
        let (release, held) = mpsc::channel::<()>();
        let (held, most) = (Mutex::new(held), Arc::new(Mutex::new(0)));
        let (running, max_running) = (Arc::new(Mutex::new(0)), Arc::clone(&most));
        let lookups = Lookups::new(move |host| {
            if host.starts_with("unresponsive") {
                let now = {
                    let mut running = running.lock().unwrap();
                    *running += 1;
                    *running
                };
                let mut most = max_running.lock().unwrap();
                *most = now.max(*most);
                drop(most);
                let _ = held.lock().unwrap().recv();
                *running.lock().unwrap() -= 1;
            }
            Ok(vec![IpAddr::from([1, 1, 1, 1])])
        });
        (lookups, release, most)
    }

    #[tokio::test]
    async fn rel_13_known_names_never_wait_for_those_that_never_answer() {
        let (lookups, release, most) = lookups();
        assert!(lookups.look_up("known.example").answer().await.is_ok());
        let mut unresponsive: Vec<Lookup> = (0..200)
            .map(|n| lookups.look_up(&format!("unresponsive.site{n}.example")))
            .collect();
        for lookup in unresponsive.iter_mut().take(UNKNOWN_MAX) {
            lookup.started().await;
        }
        assert!(lookups.look_up("known.example").answer().await.is_ok());
        assert!(lookups.0.state().threads <= THREADS_MAX);
        drop(release);
        for lookup in &mut unresponsive {
            assert!(lookup.answer().await.is_ok());
        }
        assert!(*most.lock().unwrap() <= UNKNOWN_MAX);
    }

    #[tokio::test]
    async fn rel_13_unknown_names_do_not_wait_for_unresponsive_ones() {
        let (lookups, release, most) = lookups();
        let hosts: Vec<String> = (0..50)
            .map(|n| format!("unresponsive.site{n}.example"))
            .collect();
        hosts
            .iter()
            .for_each(|host| lookups.note_unresponsive(host));
        let mut unresponsive: Vec<Lookup> =
            hosts.iter().map(|host| lookups.look_up(host)).collect();
        for lookup in unresponsive.iter_mut().take(UNRESPONSIVE_MAX) {
            lookup.started().await;
        }
        assert!(lookups.look_up("new.example").answer().await.is_ok());
        drop(release);
        for lookup in &mut unresponsive {
            assert!(lookup.answer().await.is_ok());
        }
        assert_eq!(*most.lock().unwrap(), UNRESPONSIVE_MAX);
    }

    #[tokio::test]
    async fn et_46_a_name_that_many_visits_need_is_looked_up_once() {
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
            "panics.example" => panic!("on purpose"),
            _ => Ok(Vec::new()),
        });
        let answer = lookups.look_up("panics.example").answer().await;
        assert!(answer.unwrap_err().contains("failed"));
        let answer = lookups.look_up("empty.example").answer().await;
        assert!(answer.unwrap_err().contains("no address"));
    }
}
