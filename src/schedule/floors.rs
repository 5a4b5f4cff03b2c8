//! Minimum waits: what the publisher asks for (ET-11 to ET-16, ET-25), and newswire's own courtesy (ET-18, ET-19). The
//! publisher's hold for manual polls too; courtesy gives way to the user's own interval.

use std::time::Duration;

use super::bound::{Bound, BoundKind, Permission, Reason};
use super::bytes::{Reader, Writer};
use super::input::{Observation, Policy, PollResult};
use crate::model::span::{DAY, HOUR, WEEK};
use crate::model::{Hints, Time};

const MINUTE_S: u64 = 60;
/// The shortest interval that a server's permission counts for (ET-18).
const ALLOWED_MIN: Duration = Duration::from_secs(300);
/// The stored value of a hint that is absent.
const ABSENT: u32 = u32::MAX;

/// What the publisher last said about when to poll.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PublisherHints {
    fresh_s: Option<u32>,
    no_cache: bool,
    ttl_minutes: Option<u32>,
    update_period_s: Option<u32>,
    skip_hours: u32,
    skip_days: u8,
    validators: bool,
}

impl PublisherHints {
    /// What the headers of one answer alone say.
    pub fn of(hints: &Hints) -> Self {
        let mut publisher_hints = Self::default();
        publisher_hints.set_cache(hints);
        publisher_hints
    }

    /// Takes note of an answer. A 304 changes what it mentions and leaves the rest (ET-06, ET-15); a failure changes
    /// nothing.
    pub fn observe(&mut self, observation: &Observation) {
        let hints = &observation.hints;
        match &observation.result {
            PollResult::Document {
                new, validators, ..
            } => {
                self.set_cache(hints);
                self.validators = *validators;
                if !new.is_empty() || has_schedule_hints(hints) {
                    self.ttl_minutes = hints.ttl_minutes.filter(|&m| m != ABSENT);
                    self.update_period_s = hints.update_period_s.filter(|&s| s != ABSENT);
                    self.skip_hours = hints.skip_hours;
                    self.skip_days = hints.skip_days;
                }
            }
            PollResult::NotModified => {
                // A server that answers 304 has a validator, whatever the document came with.
                self.validators = true;
                if hints.fresh_for.is_some() || hints.no_cache {
                    self.set_cache(hints);
                }
            }
            PollResult::Pushed { .. } | PollResult::Failed(_) => {}
        }
    }

    fn set_cache(&mut self, hints: &Hints) {
        self.fresh_s = hints
            .fresh_for
            .map(|d| u32::try_from(d.as_secs()).unwrap_or(ABSENT).min(ABSENT - 1));
        self.no_cache = hints.no_cache;
    }

    /// The skipped hours and days.
    pub fn skips(&self) -> (u32, u8) {
        (self.skip_hours, self.skip_days)
    }

    /// Freshness that counts: `no-cache` cancels it (ET-13), and zero says only "already stale" (ET-12).
    fn fresh(&self) -> Option<Duration> {
        let fresh = self.fresh_s.filter(|&s| s > 0 && !self.no_cache)?;
        Some(Duration::from_secs(fresh.into()))
    }

    fn ttl(&self) -> Option<Duration> {
        let minutes = self.ttl_minutes.filter(|&m| m > 0)?;
        Some(Duration::from_secs(u64::from(minutes) * MINUTE_S))
    }

    /// The interval that the publisher itself considers frequent enough.
    fn allowed(&self) -> Option<(Duration, Permission)> {
        let fresh = self.fresh().map(|d| (d, Permission::MaxAge));
        let ttl = self.ttl().map(|d| (d, Permission::Ttl));
        fresh.into_iter().chain(ttl).min()
    }

    /// Reads the stored form.
    pub fn read(from: &mut Reader<'_>) -> Option<Self> {
        let mut hint = || from.u32().map(|x| (x != ABSENT).then_some(x));
        let (fresh_s, ttl_minutes, update_period_s) = (hint()?, hint()?, hint()?);
        let flags = from.u8()?;
        Some(Self {
            fresh_s,
            no_cache: flags & 1 != 0,
            ttl_minutes,
            update_period_s,
            skip_hours: from.u32()?,
            skip_days: from.u8()?,
            validators: flags & 2 != 0,
        })
    }

