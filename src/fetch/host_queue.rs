//! The queue of one host: spacing between request starts, pauses that its server asked for, and how long its requests take.
//! Pure bookkeeping by tokio's monotonic clock; the permits are given out by [`hosts`](super::hosts).

use std::time::Duration;

use tokio::time::Instant;

/// A host that answered 429 is not contacted for at least this long, and then at most this often (ET-26, ET-45).
const THROTTLED_MIN: Duration = Duration::from_secs(60);
/// Each further 429 doubles the spacing up to this.
const SPACING_MAX: Duration = Duration::from_secs(3600);

/// The host must not be contacted for this much longer, because its server asked for a pause or its queue is that long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff(pub Duration);

#[derive(Debug)]
pub(super) struct HostQueue {
    /// Requests in flight at once, at least 1.
    per_host: u32,
    /// Time between starts when nothing is wrong.
    normal_spacing: Duration,
    /// Time between starts at present.
    pub(super) spacing: Duration,
    /// No start before this.
    next_start: Instant,
    /// What the server asked for: no start before this.
    backoff_until: Instant,
    /// Requests that wait for a slot.
    pub(super) waiting: u32,
    /// Moving average of the time for which a request occupies its slot.
    service_time: Duration,
    /// Requests that were refused because of a long queue got start times one after the other; this is the next one.
    next_offer: Instant,
    pub(super) requests: u64,
    pub(super) throttled: u64,
}

impl HostQueue {
    pub(super) fn new(per_host: usize, spacing: Duration) -> Self {
        let now = Instant::now();
        Self {
            per_host: u32::try_from(per_host).unwrap_or(u32::MAX).max(1),
            normal_spacing: spacing,
            spacing,
            next_start: now,
            backoff_until: now,
            waiting: 0,
            service_time: Duration::ZERO,
            next_offer: now,
            requests: 0,
            throttled: 0,
        }
    }

    /// Refuses while the server asked for a pause.
    pub(super) fn check_backoff(&self) -> Result<(), Backoff> {
        match self.backoff_left() {
            Duration::ZERO => Ok(()),
            left => Err(Backoff(left)),
        }
    }

    pub(super) fn backoff_left(&self) -> Duration {
        self.backoff_until.saturating_duration_since(Instant::now())
    }

    /// Refuses if the queue is longer than `wait_max`. The times of several refused requests are as far apart as the host's
    /// starts.
    pub(super) fn check_wait(&mut self, wait_max: Duration) -> Result<(), Backoff> {
        let wait = self.wait();
        if wait <= wait_max {
            return Ok(());
        }
        let now = Instant::now();
        let start = self.next_offer.max(now + wait);
        self.next_offer = start + self.interval();
        Err(Backoff(start.saturating_duration_since(now)))
    }

    /// Reserves the next start.
    pub(super) fn reserve_start(&mut self) -> Instant {
        let start = self.next_start.max(Instant::now());
        self.next_start = start + self.spacing;
        start
    }

    /// A request starts now, perhaps later than it reserved: the next start moves too.
    pub(super) fn note_start(&mut self) {
        self.next_start = self.next_start.max(Instant::now() + self.spacing);
        self.requests = self.requests.saturating_add(1);
    }

    /// A request occupied its slot for `time`. It counts for a quarter of the average.
    pub(super) fn note_service_time(&mut self, time: Duration) {
        self.service_time = (self.service_time * 3 + time) / 4;
    }

    /// The server answered 429. With `adapts`, the pause is at least 60 s, and spacing doubles until a request succeeds.
    pub(super) fn note_throttled(&mut self, retry_after: Duration, adapts: bool) {
        self.throttled = self.throttled.saturating_add(1);
        if adapts {
            self.back_off(retry_after.max(THROTTLED_MIN));
            let doubled = self.spacing.saturating_mul(2);
            self.spacing = doubled.clamp(THROTTLED_MIN, SPACING_MAX.max(self.normal_spacing));
        } else {
            self.back_off(retry_after);
        }
    }

    /// The server answered a request well.
    pub(super) fn note_success(&mut self) {
        self.spacing = self.normal_spacing;
    }

    pub(super) fn back_off(&mut self, span: Duration) {
        self.backoff_until = self.backoff_until.max(Instant::now() + span);
    }

    /// Time between two starts in practice: the spacing, or how long requests take if that is more.
    pub(super) fn interval(&self) -> Duration {
        self.spacing.max(self.service_time / self.per_host)
    }

    /// How long a request that came now would wait, including the requests that wait already.
    pub(super) fn wait(&self) -> Duration {
        let start = self.free_at().saturating_duration_since(Instant::now());
        start.saturating_add(self.interval().saturating_mul(self.waiting))
    }

    /// When the next request may start.
    pub(super) fn free_at(&self) -> Instant {
        self.next_start.max(self.backoff_until)
    }
}
