//! The open connections: how long each has been idle, and how fast it reads its response. From this the accept loop chooses
//! the connection to close when there are too many, or when responses take too much memory. Never touches a socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

/// A client that has had less time than this to read its response is not closed as slow.
const SLOW_READ_GRACE: Duration = Duration::from_secs(1);

/// The open connections with the tasks that serve them.
pub struct ConnectionTable {
    start: Instant,
    connections: Vec<(AbortHandle, Connection)>,
}

/// The activity of one connection. Clones share it.
#[derive(Debug, Clone)]
pub struct Connection {
    start: Instant,
    /// Milliseconds after `start` at which it became idle, or [`Connection::BUSY`] while a request is being answered.
    idle_since: Arc<AtomicU64>,
    /// How fast the client reads its response.
    pub write_progress: WriteProgress,
}

/// How fast a client reads the response that is being sent. Clones share it.
#[derive(Debug, Clone)]
pub struct WriteProgress {
    start: Instant,
    state: Arc<WriteState>,
}

#[derive(Debug)]
struct WriteState {
    /// Milliseconds after `start` at which writing blocked, or [`WriteProgress::NOT_BLOCKED`].
    blocked_since: AtomicU64,
    /// Bytes written since then.
    bytes: AtomicU64,
}

impl Default for ConnectionTable {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            connections: Vec::new(),
        }
    }
}

impl ConnectionTable {
    /// The number of open connections.
    pub fn len(&mut self) -> usize {
        self.connections.retain(|(task, _)| !task.is_finished());
        self.connections.len()
    }

    /// A new connection, idle from now on. [`Self::add`] puts it into the table.
    pub fn new_connection(&self) -> Connection {
        let connection = Connection {
            start: self.start,
            idle_since: Arc::default(),
            write_progress: WriteProgress::default(),
        };
        connection.request_ended();
        connection
    }

    /// Adds a connection with the task that serves it.
    pub fn add(&mut self, task: AbortHandle, connection: Connection) {
        self.connections.push((task, connection));
    }

    /// Closes the connection that has been idle longest; false if none is idle.
    pub fn close_longest_idle(&mut self) -> bool {
        let idle_since = |(n, (_, connection)): (usize, &(AbortHandle, Connection))| {
            (connection.idle_since.load(Ordering::Relaxed), n)
        };
        match self.connections.iter().enumerate().map(idle_since).min() {
            Some((since, n)) if since != Connection::BUSY => {
                self.connections.remove(n).0.abort();
                true
            }
            _ => false,
        }
    }

    /// Closes the connection that reads its response most slowly; false if none is blocked.
    pub fn close_slowest_reader(&mut self) -> bool {
        self.len();
        let rates = self.connections.iter().enumerate();
        let rates =
            rates.filter_map(|(n, (_, connection))| Some((connection.write_progress.rate()?, n)));
        let Some((_, n)) = rates.min() else {
            return false;
        };
        self.connections.remove(n).0.abort();
        true
    }
}

impl Connection {
    const BUSY: u64 = u64::MAX;

    /// A request has been read and is being answered.
    pub fn request_started(&self) {
        self.idle_since.store(Self::BUSY, Ordering::Relaxed);
    }

    /// The response is ready to be sent.
    pub fn request_ended(&self) {
        self.idle_since
            .store(millis_since(self.start), Ordering::Relaxed);
    }
}

impl Default for WriteProgress {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            state: Arc::new(WriteState {
                blocked_since: AtomicU64::new(Self::NOT_BLOCKED),
                bytes: AtomicU64::new(0),
            }),
        }
    }
}

impl WriteProgress {
    const NOT_BLOCKED: u64 = u64::MAX;

    /// The socket takes no more bytes for now.
    pub fn blocked(&self) {
        self.state.bytes.store(0, Ordering::Relaxed);
        self.state
            .blocked_since
            .store(millis_since(self.start), Ordering::Relaxed);
    }

    /// The socket took this many bytes.
    pub fn wrote(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.state.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The whole response was written.
    pub fn flushed(&self) {
        self.state
            .blocked_since
            .store(Self::NOT_BLOCKED, Ordering::Relaxed);
    }

    /// Bytes per second since writing blocked; `None` if it is not blocked, or only for less than [`SLOW_READ_GRACE`].
    fn rate(&self) -> Option<u64> {
        let since = self.state.blocked_since.load(Ordering::Relaxed);
        let blocked_ms = millis_since(self.start).checked_sub(since)?;
        if Duration::from_millis(blocked_ms) < SLOW_READ_GRACE {
            return None;
        }
        let bytes = self.state.bytes.load(Ordering::Relaxed);
        Some(bytes.saturating_mul(1000) / blocked_ms.max(1))
    }
}

/// Less than `u64::MAX`, which stands for "not idle" and "not blocked".
fn millis_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn sec_24_the_slowest_reader_is_closed_but_never_a_new_one() {
        let mut table = ConnectionTable::default();
        let tasks: Vec<_> = (0..3)
            .map(|_| {
                let connection = table.new_connection();
                let task = tokio::spawn(std::future::pending::<()>());
                table.add(task.abort_handle(), connection.clone());
                (task, connection)
            })
            .collect();
        assert!(!table.close_slowest_reader(), "nothing is being sent");
        let [slow, fast, new] = [0, 1, 2].map(|n| tasks[n].1.write_progress.clone());
        slow.blocked();
        fast.blocked();
        tokio::time::sleep(SLOW_READ_GRACE).await;
        slow.wrote(10);
        fast.wrote(1_000_000);
        new.blocked();
        assert!(table.close_slowest_reader());
        tokio::task::yield_now().await;
        assert!(tasks[0].0.is_finished() && !tasks[1].0.is_finished());
        fast.flushed();
        assert!(!table.close_slowest_reader(), "the new one has its grace");
    }
}
