//! Before when a feed is not asked: the publisher's words (ET-11 to ET-16, ET-25) and our own courtesy (ET-18,
//! ET-19). Words hold for everybody, manual polls included; courtesy yields to the user's own interval.

use std::time::Duration;

use super::bytes::{Reader, Writer};
use super::explain::span;
use super::explanation::{Bound, BoundKind};
use super::{DAY, HOUR, Observation, Policy, PollResult, WEEK};
use crate::model::{Hints, Time};

const MINUTE_S: u64 = 60;
/// What a server's permission comes down to at most (ET-18).
const MIN_ALLOWED: Duration = Duration::from_secs(300);
/// What is not said.
const ABSENT: u32 = u32::MAX;

/// What the publisher said about when to ask, the last time that he said it.
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
    /// What one answer's headers alone say.
    pub fn of(hints: &Hints) -> Self {
        let mut publisher_hints = Self::default();
        publisher_hints.cache(hints);
        publisher_hints
    }

    /// Takes note of an answer. A 304 changes what it mentions and leaves the rest (ET-06, ET-15); a failure
    /// speaks for itself only.
    pub fn observe(&mut self, observation: &Observation) {
        let hints = &observation.hints;
        match &observation.result {
            PollResult::Document {
                new, validators, ..
            } => {
                self.cache(hints);
                self.validators = *validators;
                if !new.is_empty() || has_schedule_hints(hints) {
                    self.ttl_minutes = hints.ttl_minutes.filter(|&m| m != ABSENT);
                    self.update_period_s = hints.update_period_s.filter(|&s| s != ABSENT);
                    self.skip_hours = hints.skip_hours;
                    self.skip_days = hints.skip_days;
                }
            }
            PollResult::NotModified => {
                // What answers 304 has a validator, whatever the document came with.
                self.validators = true;
                if hints.fresh_for.is_some() || hints.no_cache {
                    self.cache(hints);
                }
            }
            PollResult::Pushed { .. } | PollResult::Failed(_) => {}
        }
    }

    fn cache(&mut self, hints: &Hints) {
        self.fresh_s = hints
            .fresh_for
            .map(|d| u32::try_from(d.as_secs()).unwrap_or(ABSENT).min(ABSENT - 1));
        self.no_cache = hints.no_cache;
    }

    /// The skipped hours and days.
    pub fn skips(&self) -> (u32, u8) {
        (self.skip_hours, self.skip_days)
    }

    /// Freshness that means something: `no-cache` voids it (ET-13), and zero says "already stale", nothing more
    /// (ET-12).
    fn fresh(&self) -> Option<Duration> {
        let fresh = self.fresh_s.filter(|&s| s > 0 && !self.no_cache)?;
        Some(Duration::from_secs(fresh.into()))
    }

    fn ttl(&self) -> Option<Duration> {
        let minutes = self.ttl_minutes.filter(|&m| m > 0)?;
        Some(Duration::from_secs(u64::from(minutes) * MINUTE_S))
    }

    /// What the server itself takes for often enough.
    fn allowed(&self) -> Option<(Duration, &'static str)> {
        let fresh = self.fresh().map(|d| (d, "max-age"));
        let ttl = self.ttl().map(|d| (d, "ttl"));
        fresh.into_iter().chain(ttl).min()
    }

    /// Reads the stored form.
    pub fn read(from: &mut Reader<'_>) -> Option<Self> {
        let mut publisher_hints = || from.u32().map(|x| (x != ABSENT).then_some(x));
        let (fresh_s, ttl_minutes, update_period_s) =
            (publisher_hints()?, publisher_hints()?, publisher_hints()?);
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

/// Whether a document says anything about when to ask.
fn has_schedule_hints(hints: &Hints) -> bool {
    hints.ttl_minutes.is_some()
        || hints.update_period_s.is_some()
        || hints.skip_hours != 0
        || hints.skip_days != 0
}

/// What nobody undercuts: max-age and ttl. `mean_gap` is the usual time between two articles; freshness beyond
/// it, a day and a week is not believed (ET-14).
pub fn publisher_bounds(
    publisher_hints: &PublisherHints,
    at: Time,
    mean_gap: Duration,
) -> Vec<Bound> {
    let fresh = publisher_hints.fresh().map(|fresh| {
        let believed = fresh.min(mean_gap.max(DAY)).min(WEEK);
        let of = if believed < fresh {
            format!(" of {}", span(fresh))
        } else {
            String::new()
        };
        publisher_bound(
            at.plus(believed),
            format!("fresh for {}{of} (max-age less Age)", span(believed)),
        )
    });
    let ttl = publisher_hints.ttl().map(|ttl| {
        let ttl = ttl.min(DAY);
        publisher_bound(at.plus(ttl), format!("ttl {}", span(ttl)))
    });
    fresh.into_iter().chain(ttl).collect()
}

/// Retry-After, or a rate limit's reset: for a week at most (ET-25, ET-28).
pub fn retry_after(hints: &Hints, at: Time) -> Option<Bound> {
    let wait = hints.retry_after?.min(WEEK);
    let reason = format!("the server asks to wait {}", span(wait));
    Some(publisher_bound(at.plus(wait), reason))
}

/// What we ask of ourselves: the operator's `min_interval` (an hour), less where the server allows it; more for
/// a feed that can only be sent whole and says nothing about its freshness (ET-19); and the syndication module's
/// period where nothing better is known (ET-16), for WordPress writes "hourly" everywhere. After a failure the
/// first alone.
pub fn courtesy_bounds(
    publisher_hints: &PublisherHints,
    at: Time,
    failed: bool,
    policy: &Policy,
) -> Vec<Bound> {
    let min = policy.min_interval;
    let allowed = publisher_hints.allowed();
    let mut bounds = vec![match allowed {
        // An operator who asks for more than the usual hour means it.
        Some((allowed, by)) if min <= HOUR && allowed < min => {
            let wait = allowed.max(MIN_ALLOWED).min(min);
            let reason = format!("courtesy {}, as {by} allows", span(wait));
            courtesy_bound(at.plus(wait), reason)
        }
        _ => courtesy_bound(at.plus(min), format!("courtesy {}", span(min))),
    }];
    if failed || allowed.is_some() {
        return bounds;
    }
    if !publisher_hints.validators {
        let wait = min.saturating_mul(if policy.strict { 24 } else { 3 });
        let reason = format!("courtesy {}: no validator, no freshness", span(wait));
        bounds.push(courtesy_bound(at.plus(wait), reason));
    }
    if let Some(period) = publisher_hints.update_period_s {
        let wait = Duration::from_secs(period.into()).min(DAY);
        let reason = format!("sy:updatePeriod {}", span(wait));
        bounds.push(courtesy_bound(at.plus(wait), reason));
    }
    bounds
}

/// The least interval that words and courtesy leave a feed.
pub fn min_interval(
    publisher_hints: &PublisherHints,
    policy: &Policy,
    mean_gap: Duration,
) -> Duration {
    let at = Time::EPOCH;
    let courtesy = courtesy_bounds(publisher_hints, at, false, policy);
    let bounds = publisher_bounds(publisher_hints, at, mean_gap)
        .into_iter()
        .chain(courtesy);
    bounds.map(|b| b.at.since(at)).max().unwrap_or_default()
}

fn publisher_bound(at: Time, reason: String) -> Bound {
    let kind = BoundKind::Publisher;
    Bound { kind, at, reason }
}

fn courtesy_bound(at: Time, reason: String) -> Bound {
    let kind = BoundKind::Courtesy;
    Bound { kind, at, reason }
}

/// The strongest of the words, for manual polls.
pub fn latest(bounds: &[Bound]) -> Option<(Time, String)> {
    let bound = bounds.iter().max_by_key(|b| b.at)?;
    Some((bound.at, bound.reason.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailureKind;
    use crate::schedule::State;
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
    fn the_binding_bound_is_named_and_marked() {
        let (_, plan) = after(&[hinted(document(noon(), 9), fresh(HOUR * 3))], &busy());
        let binding: Vec<_> = plan
            .why
            .lines()
            .filter(|l| l.contains("<- binding"))
            .collect();
        assert_eq!(binding.len(), 1, "{}", plan.why);
        assert!(binding[0].contains("max-age"), "{}", plan.why);
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
