//! How much more likely than on average a feed publishes in a given minute: its profile, blended with a prior where little is
//! known. The product of half-hour of the day, day of the week and minute of the hour; 1 on average.

use std::time::Duration;

use super::profile::{Counts, HalfHours, Profile, WeekSlot};
use crate::model::Time;
use crate::model::span::DAY;

/// The weight of the prior in half articles: for the course of the day, its difference on weekends, the days, the minutes. Factors of two around these change the mean delay by less than 1 %.
const HOURS_PRIOR: f64 = 8.0;
const WEEKEND_PRIOR: f64 = 14.0;
const DAYS_PRIOR: f64 = 42.0;
const PHASES_PRIOR: f64 = 20.0;

/// The share of a half-hour that each neighbour gets.
const SMOOTH: f64 = 0.2;

/// The prior by hour of the day (UTC), and below by day of the week: people write when they are awake, most of them between
/// America and Europe, and less on weekends.
const USUAL_HOURS: [f64; 24] = [
    0.47, 0.31, 0.26, 0.31, 0.52, 0.68, 0.73, 0.89, 1.26, 1.15, 1.26, 1.26, 1.41, 1.52, 1.73, 1.68,
    1.47, 1.47, 1.41, 1.26, 1.47, 0.94, 0.68, 0.47,
];
/// By five minutes of the hour: more on the full and the half hour.
const USUAL_PHASES: [f64; 12] = [
    1.5, 0.93, 0.93, 0.93, 0.93, 0.93, 1.2, 0.93, 0.93, 0.93, 0.93, 0.93,
];
const USUAL_DAYS: [f64; 7] = [1.09, 1.13, 1.26, 1.14, 1.14, 0.65, 0.6];

/// Editors schedule on the full and the half hour: what these five minutes hold beyond the usual belongs to their first
/// minute, but for this share.
const OFF_THE_MARK: f64 = 0.2;

/// The relative intensity through the week.
#[derive(Debug, Clone, PartialEq)]
pub struct Intensity {
    workdays: [f64; 48],
    weekend: [f64; 48],
    days: [f64; 7],
    minutes: [f64; 60],
    /// Over the minutes before each minute: their sum, and that of each times its middle, in minutes of the hour.
    before: [(f64, f64); 61],
}

impl Intensity {
    /// The profile, blended with the prior.
    pub fn of(profile: &Profile) -> Self {
        let workdays = smoothed(&profile.workdays);
        let weekend = smoothed(&profile.weekend);
        let both = std::array::from_fn(|i| at(&workdays, i) + at(&weekend, i));
        let usual = std::array::from_fn(|i| at(&USUAL_HOURS, i / 2));
        let every_day = blended(&both, &usual, HOURS_PRIOR);
        let days = floats(&profile.days);
        let phases = blended(&floats(&profile.phases), &USUAL_PHASES, PHASES_PRIOR);
        let minutes = minutes(&phases);
        Self {
            workdays: blended(&workdays, &every_day, WEEKEND_PRIOR),
            weekend: blended(&weekend, &every_day, WEEKEND_PRIOR),
            days: blended(&days, &USUAL_DAYS, DAYS_PRIOR),
            before: running_sums(&minutes),
            minutes,
        }
    }

    /// The relative intensity of a half-hour.
    pub fn of_half_hour(&self, slot: WeekSlot) -> f64 {
        let hours = if slot.is_weekend() {
            &self.weekend
        } else {
            &self.workdays
        };
        at(&self.days, slot.day) * at(hours, slot.half_hour)
    }

    /// The relative intensities of `count` minutes of an hour from `first` on: their sum, and the sum of each times the
    /// minutes from the beginning of `first` to its middle. Minutes beyond the hour are left out.
    pub fn of_minutes(&self, first: i64, count: i64) -> (f64, f64) {
        let before = |minute: i64| {
            let minute = usize::try_from(minute).unwrap_or_default().min(60);
            self.before.get(minute).copied().unwrap_or_default()
        };
        let (from, to) = (before(first), before(first.saturating_add(count)));
        let sum = to.0 - from.0;
        (sum, to.1 - from.1 - sum * first as f64)
    }

    /// The number of polls that an uneven week needs, over that of an even one at the same cost: the density of polls grows
    /// with the root of the intensity (Sia, Cho and Cho).
    pub fn evenness(&self) -> f64 {
        let root = |bins: &[f64]| bins.iter().map(|x| x.sqrt()).sum::<f64>() / bins.len() as f64;
        let (workdays, weekend) = self.days.split_at(5);
        let minutes = root(&self.minutes);
        (root(workdays) * root(&self.workdays) * 5.0 + root(weekend) * root(&self.weekend) * 2.0)
            / 7.0
            * minutes
    }

    /// The feed's own time from `from` to `to`, in seconds: time weighted by intensity, so that a quiet night is short.
    pub fn exposure(&self, from: Time, to: Time) -> f64 {
        let span = to.since(from);
        // Over weeks both are nearly the same, and a long silence need not be summed up.
        if span > DAY * 14 {
            return span.as_secs_f64();
        }
        let mut passed = 0.0;
        let mut t = from;
        while t < to {
            let into = u64::try_from(t.millis().rem_euclid(HALF_HOUR_MS)).unwrap_or_default();
            let left = Duration::from_millis(HALF_HOUR_MS.cast_unsigned() - into);
            let until = t.plus(left).min(to);
            passed += self.of_half_hour(WeekSlot::of(t)) * until.since(t).as_secs_f64();
            if until <= t {
                break;
            }
            t = until;
        }
        passed
    }
}

