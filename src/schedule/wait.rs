//! The wait at which a poll is worth its cost. A poll costs `poll_cost`; an article that waits for it costs its waiting time.
//! The next polls are chosen together so that the sum is least: V(x) = min over y of waiting(x, y) + poll_cost + V(y),
//! backwards over a grid of times, and the first step is taken. With constant intensity that is the square-root law of Sia,
//! Cho and Cho (2007); looking beyond the next poll matters where the day is uneven. Floors are not decided here: the
//! minimum wait is given.
//!
//! Tried on real publication times without gain: looking at the next poll only (a tenth worse at 4 polls a day), a
//! likelihood by the age of the last article, a third, very fast memory for bursts, and a grid refined to the minute (all
//! feeds then meet in the same minute).

use super::intensity::Intensity;
use super::profile::WeekSlot;
use crate::model::Time;

/// Grid steps in a usual interval.
const STEPS: f64 = 24.0;
/// The grid spans so many usual intervals, and one wait at most so many.
const HORIZON: f64 = 6.0;
const REACH: f64 = 5.0;
/// Limits of the work: so many points, each compared with so many others (about 50 µs in all).
const POINTS: f64 = 340.0;
const STEPS_MAX: f64 = 120.0;
/// The longest horizon, in seconds.
const HORIZON_MAX_S: f64 = 30.0 * 86_400.0;
/// Minutes after the full hour over which feeds are spread (ET-23): most articles appear on the hour, so all polls would
/// follow within two minutes. Short intervals spread less.
const CROWD_MINUTES_MAX: f64 = 11.0;
const CROWD_SHARE: f64 = 0.3;
/// The cost of a forbidden point: far above that of a month of waiting.
const BLOCKED_COST: f64 = 1e18;

/// The inputs.
#[derive(Debug, Clone)]
pub struct WaitProblem<'s> {
    /// When the feed publishes.
    pub intensity: &'s Intensity,
    /// The last poll.
    pub at: Time,
    /// Cost of a poll over the value of an article and the rate, in s²: with constant intensity the interval is the root
    /// of twice this.
    pub poll_cost: f64,
    /// The shortest wait, in seconds.
    pub min_s: f64,
    /// The longest wait, in seconds.
    pub max_s: f64,
    /// Seconds of the feed's own time after which its document would overflow.
    pub capacity_s: f64,
    /// The feed's offset among feeds with the same best minute, and on the grid: each in [0, 1).
    pub offsets: [f64; 2],
}

/// A point of the grid.
#[derive(Debug, Clone, Copy)]
struct Point {
    /// Seconds from the last poll.
    t: f64,
    /// Mean articles until then, over the rate.
    mass: f64,
    /// The same, each times its `t`.
    moment: f64,
    blocked: bool,
}

/// The points that may come next. Waiting from x to y costs `t(y) (mass(y) - mass(x)) - (moment(y) - moment(x))`, so the
/// cost of continuing from x at y is a line in `mass(x)`: `cost(y) - mass(x) t(y)`, plus a term that does not depend on y.
/// Separate from the points, because many are compared at once.
#[derive(Debug)]
struct Lines {
    t: Vec<f64>,
    cost: Vec<f64>,
}

/// The wait with the least cost, between `min_s` and `max_s`, in seconds.
pub fn best_wait(q: &WaitProblem<'_>) -> f64 {
    let max_s = q.max_s.min(HORIZON_MAX_S);
    if q.min_s >= max_s {
        return q.min_s;
    }
    let poll_cost = q.poll_cost.min(HORIZON_MAX_S * HORIZON_MAX_S / 2.0);
    let usual = (2.0 * poll_cost).sqrt().max(q.min_s).max(1.0);
    let grid = Grid::of(usual, max_s, q.offsets);
    let points = grid.points(q);
    let lines = solve(&points, &grid, q.min_s, poll_cost);
    let from = points.partition_point(|p| p.t < q.min_s);
    let to = points.partition_point(|p| p.t <= max_s);
    // At the last poll `mass` is 0: only the costs remain of the lines.
    let costs = lines.cost.iter().zip(&lines.t).take(to).skip(from);
    let best = costs.min_by(|(a, _), (b, _)| a.total_cmp(b));
    let best = best.map_or(max_s, |(_, t)| *t);
    let full = points.iter().find(|p| p.mass >= q.capacity_s).map(|p| p.t);
    best.min(full.unwrap_or(max_s)).max(q.min_s)
}