    /// Writes the stored form.
    pub fn write(&self, to: &mut Writer) {
        for x in [self.fresh_s, self.ttl_minutes, self.update_period_s] {
            to.u32(x.unwrap_or(ABSENT));
        }
        to.u8(u8::from(self.no_cache) | u8::from(self.validators) << 1);
        to.u32(self.skip_hours);
        to.u8(self.skip_days);
    }
}

/// Whether a document says anything about when to poll.
fn has_schedule_hints(hints: &Hints) -> bool {
    hints.ttl_minutes.is_some()
        || hints.update_period_s.is_some()
        || hints.skip_hours != 0
        || hints.skip_days != 0
}

/// The hard minimums: max-age and ttl. `mean_gap` is the usual time between two articles; of a freshness beyond it, a day
/// and a week, only that much counts (ET-14).
pub fn publisher_bounds(hints: &PublisherHints, at: Time, mean_gap: Duration) -> Vec<Bound> {
    let fresh = hints.fresh().map(|sent| {
        let counted = sent.min(mean_gap.max(DAY)).min(WEEK);
        let reason = Reason::Fresh {
            counted: counted.into(),
            sent: sent.into(),
        };
        publisher_bound(at.plus(counted), reason)
    });
    let ttl = hints.ttl().map(|ttl| {
        let ttl = ttl.min(DAY);
        publisher_bound(at.plus(ttl), Reason::Ttl(ttl.into()))
    });
    fresh.into_iter().chain(ttl).collect()
}

/// Retry-After, or the reset of a rate limit: a week at most (ET-25, ET-28).
pub fn retry_after(hints: &Hints, at: Time) -> Option<Bound> {
    let wait = hints.retry_after?.min(WEEK);
    Some(publisher_bound(
        at.plus(wait),
        Reason::RetryAfter(wait.into()),
    ))
}

/// Newswire's own minimums: the operator's `min_interval` (an hour), less where the server allows it; more for a feed that
/// can only be sent whole and says nothing about its freshness (ET-19); and the syndication module's period if nothing
/// better is known (ET-16), because WordPress writes "hourly" everywhere. After a failure only the first applies.
pub fn courtesy_bounds(
    hints: &PublisherHints,
    at: Time,
    failed: bool,
    policy: &Policy,
) -> Vec<Bound> {
    let min = policy.min_interval;
    let allowed = hints.allowed();
    let mut bounds = vec![match allowed {
        // A `min_interval` above the usual hour is the operator's decision.
        Some((allowed, by)) if min <= HOUR && allowed < min => {
            let wait = allowed.max(ALLOWED_MIN).min(min);
            let interval = wait.into();
            courtesy_bound(at.plus(wait), Reason::Allowed { interval, by })
        }
        _ => courtesy_bound(at.plus(min), Reason::MinInterval(min.into())),
    }];
    if failed || allowed.is_some() {
        return bounds;
    }
    if !hints.validators {
        let wait = min.saturating_mul(if policy.strict { 24 } else { 3 });
        bounds.push(courtesy_bound(
            at.plus(wait),
            Reason::NoValidator(wait.into()),
        ));
    }
    if let Some(period) = hints.update_period_s {
        let wait = Duration::from_secs(period.into()).min(DAY);
        bounds.push(courtesy_bound(
            at.plus(wait),
            Reason::UpdatePeriod(wait.into()),
        ));
    }
    bounds
}

/// The shortest interval that the publisher's hints and courtesy allow.
pub fn min_interval(hints: &PublisherHints, policy: &Policy, mean_gap: Duration) -> Duration {
    let at = Time::EPOCH;
    let courtesy = courtesy_bounds(hints, at, false, policy);
    let bounds = publisher_bounds(hints, at, mean_gap).into_iter();
    let waits = bounds.chain(courtesy).map(|b| b.at.since(at));
    waits.max().unwrap_or_default()
}

fn publisher_bound(at: Time, reason: Reason) -> Bound {
    let kind = BoundKind::Publisher;
    Bound { kind, at, reason }
}

fn courtesy_bound(at: Time, reason: Reason) -> Bound {
    let kind = BoundKind::Courtesy;
    Bound { kind, at, reason }
}