const HALF_HOUR_MS: i64 = 1_800_000;

/// The minutes of the hour, from counts of five minutes.
fn minutes(phases: &[f64; 12]) -> [f64; 60] {
    let usual = (phases.iter().sum::<f64>() - at(phases, 0) - at(phases, 6)) / 10.0;
    std::array::from_fn(|m| {
        let five = at(phases, m / 5);
        let later = usual.max(OFF_THE_MARK * five).min(five);
        match m % 30 {
            0 => 5.0 * five - 4.0 * later,
            1..5 => later,
            _ => five,
        }
    })
}

fn running_sums(minutes: &[f64; 60]) -> [(f64, f64); 61] {
    let mut sums = (0.0, 0.0);
    std::array::from_fn(|minute| {
        let before = sums;
        let of_minute = minutes.get(minute).copied().unwrap_or_default();
        sums.0 += of_minute;
        sums.1 += of_minute * (minute as f64 + 0.5);
        before
    })
}

/// Normalized to a mean of 1: `weight` half articles distributed as `usual`, the others as counted.
fn blended<const N: usize>(counts: &[f64; N], usual: &[f64; N], weight: f64) -> [f64; N] {
    let total: f64 = counts.iter().sum();
    std::array::from_fn(|i| (at(counts, i) * N as f64 + weight * at(usual, i)) / (total + weight))
}

fn smoothed(counts: &HalfHours) -> [f64; 48] {
    let counts = floats(counts);
    std::array::from_fn(|i| {
        let neighbours = at(&counts, (i + 47) % 48) + at(&counts, (i + 1) % 48);
        (1.0 - 2.0 * SMOOTH) * at(&counts, i) + SMOOTH * neighbours
    })
}

fn floats<const N: usize, const MAX: u16>(counts: &Counts<N, MAX>) -> [f64; N] {
    counts.0.map(f64::from)
}

/// The value of a bin; `i` is always in range.
fn at(bins: &[f64], i: usize) -> f64 {
    bins.get(i).copied().unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::profile::DATED;
    use crate::schedule::support::noon;

    fn feed_of(times: impl Iterator<Item = i64>) -> Intensity {
        let mut profile = Profile::default();
        for s in times {
            profile.note(Time::from_seconds(s), DATED);
        }
        Intensity::of(&profile)
    }

    #[test]
    fn a_week_of_the_feeds_own_time_is_a_week() {
        let feeds = [
            feed_of(std::iter::empty()),
            feed_of((0..50).map(|d| d * 86_400 + 30_000)),
        ];
        for intensity in feeds {
            let week = intensity.exposure(noon(), noon().plus(DAY * 7)) / 604_800.0;
            assert!((0.8..1.25).contains(&week), "{week}");
            let two = intensity.exposure(noon(), noon().plus(DAY * 30));
            assert!((two / DAY.as_secs_f64() - 30.0).abs() < 1e-6);
            assert_eq!(intensity.exposure(noon(), noon().minus(DAY)), 0.0);
        }
    }

    #[test]
    fn a_quiet_night_is_short() {
        // At noon every day.
        let intensity = feed_of((0..100).map(|d| d * 86_400 + 43_200));
        let midnight = Time::from_seconds(1_773_100_800);
        let night = intensity.exposure(midnight, midnight.plus(DAY / 4));
        let noon = intensity.exposure(midnight.plus(DAY * 3 / 8), midnight.plus(DAY * 5 / 8));
        assert!(noon > 10.0 * night, "{noon} {night}");
    }

    #[test]
    fn an_unknown_feed_has_the_prior() {
        let intensity = Intensity::of(&Profile::default());
        let at = |t: &str| intensity.of_half_hour(WeekSlot::of(Time::parse_rfc3339(t).unwrap()));
        assert!(at("2026-03-10T14:00:00Z") > 2.0 * at("2026-03-10T02:00:00Z"));
        assert!(at("2026-03-10T14:00:00Z") > 1.5 * at("2026-03-15T14:00:00Z"));
        assert!(intensity.of_minutes(0, 1).0 > 3.0 * intensity.of_minutes(1, 1).0);
        let (hour, moment) = intensity.of_minutes(0, 60);
        assert!((hour - 60.0).abs() < 1e-9);
        let parts = [(0, 7), (7, 1), (8, 52)].map(|(first, count)| {
            let (sum, moment) = intensity.of_minutes(first, count);
            moment + sum * first as f64
        });
        assert!((parts.iter().sum::<f64>() - moment).abs() < 1e-6);
    }

    #[test]
    fn a_profile_makes_a_week_uneven() {
        let uneven = feed_of((0..100).map(|d| d * 86_400 + 43_200));
        assert!(uneven.evenness() < Intensity::of(&Profile::default()).evenness());
    }
}
