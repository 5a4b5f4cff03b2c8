//! The only code that reads the wall clock, so that tests and `--now` can control it.
//!
//! Within the process time is monotonic: it follows a clock that cannot be set and that includes suspend. When the
//! machine's clock was set, [`Clock::follow`] adopts the new time and returns the difference, so that stored times can be
//! moved along (ET-24). Never call `SystemTime::now` elsewhere. Timers (sleeps, deadlines) are tokio's and monotonic.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::model::Time;

/// Where "now" comes from. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    machine: Machine,
    /// Wall clock minus monotonic clock, in ms, as of the last [`Clock::follow`].
    offset: AtomicI64,
    /// Monotonic time in ms when the wall clock was last found set; negative: never.
    set_at: AtomicI64,
}

/// The smallest step of the machine's clock that counts as set, in ms: smaller ones are normal corrections.
pub const STEP_MS: u64 = 60_000;

#[derive(Debug)]
enum Machine {
    System,
    /// Stands still until it is moved: monotonic and wall clock in ms.
    Manual {
        passed: AtomicI64,
        wall: AtomicI64,
    },
}

/// A point on the monotonic clock; [`Clock::at`] converts it to a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(i64);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::of(Machine::System)
    }

    /// A clock that stands at `at` until it is moved: for tests and the hidden `--now`.
    pub fn manual(at: Time) -> Self {
        Self::of(Machine::Manual {
            passed: AtomicI64::new(0),
            wall: AtomicI64::new(at.millis()),
        })
    }

    fn of(machine: Machine) -> Self {
        let offset = AtomicI64::new(machine.wall().saturating_sub(machine.passed()));
        Self(Arc::new(Inner {
            machine,
            offset,
            set_at: AtomicI64::new(-1),
        }))
    }

    /// The present time.
    pub fn now(&self) -> Time {
        self.at(self.moment())
    }

    /// The present moment.
    pub fn moment(&self) -> Moment {
        Moment(self.0.machine.passed())
    }

    /// The time of `moment`, by the clock as it is set now.
    pub fn at(&self, moment: Moment) -> Time {
        let offset = self.0.offset.load(Ordering::SeqCst);
        Time::from_millis(moment.0.saturating_add(offset))
    }

    /// How long ago `moment` was, suspend included.
    pub fn elapsed(&self, moment: Moment) -> Duration {
        let passed = self.moment().0.saturating_sub(moment.0);
        Duration::from_millis(u64::try_from(passed).unwrap_or(0))
    }

    /// Adopts the machine's clock, and returns by how many ms it was set forward (negative: back) since the last call.
    pub fn follow(&self) -> i64 {
        let machine = &self.0.machine;
        let passed = machine.passed();
        let offset = machine.wall().saturating_sub(passed);
        let by = offset.saturating_sub(self.0.offset.swap(offset, Ordering::SeqCst));
        if by.unsigned_abs() >= STEP_MS {
            self.0.set_at.store(passed, Ordering::SeqCst);
        }
        by
    }

    /// How long ago the machine's clock was found to be set by a minute or more; `None` if it was not since the start.
    pub fn set_ago(&self) -> Option<Duration> {
        let at = self.0.set_at.load(Ordering::SeqCst);
        (at >= 0).then(|| self.elapsed(Moment(at)))
    }

    /// Advances a manual clock; does nothing to the system's.
    pub fn advance(&self, by: Duration) {
        if let Machine::Manual { passed, wall } = &self.0.machine {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            passed.fetch_add(by, Ordering::SeqCst);
            wall.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// Sets the wall clock of a manual clock without advancing the monotonic one; does nothing to the system's. Takes effect
    /// with the next [`Clock::follow`].
    pub fn set(&self, to: Time) {
        if let Machine::Manual { wall, .. } = &self.0.machine {
            wall.store(to.millis(), Ordering::SeqCst);
        }
    }
}

impl Machine {
    #[allow(clippy::disallowed_methods)] // this is the one place
    fn wall(&self) -> i64 {
        match self {
            Self::System => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Manual { wall, .. } => wall.load(Ordering::SeqCst),
        }
    }

    fn passed(&self) -> i64 {
        match self {
            Self::System => {
                let passed = rustix::time::clock_gettime(UNSET);
                passed
                    .tv_sec
                    .saturating_mul(1000)
                    .saturating_add(passed.tv_nsec / 1_000_000)
            }
            Self::Manual { passed, .. } => passed.load(Ordering::SeqCst),
        }
    }
}

/// The clock that cannot be set. On systems other than Linux it may stop during suspend; then a suspend looks like a clock
/// set forward, and nothing becomes overdue by it.
#[cfg(target_os = "linux")]
const UNSET: rustix::time::ClockId = rustix::time::ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const UNSET: rustix::time::ClockId = rustix::time::ClockId::Monotonic;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn et_24_time_runs_evenly_until_the_clock_is_followed() {
        let noon = Time::from_seconds(1_900_000_000);
        let clock = Clock::manual(noon);
        let moment = clock.moment();
        clock.advance(Duration::from_secs(5));
        assert_eq!(clock.now(), noon.plus(Duration::from_secs(5)));
        assert_eq!(clock.follow(), 0, "time that passes is no jump");
        assert_eq!(clock.set_ago(), None);
        clock.set(noon.plus(Duration::from_secs(3605)));
        assert_eq!(clock.now(), noon.plus(Duration::from_secs(5)));
        assert_eq!(clock.follow(), 3_600_000);
        assert_eq!(clock.now(), noon.plus(Duration::from_secs(3605)));
        assert_eq!(clock.at(moment), noon.plus(Duration::from_secs(3600)));
        assert_eq!(clock.elapsed(moment), Duration::from_secs(5));
        assert_eq!(clock.set_ago(), Some(Duration::ZERO));
        clock.advance(Duration::from_secs(7));
        assert_eq!(clock.set_ago(), Some(Duration::from_secs(7)));
        clock.set(noon);
        assert_eq!(clock.follow(), -3_612_000);
    }

    #[test]
    fn the_systems_clock_shows_the_year_and_stands_by_it() {
        let clock = Clock::system();
        assert!(clock.now() > Time::from_seconds(1_700_000_000));
        assert!(clock.follow().abs() < 1000);
    }
}
