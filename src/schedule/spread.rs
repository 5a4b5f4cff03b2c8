//! ET-23: no two installations and no two feeds keep the same minute. Chance is a hash of names and times, so
//! that the same decision is made twice from the same facts.

use std::time::Duration;

use crate::model::Time;

/// The most that a poll is put off by chance.
const JITTER_S: f64 = 120.0;
/// A feed's own place within the minute.
const MINUTE_S: f64 = 60.0;
/// Neither is more than so much of the wait itself.
const SHARE: f64 = 0.05;

/// How much later than planned a feed is asked: U(0, 120 s) anew each time, and its own place in the minute.
/// Short waits are put off less.
pub fn jitter(install: u64, feed: u64, at: Time, wait: Duration) -> Duration {
    let most = wait.as_secs_f64() * SHARE;
    let anew = chance(install, feed, at);
    let own = unit(hash(&[&install.to_le_bytes(), &feed.to_le_bytes()]));
    Duration::from_secs_f64(JITTER_S.min(most) * anew + MINUTE_S.min(most) * own)
}

/// A number in [0, 1) that only these three decide.
pub fn chance(install: u64, feed: u64, at: Time) -> f64 {
    unit(hash(&[
        &install.to_le_bytes(),
        &feed.to_le_bytes(),
        &at.millis().to_le_bytes(),
    ]))
}

fn unit(h: u64) -> f64 {
    (h >> 11) as f64 / (1_u64 << 53) as f64
}

/// FNV-1a with the finalizer of MurmurHash3: stable for ever, on every machine.
pub fn hash(parts: &[&[u8]]) -> u64 {
    let h = parts
        .iter()
        .copied()
        .flatten()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
            (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    let h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ (h >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn et_23_feeds_and_installations_differ_and_a_decision_repeats() {
        let at = Time::from_seconds(1_800_000_000);
        let hour = Duration::from_secs(3600);
        assert_eq!(jitter(1, 2, at, hour), jitter(1, 2, at, hour));
        assert_ne!(jitter(1, 2, at, hour), jitter(2, 2, at, hour));
        assert_ne!(jitter(1, 2, at, hour), jitter(1, 3, at, hour));
        assert_ne!(jitter(1, 2, at, hour), jitter(1, 2, at.plus(hour), hour));
    }

    #[test]
    fn et_23_the_minutes_are_filled_evenly() {
        let mut minutes = [0; 3];
        for feed in 0..3000 {
            let j = jitter(9, feed, Time::EPOCH, Duration::from_secs(7200));
            minutes[usize::try_from(j.as_secs() / 60).unwrap()] += 1;
        }
        // The sum of U(0, 2) and U(0, 1) minutes: a quarter, a half, a quarter.
        for (n, share) in minutes.into_iter().zip([0.25, 0.5, 0.25]) {
            assert!((f64::from(n) / 3000.0 - share).abs() < 0.05, "{minutes:?}");
        }
    }

    #[test]
    fn short_waits_are_put_off_little() {
        let most = Duration::from_millis(200);
        assert!(jitter(1, 2, Time::EPOCH, Duration::from_secs(2)) <= most);
        assert_eq!(jitter(1, 2, Time::EPOCH, Duration::ZERO), Duration::ZERO);
    }
}
