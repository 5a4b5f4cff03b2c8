//! How long a feed is left alone after failures (ET-27, ET-29, ET-32 to ET-34). No transient error ends a subscription;
//! only a 410 that is repeated after a day does.

use std::time::Duration;

use super::bound::{Proposal, Reason};
use super::bytes::{Reader, Writer};
use super::input::{Observation, Policy};
use super::spread::{Draw, random_fraction};
use crate::model::span::{DAY, HOUR, WEEK};
use crate::model::{FailureKind, Time};

/// A feed whose server refuses is polled daily for so long, then weekly.
const DAILY_FOR: Duration = Duration::from_secs(14 * 24 * 3600);
/// A second 410 counts from here on; a manual poll soon after the first proves nothing.
const GONE_AFTER: Duration = Duration::from_secs(23 * 3600);

/// Failures in a row, and the interval that is doubled.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Health {
    failures: u16,
    /// The first 401, 403, 404 or 451 since the last success.
    refused_since: Option<Time>,
    /// The first 410 since the last success.
    gone_since: Option<Time>,
    /// The interval planned after the last success, in ms.
    planned_ms: u64,
}

impl Health {
    /// One success resets everything; `wait` is the interval planned now.
    pub fn succeeded(&mut self, wait: Duration) {
        *self = Self {
            planned_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            ..Self::default()
        };
    }

    /// What to do after one more failure. `None`: never poll again.
    pub fn failed(
        &mut self,
        kind: FailureKind,
        observation: &Observation,
        policy: &Policy,
    ) -> Option<Proposal> {
        self.failures = self.failures.saturating_add(1);
        match kind {
            FailureKind::Throttled => Some(self.throttled(observation)),
            FailureKind::NotFound | FailureKind::Forbidden => Some(self.refused(observation.at)),
            FailureKind::Gone => self.gone(observation.at),
            FailureKind::Empty => Some(self.empty()),
            _ => Some(self.transient(observation, policy)),
        }
    }

    /// 1, 2, 4 … 24 h, and never less than the planned interval; Retry-After is a bound of its own (ET-25, ET-27).
    fn throttled(&self, observation: &Observation) -> Proposal {
        let wait = match observation.hints.retry_after {
            Some(_) => Duration::ZERO,
            None => doubled(HOUR, self.failures).min(DAY),
        };
        Proposal {
            wait: wait.max(self.planned()),
            reason: Reason::Throttled {
                failures: self.failures,
            },
            max: None,
        }
    }

    /// Daily, and weekly after two weeks: YouTube answers 404 for all feeds for hours (ET-32, ET-34).
    fn refused(&mut self, at: Time) -> Proposal {
        let since = *self.refused_since.get_or_insert(at);
        let is_daily = at.since(since) < DAILY_FOR;
        Proposal {
            wait: if is_daily { DAY } else { WEEK },
            reason: Reason::Refused { since },
            max: None,
        }
    }

    /// The planned interval: the server works, and an empty feed may have items again at any time.
    fn empty(&self) -> Proposal {
        Proposal {
            wait: self.planned().max(HOUR),
            reason: Reason::Empty,
            max: None,
        }
    }

    /// Once more after a day, then never (ET-33).
    fn gone(&mut self, at: Time) -> Option<Proposal> {
        let since = *self.gone_since.get_or_insert(at);
        (at.since(since) < GONE_AFTER).then(|| Proposal {
            wait: since.plus(DAY).since(at).min(DAY),
            reason: Reason::Withdrawn { at: since },
            max: None,
        })
    }

    /// Doubles from the planned interval, with up to a tenth of random delay, to a day at most (ET-29).
    fn transient(&self, observation: &Observation, policy: &Policy) -> Proposal {
        let base = match self.planned_ms {
            0 => observation
                .interval
                .unwrap_or_else(|| default_interval(policy)),
            _ => self.planned(),
        };
        let max = policy.max_interval.max(base).min(DAY);
        let wait = doubled(base, self.failures).min(max);
        let fraction = random_fraction(policy.install, observation, Draw::Backoff);
        Proposal {
            wait: wait.saturating_add(wait.mul_f64(0.1 * fraction)),
            reason: Reason::Backoff {
                failures: self.failures,
                base: base.into(),
            },
            max: Some((max, Reason::FailingMax(max.into()))),
        }
    }

    fn planned(&self) -> Duration {
        Duration::from_millis(self.planned_ms)
    }

    /// All times in it.
    pub fn times(&mut self) -> [&mut Option<Time>; 2] {
        [&mut self.refused_since, &mut self.gone_since]
    }

    /// Reads the stored form.
    pub fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            failures: from.u16()?,
            refused_since: from.time()?.0,
            gone_since: from.time()?.0,
            planned_ms: from.u64()?,
        })
    }

    /// Writes the stored form.
    pub fn write(&self, to: &mut Writer) {
        to.u16(self.failures);
        to.time(self.refused_since);
        to.time(self.gone_since);
        to.u64(self.planned_ms);
    }
}

/// `base`, doubled with every failure after the first.
fn doubled(base: Duration, failures: u16) -> Duration {
    let doublings = u32::from(failures.saturating_sub(1)).min(31);
    base.saturating_mul(1 << doublings)
}

