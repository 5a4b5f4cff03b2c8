//! The one place that reads the wall clock, so that tests and `--now` can hold it.
//!
//! Inside the process time runs evenly: it follows a clock that nobody sets and that goes on while the machine sleeps.
//! When somebody has set the machine's clock, [`Clock::follow`] says by how much and takes it over at that moment, so
//! that whoever keeps times can move them along (ET-24). Never call `SystemTime::now` elsewhere. Timers (sleeps,
//! deadlines) stay tokio's and are monotonic.

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
    /// What the wall shows less what has passed, in ms, as of the last [`Clock::follow`].
    offset: AtomicI64,
    /// What had passed, in ms, when the wall was last found set; below zero: never.
    set_at: AtomicI64,
}

/// What the machine's clock is set by, in ms, to count as set: less is how it is kept right.
pub const STEP_MS: u64 = 60_000;

#[derive(Debug)]
enum Machine {
    System,
    /// Stands still until it is moved: what has passed, and what the wall shows, in ms.
    Manual {
        passed: AtomicI64,
        wall: AtomicI64,
    },
}

/// A point on the clock that nobody sets; only [`Clock::at`] can tell when that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(i64);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::of(Machine::System)
    }

    /// A clock that stands at `at` until it is moved: tests, and the hidden `--now`.
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

    /// What this clock, as it goes now, showed at `moment`.
    pub fn at(&self, moment: Moment) -> Time {
        let offset = self.0.offset.load(Ordering::SeqCst);
        Time::from_millis(moment.0.saturating_add(offset))
    }

    /// How long ago `moment` was, sleep included.
    pub fn elapsed(&self, moment: Moment) -> Duration {
        let passed = self.moment().0.saturating_sub(moment.0);
        Duration::from_millis(u64::try_from(passed).unwrap_or(0))
    }

    /// Takes over what the machine's clock shows, and tells by how many ms it was set forward (or, below zero, back)
    /// since it was last followed.
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

    /// How long ago the machine's clock was found to be set by a minute or more, if it was since the start.
    pub fn set_ago(&self) -> Option<Duration> {
        let at = self.0.set_at.load(Ordering::SeqCst);
        (at >= 0).then(|| self.elapsed(Moment(at)))
    }

    /// Lets time pass on a manual clock; does nothing to the system's.
    pub fn advance(&self, by: Duration) {
        if let Machine::Manual { passed, wall } = &self.0.machine {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            passed.fetch_add(by, Ordering::SeqCst);
            wall.fetch_add(by, Ordering::SeqCst);
        }
    }

    /// Sets what a manual clock's wall shows, without time passing; does nothing to the system's. Seen after the next
    /// [`Clock::follow`].
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

/// The clock that nobody sets. Elsewhere than on Linux the monotonic one may stand still while the machine sleeps; then
/// a sleep looks like a clock set forward, and nothing becomes overdue by it.
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
