//! ET-23: installations and feeds are spread over different minutes. The randomness is a hash of names and times, so that
//! the same facts always give the same decision.

use std::time::Duration;

use super::input::Observation;

/// The longest random delay in seconds: usually, and after the first poll, because feeds are imported all at once.
const JITTER_S: f64 = 120.0;
const FIRST_S: f64 = 900.0;
/// The longest delay as a share of the wait itself.
const SHARE_MAX: f64 = 0.2;

/// What a random number is for; each purpose has its own.
#[derive(Debug, Clone, Copy)]
pub enum Draw {
    /// The delay of a poll.
    Jitter = 0,
    /// The offset among feeds with the same best minute.
    MinuteOffset = 1,
    /// The offset of the grid of times that are considered.
    GridOffset = 2,
    /// The additional wait after a failure.
    Backoff = 3,
}

/// The random delay of a poll; another one for each poll.
pub fn jitter(install: u64, observation: &Observation, wait: Duration, is_first: bool) -> Duration {
    let most = if is_first { FIRST_S } else { JITTER_S };
    let most = most.min(wait.as_secs_f64() * SHARE_MAX);
    Duration::from_secs_f64(most * random_fraction(install, observation, Draw::Jitter))
}

/// A number in [0, 1) that depends on installation, feed, time and purpose.
pub fn random_fraction(install: u64, observation: &Observation, draw: Draw) -> f64 {
    let h = hash(&[
        &install.to_le_bytes(),
        &observation.feed.to_le_bytes(),
        &observation.at.millis().to_le_bytes(),
        &[draw as u8],
    ]);
    (h >> 11) as f64 / (1_u64 << 53) as f64
}

/// FNV-1a with the finalizer of MurmurHash3: never changes, on any machine.
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
    use crate::model::Time;
    use crate::schedule::support::*;

    fn of(install: u64, feed: u64, at: Time, wait: u64) -> Duration {
        let observation = Observation {
            feed,
            ..not_modified(at)
        };
        jitter(install, &observation, Duration::from_secs(wait), false)
    }

    #[test]
    fn et_23_feeds_and_installations_differ_and_a_decision_repeats() {
        let later = noon().plus(MINUTE);
        assert_eq!(of(1, 2, noon(), 3600), of(1, 2, noon(), 3600));
        assert_ne!(of(1, 2, noon(), 3600), of(2, 2, noon(), 3600));
        assert_ne!(of(1, 2, noon(), 3600), of(1, 3, noon(), 3600));
        assert_ne!(of(1, 2, noon(), 3600), of(1, 2, later, 3600));
        let observation = not_modified(noon());
        assert_ne!(
            random_fraction(1, &observation, Draw::MinuteOffset),
            random_fraction(1, &observation, Draw::GridOffset)
        );
    }

    #[test]
    fn et_23_random_delays_are_even() {
        let mut tenths = [0; 12];
        for feed in 0..3000 {
            let j = of(9, feed, noon(), 7200);
            tenths[usize::try_from(j.as_secs() / 10).unwrap()] += 1;
        }
        assert!(tenths.iter().all(|n| (200..=300).contains(n)), "{tenths:?}");
    }

    #[test]
    fn short_waits_have_short_delays() {
        assert!(of(1, 2, noon(), 2) <= Duration::from_millis(400));
        assert_eq!(of(1, 2, noon(), 0), Duration::ZERO);
    }

    #[test]
    fn feeds_imported_together_part_after_the_first_poll() {
        let most = (0..100).map(|feed| {
            let observation = Observation {
                feed,
                ..document(noon(), 3)
            };
            jitter(1, &observation, MINUTE * 90, true)
        });
        assert!(most.max().unwrap() > MINUTE * 12);
    }
}