/// The cost of continuing from each point, computed from the last point backwards.
fn solve(points: &[Point], grid: &Grid, min_s: f64, poll_cost: f64) -> Lines {
    let gap = (min_s / grid.step_s).ceil().max(1.0) as usize;
    let mut lines = Lines {
        t: points.iter().map(|p| p.t).collect(),
        cost: points.iter().map(|p| p.cost(p.end())).collect(),
    };
    for (x, here) in points.iter().enumerate().take(grid.inner).rev() {
        let least = lines.least(here.mass, x + gap, x + 1 + grid.reach);
        let value = match least {
            Some(least) if !here.blocked => least + here.moment + poll_cost,
            _ => BLOCKED_COST,
        };
        if let Some(cost) = lines.cost.get_mut(x) {
            *cost = here.cost(value);
        }
    }
    lines
}

impl Point {
    /// `cost` of [`Lines`], if everything from here on costs `value`.
    fn cost(&self, value: f64) -> f64 {
        self.t * self.mass - self.moment + value
    }

    /// The cost at the end of the grid.
    fn end(&self) -> f64 {
        if self.blocked { BLOCKED_COST } else { 0.0 }
    }
}

impl Lines {
    /// The minimum of the lines of some points at `mass`; `None` if there are no points.
    fn least(&self, mass: f64, from: usize, to: usize) -> Option<f64> {
        let to = to.min(self.t.len());
        let (t, cost) = (self.t.get(from..to)?, self.cost.get(from..to)?);
        let smaller = |a: f64, b: f64| if b < a { b } else { a };
        // Eight minima side by side: with a single one each step would wait for the one before.
        let mut least = [f64::INFINITY; 8];
        let ((ts, t), (costs, cost)) = (t.as_chunks::<8>(), cost.as_chunks::<8>());
        for (t, cost) in ts.iter().zip(costs) {
            for ((least, t), cost) in least.iter_mut().zip(t).zip(cost) {
                *least = smaller(*least, cost - mass * t);
            }
        }
        let rest = t.iter().zip(cost).map(|(t, cost)| cost - mass * t);
        let least = least.into_iter().chain(rest).fold(f64::INFINITY, smaller);
        least.is_finite().then_some(least)
    }
}

/// The times that are considered.
#[derive(Debug)]
struct Grid {
    step_min: i64,
    step_s: f64,
    /// Points that have successors.
    inner: usize,
    /// How many successors a point has.
    reach: usize,
    offset_min: i64,
    /// The feed's own minute after the full hour.
    own_min: f64,
}

impl Grid {
    fn of(usual: f64, max_s: f64, offsets: [f64; 2]) -> Self {
        let [minute_offset, grid_offset] = offsets;
        let reach = (REACH * usual).max(3600.0).min(max_s);
        let horizon = (HORIZON * usual).min(3.5 * max_s);
        let step = (usual / STEPS)
            .clamp(60.0, 900.0)
            .max(reach / STEPS_MAX)
            .max(horizon / POINTS);
        let step_min = (step / 60.0).round().max(1.0);
        let step_s = step_min * 60.0;
        Self {
            step_min: step_min as i64,
            step_s,
            inner: (horizon / step_s).ceil() as usize + 1,
            reach: (reach / step_s).ceil() as usize,
            offset_min: (grid_offset * step_min) as i64,
            own_min: minute_offset * (CROWD_SHARE * usual / 60.0).min(CROWD_MINUTES_MAX),
        }
    }

