//! When a failed delivery is repeated: by the schedule that Standard Webhooks recommends, each delay up to a fifth longer, so that
//! targets that failed together are not all tried again together.

use std::time::Duration;

use crate::text::hash::mix;

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;

/// The delays between the attempts, in seconds.
const DELAYS: [u64; 9] = [
    5,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];

/// Longest delay that a receiver can ask for (Retry-After).
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * HOUR);

/// Longest pause of a target after failures in a row.
const PAUSE_MAX: u64 = 5 * MINUTE;

/// The delay before the next attempt at an event after `attempts` failed ones; `None`: there is no next one. `seed` selects the
/// additional part of the delay.
pub fn delay(attempts: u32, seed: u64) -> Option<Duration> {
    let index = usize::try_from(attempts.checked_sub(1)?).ok()?;
    DELAYS.get(index).map(|s| longer(*s, seed))
}

/// How long a target rests after `failures` deliveries in a row failed, whichever event they were about: a server that is down is
/// not asked for each of ten thousand events.
pub fn pause(failures: u32, seed: u64) -> Duration {
    let doubled = 5_u64.saturating_mul(1 << failures.saturating_sub(1).min(10));
    longer(doubled.min(PAUSE_MAX), seed)
}

fn longer(seconds: u64, seed: u64) -> Duration {
    let ms = seconds.saturating_mul(1000);
    Duration::from_millis(ms + ms / 5 * (mix(seed) % 1000) / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_a_day_and_end_after_nine() {
        for seed in 0..200 {
            for (n, seconds) in DELAYS.into_iter().enumerate() {
                let attempts = u32::try_from(n + 1).unwrap();
                let delay = delay(attempts, seed).unwrap().as_millis();
                let least = u128::from(seconds) * 1000;
                assert!(delay >= least && delay <= least * 6 / 5, "{n} {seed}");
            }
        }
        assert_eq!((delay(0, 1), delay(10, 1)), (None, None));
        assert_ne!(delay(3, 1), delay(3, 2));
    }

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let at = |n| pause(n, 0).as_secs();
        assert_eq!(
            (at(1), at(2), at(3), at(7), at(u32::MAX)),
            (5, 10, 20, 300, 300)
        );
    }
}