/// The latest of these bounds, which manual polls respect.
pub fn latest(bounds: &[Bound]) -> Option<(Time, String)> {
    let bound = bounds.iter().max_by_key(|b| b.at)?;
    Some((bound.at, bound.reason.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailureKind;
    use crate::schedule::State;
    use crate::schedule::explanation::Binding;
    use crate::schedule::next;
    use crate::schedule::support::*;

    fn hinted(observation: Observation, hints: Hints) -> Observation {
        Observation {
            hints,
            ..observation
        }
    }

    fn fresh(d: Duration) -> Hints {
        Hints {
            fresh_for: Some(d),
            ..Hints::default()
        }
    }

    fn ttl(minutes: u32) -> Hints {
        Hints {
            ttl_minutes: Some(minutes),
            ..Hints::default()
        }
    }

    fn floor_after(observation: &[Observation]) -> Option<Duration> {
        let at = observation.last().unwrap().at;
        after(observation, &policy())
            .1
            .floor
            .map(|(t, _)| t.since(at))
    }

    /// So busy that only floors hold it back.
    fn busy() -> Policy {
        Policy {
            poll_cost: Some(1.0),
            ..policy()
        }
    }

    #[test]
    fn et_11_no_poll_before_max_age_less_age() {
        let observation = [hinted(document(noon(), 9), fresh(HOUR * 3))];
        assert_eq!(floor_after(&observation), Some(HOUR * 3));
        assert!(wait_after(&observation, &busy()) >= HOUR * 3);
    }

    #[test]
    fn et_11_the_user_does_not_undercut_max_age_nor_ttl() {
        for hints in [fresh(HOUR * 3), ttl(180)] {
            let mut observation = hinted(document(noon(), 9), hints);
            observation.interval = Some(HOUR);
            assert!(wait_after(&[observation], &policy()) >= HOUR * 3);
        }
    }

    #[test]
    fn et_13_no_cache_voids_max_age() {
        let hints = Hints {
            no_cache: true,
            ..fresh(Duration::from_secs(315_360_000))
        };
        let observation = [hinted(document(noon(), 9), hints)];
        assert_eq!(floor_after(&observation), None);
        assert!(wait_after(&observation, &busy()) <= HOUR * 2);
    }

    #[test]
    fn et_14_freshness_is_believed_for_a_day_a_gap_or_a_week() {
        let long = fresh(DAY * 3650);
        let daily = [hinted(document(noon(), 15), long.clone())];
        assert_eq!(floor_after(&daily), Some(DAY));
        let rare = hinted(document(noon(), 0), long.clone());
        let silent: Vec<_> = (0..40)
            .map(|day| hinted(not_modified(noon().plus(DAY * day)), long.clone()))
            .collect();
        assert_eq!(
            floor_after(&[&[rare], silent.as_slice()].concat()),
            Some(WEEK)
        );
    }

    #[test]
    fn et_15_hints_of_304_and_throttled_count() {
        let observation = [
            document(noon(), 9),
            hinted(not_modified(noon().plus(HOUR)), fresh(HOUR * 5)),
        ];
        assert_eq!(floor_after(&observation), Some(HOUR * 5));
        let observation = [hinted(
            failed(noon(), FailureKind::Throttled),
            fresh(HOUR * 5),
        )];
        assert_eq!(floor_after(&observation), Some(HOUR * 5));
        assert!(wait_after(&observation, &policy()) >= HOUR * 5);
    }

    #[test]
    fn et_06_a_304_that_is_silent_leaves_what_was_said() {
        let first = hinted(document(noon(), 9), fresh(HOUR * 3));
        let observation = [first.clone(), not_modified(noon().plus(HOUR * 4))];
        assert_eq!(floor_after(&observation), Some(HOUR * 3));
        let observation = [first, document(noon().plus(HOUR * 4), 1)];
        assert_eq!(floor_after(&observation), None);
    }

    #[test]
    fn et_16_ttl_is_a_floor_of_at_most_a_day_and_remembered() {
        assert_eq!(
            floor_after(&[hinted(document(noon(), 9), ttl(180))]),
            Some(HOUR * 3)
        );
        assert_eq!(
            floor_after(&[hinted(document(noon(), 9), ttl(u32::MAX - 1))]),
            Some(DAY)
        );
        let observation = [
            hinted(document(noon(), 9), ttl(180)),
            not_modified(noon().plus(HOUR * 4)),
            document(noon().plus(HOUR * 8), 0),
        ];
        assert_eq!(floor_after(&observation), Some(HOUR * 3));
    }

    #[test]
    fn et_16_the_syndication_period_counts_only_alone_and_does_not_bind_the_user() {
        let period = Hints {
            update_period_s: Some(6 * 3600),
            ..Hints::default()
        };
        let alone = hinted(document(noon(), 9), period.clone());
        assert_eq!(floor_after(std::slice::from_ref(&alone)), None);
        assert!(wait_after(&[alone], &busy()) >= HOUR * 6);
        let beside = Hints {
            ttl_minutes: Some(60),
            ..period
        };
        assert!(wait_after(&[hinted(document(noon(), 9), beside)], &busy()) < HOUR * 2);
    }

    #[test]
    fn et_17_no_poll_is_planned_into_skipped_hours() {
        let hints = Hints {
            skip_hours: 0b1111_1100_0000_0000_0000,
            ..Hints::default()
        };
        let (_, plan) = after(&[hinted(document(noon(), 9), hints)], &busy());
        let due = plan.next_at.unwrap();
        let eight = Time::parse_rfc3339("2026-03-10T20:00:00Z").unwrap();
        assert!(due >= eight && due < eight.plus(MINUTE * 15));
    }

    #[test]
    fn et_18_an_hour_unless_the_server_allows_less_and_never_under_five_minutes() {
        let wait = |hints| wait_after(&[hinted(document(noon(), 9), hints)], &busy());
        assert!(wait(Hints::default()) >= HOUR);
        assert!((MINUTE * 15..HOUR).contains(&wait(fresh(MINUTE * 15))));
        assert!((MINUTE * 5..MINUTE * 9).contains(&wait(fresh(MINUTE))));
        assert!((MINUTE * 30..HOUR).contains(&wait(ttl(30))));
        // "Already stale" allows nothing (ET-12).
        assert!(wait(fresh(Duration::ZERO)) >= HOUR);
    }

    #[test]
    fn et_18_the_operator_means_what_is_set() {
        let mut slow = busy();
        slow.min_interval = HOUR * 2;
        let observation = [hinted(document(noon(), 9), fresh(MINUTE * 15))];
        assert!(wait_after(&observation, &slow) >= HOUR * 2);
        let mut observation = document(noon(), 9);
        observation.interval = Some(Duration::from_secs(2));
        let wait = wait_after(&[observation], &policy());
        assert!(wait >= Duration::from_secs(2) && wait < Duration::from_secs(3));
    }

    #[test]
    fn et_19_without_validator_and_freshness_three_hours_or_a_day() {
        let mut observation = document(noon(), 9);
        if let PollResult::Document { validators, .. } = &mut observation.result {
            *validators = false;
        }
        let bare = [observation.clone()];
        assert!((HOUR * 3..HOUR * 4).contains(&wait_after(&bare, &busy())));
        let strict = Policy {
            strict: true,
            ..busy()
        };
        assert!(wait_after(&bare, &strict) >= DAY);
        observation.hints = fresh(MINUTE * 15);
        assert!(wait_after(&[observation], &strict) < HOUR);
    }

    #[test]
    fn the_bound_that_decides_is_named() {
        let (_, plan) = after(&[hinted(document(noon(), 9), fresh(HOUR * 3))], &busy());
        let wait = Reason::Fresh {
            counted: (HOUR * 3).into(),
            sent: (HOUR * 3).into(),
        };
        let binding = Binding::Bound(BoundKind::Publisher, &wait);
        assert_eq!(plan.explanation.binding(), binding);
        assert!(plan.floor.unwrap().1.contains("max-age"));
    }

    #[test]
    fn et_24_a_clock_set_back_plans_from_the_new_time() {
        let observation = [document(noon(), 9), not_modified(noon().minus(DAY * 365))];
        let wait = wait_after(&observation, &policy());
        assert!((HOUR..=DAY).contains(&wait));
    }

    #[test]
    fn et_30_offline_counts_nothing_and_probes_soon() {
        let (known, _) = after(&[document(noon(), 9)], &policy());
        let mut observation = failed(noon().plus(HOUR), FailureKind::Dns);
        observation.offline = true;
        let (state, plan) = next(&known, &observation, &policy());
        assert_eq!(state, known);
        assert!(plan.next_at.unwrap().since(observation.at) < MINUTE * 2);
        assert_eq!(
            next(&State::default(), &observation, &policy()).0,
            State::default()
        );
    }
}