/// The interval of a feed that has never answered.
fn default_interval(policy: &Policy) -> Duration {
    let mean = DAY.as_secs_f64() / policy.polls_per_day.max(0.01);
    let least = policy.min_interval.min(policy.max_interval);
    Duration::from_secs_f64(mean).clamp(least, policy.max_interval)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Hints;
    use crate::schedule::State;
    use crate::schedule::support::*;

    fn about(wait: Duration, due: Duration) -> bool {
        wait >= due && wait <= due + due / 10 + CHANCE
    }

    #[test]
    fn et_25_retry_after_is_waited_for_and_capped_at_a_week() {
        let told = |s| Observation {
            hints: Hints {
                retry_after: Some(Duration::from_secs(s)),
                ..Hints::default()
            },
            ..failed(noon(), FailureKind::Throttled)
        };
        let (_, plan) = after(&[told(20_000)], &policy());
        assert_eq!(
            plan.floor.unwrap().0,
            noon().plus(Duration::from_secs(20_000))
        );
        assert!(about(
            wait_after(&[told(20_000)], &policy()),
            Duration::from_secs(20_000)
        ));
        assert!(about(wait_after(&[told(u64::MAX)], &policy()), WEEK));
        // Even a short one is no leave to come sooner than usual.
        assert!(wait_after(&[told(1)], &policy()) >= HOUR);
    }

    #[test]
    fn et_27_throttling_without_retry_after_doubles_from_an_hour_to_a_day() {
        let throttled = |at| failed(at, FailureKind::Throttled);
        let (_, waits) = follow(State::default(), noon(), 8, &policy(), throttled);
        for (wait, hours) in waits.into_iter().zip([1, 2, 4, 8, 16, 24, 24, 24]) {
            assert!(about(wait, HOUR * hours), "{wait:?}");
        }
    }

    #[test]
    fn et_27_it_is_never_sooner_than_before_the_error() {
        let mut ok = document(noon(), 0);
        ok.interval = Some(HOUR * 6);
        let mut throttled = failed(noon().plus(HOUR * 6), FailureKind::Throttled);
        throttled.interval = ok.interval;
        assert!(wait_after(&[ok, throttled], &policy()) >= HOUR * 6);
    }

    #[test]
    fn et_29_transient_failures_double_from_the_planned_interval_to_a_day() {
        let policy = policy();
        let mine = |observation: Observation| Observation {
            interval: Some(HOUR),
            ..observation
        };
        let (state, plan) = after(&[mine(document(noon(), 5))], &policy);
        let base = plan.next_at.unwrap().since(noon());
        for kind in [
            FailureKind::Server,
            FailureKind::Timeout,
            FailureKind::Tls,
            FailureKind::Dns,
        ] {
            let (_, waits) = follow(state.clone(), noon().plus(HOUR), 30, &policy, |at| {
                mine(failed(at, kind))
            });
            assert_eq!(waits.len(), 30, "never dropped");
            for (wait, times) in waits.iter().zip([1, 2, 4, 8, 16]) {
                assert!(about(*wait, base * times), "{wait:?}");
            }
            assert!(waits.iter().skip(5).all(|w| *w <= DAY && *w > DAY - CHANCE));
        }
    }

    #[test]
    fn et_29_one_success_resets() {
        let policy = policy();
        let (ok, plan) = after(&[document(noon(), 5)], &policy);
        let (state, waits) = follow(ok, noon().plus(HOUR), 6, &policy, |at| {
            failed(at, FailureKind::Server)
        });
        let at = noon().plus(HOUR * 24 * 5);
        let (_, again) = crate::schedule::next(&state, &document(at, 20), &policy);
        assert!(again.next_at.unwrap().since(at) < waits[3]);
        assert!(plan.next_at.is_some());
    }

    #[test]
    fn et_32_et_34_refusals_are_daily_then_weekly() {
        for kind in [FailureKind::NotFound, FailureKind::Forbidden] {
            let (_, waits) = follow(State::default(), noon(), 20, &policy(), |at| {
                failed(at, kind)
            });
            assert_eq!(waits.len(), 20);
            assert!(waits.iter().take(14).all(|w| about(*w, DAY)), "{waits:?}");
            assert!(waits.iter().skip(14).all(|w| about(*w, WEEK)), "{waits:?}");
        }
    }

    #[test]
    fn et_33_gone_is_asked_once_more_after_a_day_then_never() {
        let gone = |at| failed(at, FailureKind::Gone);
        let (state, plan) = after(&[gone(noon())], &policy());
        assert!(about(plan.next_at.unwrap().since(noon()), DAY));
        // A manual poll before that proves nothing.
        let (state, plan) = crate::schedule::next(&state, &gone(noon().plus(HOUR)), &policy());
        assert!(plan.next_at.unwrap() >= noon().plus(DAY));
        let (_, plan) = crate::schedule::next(&state, &gone(noon().plus(DAY)), &policy());
        assert_eq!(plan.next_at, None);
        assert!(plan.explanation.to_string().contains("410"));
    }

    #[test]
    fn et_33_a_success_between_begins_anew() {
        let gone = |hours| failed(noon().plus(HOUR * hours), FailureKind::Gone);
        let observation = [gone(0), document(noon().plus(DAY), 1), gone(48)];
        let (_, plan) = after(&observation, &policy());
        assert!(plan.next_at.is_some());
    }
}
