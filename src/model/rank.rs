//! How high a story ranks among those printed most: by distinct sites, decayed by age. docs/top.md has the formula.

use std::cmp::Ordering;
use std::time::Duration;

use serde::Serialize;

use super::Time;

/// The age at which a story counts half: twelve hours, from a morning edition to the evening edition. A story of the morning stays
/// above one of the evening if at least twice as many sites carry it.
pub const HALF_LIFE: Duration = Duration::from_secs(12 * 3600);

/// Why a story has its place among those printed most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rank {
    /// `sites` × ½^(age / 12 h).
    pub score: f64,
    /// How many distinct sites carry it.
    pub sites: u32,
    /// How many feeds carry it.
    pub feeds: u32,
    /// Seconds since the story arrived. Later copies do not make it younger.
    pub age_seconds: u64,
}

impl Rank {
    /// The rank at `now` of a story that arrived then.
    pub fn of(sites: u32, feeds: u32, arrived: Time, now: Time) -> Self {
        let age = now.since(arrived);
        let halves = age.as_secs_f64() / HALF_LIFE.as_secs_f64();
        Self {
            score: f64::from(sites) * (-halves).exp2(),
            sites,
            feeds,
            age_seconds: age.as_secs(),
        }
    }
}

/// What stories are ranked by: the logarithm of the score without the part that is the same for all stories at one moment. So the
/// order of two stories changes only when one of them is carried by another site, never because time passes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankKey(f64, Time);

impl RankKey {
    /// The key of a story that so many sites carry and that arrived then.
    pub fn of(sites: u32, arrived: Time) -> Self {
        let halves = arrived.millis() as f64 / 1000.0 / HALF_LIFE.as_secs_f64();
        Self(f64::from(sites).log2() + halves, arrived)
    }
}

impl Eq for RankKey {}

impl PartialOrd for RankKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RankKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0).then(self.1.cmp(&other.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_900_000_000_000;

    proptest! {
        #[test]
        fn one_more_site_ranks_higher_and_an_older_story_lower(
            sites in 1u32..10_000, age in 0i64..10 * 86_400_000, more in 1i64..86_400_000,
        ) {
            let at = |age: i64| Time::from_millis(NOW - age);
            prop_assert!(RankKey::of(sites + 1, at(age)) > RankKey::of(sites, at(age)));
            prop_assert!(RankKey::of(sites, at(age + more)) < RankKey::of(sites, at(age)));
            let score = |sites, age| Rank::of(sites, sites, at(age), Time::from_millis(NOW)).score;
            prop_assert!(score(sites + 1, age) > score(sites, age));
            prop_assert!(score(sites, age + more) <= score(sites, age));
        }
    }

    #[test]
    fn a_story_counts_half_after_twelve_hours() {
        let arrived = Time::from_millis(NOW);
        let later = Time::from_millis(NOW + 12 * 3_600_000);
        let rank = Rank::of(6, 9, arrived, later);
        assert!((rank.score - 3.0).abs() < 1e-9, "{rank:?}");
        assert_eq!((rank.sites, rank.feeds, rank.age_seconds), (6, 9, 43_200));
    }
}