    /// All points from the shortest wait on, with the articles expected until each.
    fn points(&self, q: &WaitProblem<'_>) -> Vec<Point> {
        let now_min = q.at.seconds().div_euclid(60);
        let first_min = now_min + (q.min_s / 60.0) as i64 - self.offset_min;
        let start = first_min.div_euclid(self.step_min) * self.step_min + self.offset_min;
        let mut walk = Walk::from(start.min(now_min), q);
        walk.to(start);
        let points = (0..self.inner + self.reach).map(|_| {
            let point = Point {
                t: walk.minute as f64 * 60.0 - walk.now_s,
                mass: walk.mass,
                moment: walk.moment,
                blocked: self.is_crowded(walk.minute),
            };
            walk.to(walk.minute + self.step_min);
            point
        });
        points.collect()
    }

    /// Whether this minute belongs to feeds with a smaller offset.
    fn is_crowded(&self, minute: i64) -> bool {
        let into = minute.rem_euclid(60) as f64;
        into < self.own_min || (30.0..30.0 + self.own_min / 2.0).contains(&into)
    }
}

/// Sums up the expected articles, one half-hour after the other.
struct Walk<'s> {
    intensity: &'s Intensity,
    now_s: f64,
    minute: i64,
    half_hour: f64,
    mass: f64,
    moment: f64,
}

impl<'s> Walk<'s> {
    fn from(minute: i64, q: &WaitProblem<'s>) -> Self {
        Self {
            intensity: q.intensity,
            now_s: q.at.millis() as f64 / 1000.0,
            minute,
            half_hour: half_hour(q.intensity, minute),
            mass: 0.0,
            moment: 0.0,
        }
    }

    /// Of the current minute only the rest counts, and nothing of those before it.
    fn to(&mut self, minute: i64) {
        while self.minute < minute {
            let begins = self.minute as f64 * 60.0 - self.now_s;
            let until = if begins < 0.0 {
                self.part_of_minute(begins + 60.0);
                self.minute + 1
            } else {
                let half_hour = (self.minute.div_euclid(30) + 1) * 30;
                let until = minute.min(half_hour);
                self.whole_minutes(begins, until);
                until
            };
            self.minute = until;
            if until.rem_euclid(30) == 0 {
                self.half_hour = half_hour(self.intensity, until);
            }
        }
    }

    fn part_of_minute(&mut self, ends: f64) {
        let length = ends.clamp(0.0, 60.0);
        let of_minute = self.intensity.of_minutes(self.minute.rem_euclid(60), 1).0;
        let expected = length * self.half_hour * of_minute;
        self.mass += expected;
        self.moment += expected * (ends - length / 2.0);
    }

    fn whole_minutes(&mut self, begins: f64, until: i64) {
        let first = self.minute.rem_euclid(60);
        let (sum, moment) = self.intensity.of_minutes(first, until - self.minute);
        let a_minute = 60.0 * self.half_hour;
        self.mass += a_minute * sum;
        self.moment += a_minute * (sum * begins + moment * 60.0);
    }
}

fn half_hour(intensity: &Intensity, minute: i64) -> f64 {
    intensity.of_half_hour(WeekSlot::of(Time::from_seconds(minute * 60)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::profile::{DATED, Profile};
    use crate::schedule::support::noon;
    use proptest::prelude::*;

    const HOUR_S: f64 = 3600.0;

    /// A feed that publishes evenly, except in the first minute of an hour.
    fn even() -> Intensity {
        let mut profile = Profile::default();
        for i in 0..20_000 {
            profile.note(Time::from_seconds(i * 7 * 86_400 / 20_000), DATED);
        }
        Intensity::of(&profile)
    }

    /// One that publishes daily at this second of the day.
    fn daily(second: i64) -> Intensity {
        let mut profile = Profile::default();
        for day in 0..60 {
            profile.note(Time::from_seconds(day * 86_400 + second), DATED);
        }
        Intensity::of(&profile)
    }

    fn ask(intensity: &Intensity, interval: f64) -> WaitProblem<'_> {
        WaitProblem {
            intensity,
            at: noon(),
            poll_cost: interval * interval / 2.0,
            min_s: 300.0,
            max_s: 24.0 * HOUR_S,
            capacity_s: f64::INFINITY,
            offsets: [0.0, 0.0],
        }
    }

    #[test]
    fn with_constant_intensity_the_interval_is_the_square_root_law() {
        let intensity = even();
        for interval in [0.5 * HOUR_S, 2.0 * HOUR_S, 8.0 * HOUR_S] {
            let wait = best_wait(&ask(&intensity, interval));
            assert!(
                (0.75..1.3).contains(&(wait / interval)),
                "{wait} {interval}"
            );
        }
    }

    #[test]
    fn a_poll_comes_soon_after_the_usual_moment() {
        // 17:20 every day; it is 13:35.
        let intensity = daily(17 * 3600 + 20 * 60);
        let wait = best_wait(&ask(&intensity, 3.0 * HOUR_S));
        let due = noon().seconds() as f64 + wait;
        let late = due.rem_euclid(86_400.0) - (17.0 * HOUR_S + 1200.0);
        assert!((0.0..1800.0).contains(&late), "{late}");
    }

    #[test]
    fn the_bounds_hold() {
        let intensity = even();
        let mut q = ask(&intensity, 60.0);
        q.min_s = 5.0 * HOUR_S;
        assert!((5.0 * HOUR_S..6.5 * HOUR_S).contains(&best_wait(&q)));
        let mut q = ask(&intensity, 1e9);
        q.max_s = HOUR_S;
        assert!(best_wait(&q) <= HOUR_S);
        q.min_s = 2.0 * HOUR_S;
        assert!(best_wait(&q) >= 2.0 * HOUR_S);
    }

    #[test]
    fn a_window_that_fills_is_emptied_before() {
        let intensity = even();
        let mut q = ask(&intensity, 12.0 * HOUR_S);
        q.capacity_s = 2.0 * HOUR_S;
        assert!((HOUR_S..3.0 * HOUR_S).contains(&best_wait(&q)));
        q.min_s = 4.0 * HOUR_S;
        assert!(best_wait(&q) >= 4.0 * HOUR_S);
    }

    #[test]
    fn et_23_after_the_full_hour_every_feed_has_its_own_minute() {
        let intensity = daily(15 * 3600);
        let minutes: Vec<i64> = (0..10)
            .map(|i| {
                let mut q = ask(&intensity, 2.0 * HOUR_S);
                q.offsets = [f64::from(i) / 10.0, f64::from(i * 7 % 10) / 10.0];
                let due = noon().millis() as f64 / 60_000.0 + best_wait(&q) / 60.0;
                due.round() as i64 % 60
            })
            .collect();
        let different: std::collections::BTreeSet<_> = minutes.iter().collect();
        assert!(different.len() >= 6, "{minutes:?}");
    }

    proptest! {
        #[test]
        fn rel_07_every_problem_has_a_solution_within_its_bounds(
            at in -1e12..1e13_f64,
            poll_cost in prop_oneof![0.0..1e12_f64, Just(f64::MAX), Just(0.0)],
            min_s in 0.0..1e7_f64,
            max_s in prop_oneof![0.0..1e6_f64, Just(1e19)],
            capacity_s in 0.0..1e9_f64,
            offsets in [0.0..1.0_f64, 0.0..1.0_f64],
        ) {
            let intensity = Intensity::of(&Profile::default());
            let at = Time::from_millis(at as i64);
            let wait = best_wait(&WaitProblem { intensity: &intensity, at, poll_cost, min_s, max_s, capacity_s, offsets });
            prop_assert!(wait >= min_s);
            prop_assert!(wait <= max_s.max(min_s));
        }
    }
}
