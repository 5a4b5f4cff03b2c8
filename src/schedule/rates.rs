//! How a feed publishes, learned from what each poll brought: how much, with a slow and a fast memory, and when
//! ([`Profile`]). A failed poll teaches nothing.

use std::time::Duration;

use super::bytes::{Reader, Writer};
use super::cost_model::CostModel;
use super::input::{Observation, Policy, PollResult};
use super::intensity::Intensity;
use super::poll_cost::{self, Demand, rare_feed_bonus};
use super::profile::{DATED, Profile, UNDATED};
use super::spread::{Draw, random_fraction};
use crate::model::Time;
use crate::model::span::{DAY, HOUR};

const DAY_S: f64 = 86_400.0;
/// Half-lives of the long-term rate and of the present one.
const SLOW_HALF_LIFE_DAYS: f64 = 21.0;
const FAST_HALF_LIFE_DAYS: f64 = 2.0;
/// The prior for an unknown feed, in articles, at one a day.
const PRIOR_ARTICLES: f64 = 0.7;
/// How many articles of evidence it takes to leave the slow rate.
const RATE_INERTIA: f64 = 4.0;
/// A first document with so many articles counts as full: it covers the span of its dates, however short.
const FULL_DOCUMENT: usize = 10;
/// The shortest wait of newswire's own plan, however much a feed publishes (ET-18).
const MIN_WAIT: Duration = Duration::from_secs(300);
/// An article dated so much before the last poll did not appear at its date.
const LATE_BY: Duration = HOUR;
/// How full the document may be expected to get, because what falls out of it is lost; and by how much every overflow of
/// the last weeks lowers that, because some feeds publish in bursts.
const FILL_MAX: f64 = 0.8;
const OVERFLOW_CAUTION: f64 = 0.3;
const OVERFLOW_CAUTION_MAX: f64 = 1.5;
/// A poll that transfers so many bytes costs twice as much as one that transfers none.
const DOUBLE_COST_BYTES: f64 = 65_536.0;
/// The assumed number of articles of a document whose size is not known.
const DEFAULT_WINDOW: u16 = 20;

/// What is known about how a feed publishes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rates {
    slow_n: f32,
    slow_days: f32,
    fast_n: f32,
    fast_days: f32,
    /// Overflows of the document, with the slow half-life.
    overflows: f32,
    /// Mean bytes of a body; a 304 counts as zero.
    bytes: f32,
    /// Articles in the last document; 0: no document yet.
    window: u16,
    profile: Profile,
}

impl Rates {
    /// Takes note of what a poll brought since `last`.
    pub fn observe(&mut self, last: Option<Time>, observation: &Observation) {
        let none: &[Option<Time>] = &[];
        let (new, full) = match &observation.result {
            PollResult::Document {
                new,
                window,
                window_full,
                ..
            } => {
                if *window > 0 {
                    self.window = u16::try_from(*window).unwrap_or(u16::MAX);
                }
                (new.as_slice(), *window_full)
            }
            PollResult::Pushed { new } => (new.as_slice(), false),
            _ => (none, false),
        };
        let weight = if last.is_some() { 0.25 } else { 1.0 };
        if !matches!(observation.result, PollResult::Pushed { .. }) {
            self.bytes += (observation.bytes as f32 - self.bytes) * weight;
        }
        self.profile.age(observation.at);
        match last {
            None => self.observe_first(new, observation.at),
            Some(last) => self.observe_next(new, full, last, observation.at),
        }
    }

    /// The dates of the first document are history: they fill the slow rate and the profile.
    fn observe_first(&mut self, new: &[Option<Time>], at: Time) {
        let dated = || new.iter().flatten().filter(|&&t| t <= at);
        for &t in dated() {
            self.profile.note(t, DATED);
        }
        let Some(&oldest) = dated().min() else {
            return;
        };
        let least = if new.len() < FULL_DOCUMENT {
            DAY * 2
        } else {
            HOUR
        };
        let days = in_days(at.since(oldest).clamp(least, DAY * 90));
        let memory = SLOW_HALF_LIFE_DAYS / std::f64::consts::LN_2;
        self.slow_days = (memory * (1.0 - decay(days, SLOW_HALF_LIFE_DAYS))) as f32;
        let weights = dated().map(|t| decay(in_days(at.since(*t)), SLOW_HALF_LIFE_DAYS));
        self.slow_n = weights.sum::<f64>() as f32;
    }

    /// Exposure is measured in the feed's own time, so that a quiet night is no decline. If the document
    /// overflowed, only the span that it covers was seen.
    fn observe_next(&mut self, new: &[Option<Time>], full: bool, last: Time, at: Time) {
        let credible = |t: &Time| *t <= at && t.plus(LATE_BY) >= last;
        let oldest = new.iter().flatten().filter(|t| credible(t)).min();
        let from = match oldest {
            Some(&oldest) if full && new.len() > 1 => oldest.max(last),
            _ => last,
        };
        let own_days = Intensity::of(&self.profile).exposure(from, at).max(1.0) / DAY_S;
        let days = in_days(at.since(from));
        let n = new.len() as f64;
        let decayed = |was: f32, half_life: f64, plus: f64| {
            (f64::from(was) * decay(days, half_life) + plus) as f32
        };
        self.overflows = decayed(
            self.overflows,
            SLOW_HALF_LIFE_DAYS,
            f64::from(u8::from(full)),
        );
        self.slow_n = decayed(self.slow_n, SLOW_HALF_LIFE_DAYS, n);
        self.slow_days = decayed(self.slow_days, SLOW_HALF_LIFE_DAYS, own_days);
        self.fast_n = decayed(self.fast_n, FAST_HALF_LIFE_DAYS, n);
        self.fast_days = decayed(self.fast_days, FAST_HALF_LIFE_DAYS, own_days);
        for t in new {
            match t.filter(credible) {
                Some(t) => self.profile.note(t, DATED),
                None => self.profile.note(at, UNDATED),
            }
        }
    }

    /// Articles a day in the long term. The prior loses weight as articles come.
    fn usual_rate(&self) -> f64 {
        let n = f64::from(self.slow_n);
        (n + PRIOR_ARTICLES) / (f64::from(self.slow_days) + PRIOR_ARTICLES / (1.0 + n))
    }

    /// Articles a day at present.
    fn current_rate(&self) -> f64 {
        let usual_rate = self.usual_rate();
        (f64::from(self.fast_n) + RATE_INERTIA)
            / (f64::from(self.fast_days) + RATE_INERTIA / usual_rate)
    }

    /// The usual time between two articles.
    pub fn mean_gap(&self) -> Duration {
        Duration::try_from_secs_f64(DAY_S / self.usual_rate()).unwrap_or(Duration::MAX)
    }

    /// What the cost of a poll is computed from.
    pub fn demand(&self, policy: &Policy, min_interval: Duration) -> Demand {
        Demand {
            value: self.value(policy) * Intensity::of(&self.profile).evenness().powi(2),
            min_interval,
            max_interval: policy.max_interval,
        }
    }

    /// Articles a day, with the bonus for rare feeds, over the relative cost of a poll.
    fn value(&self, policy: &Policy) -> f64 {
        (self.current_rate() + rare_feed_bonus(policy))
            / (1.0 + f64::from(self.bytes) / DOUBLE_COST_BYTES)
    }

    /// The inputs of the best wait.
    pub fn cost_model(&self, observation: &Observation, policy: &Policy) -> CostModel {
        let (rate, usual_rate) = (self.current_rate(), self.usual_rate());
        let poll_cost = policy.poll_cost.filter(|p| p.is_finite() && *p > 0.0);
        let poll_cost = poll_cost.unwrap_or_else(|| poll_cost::initial_estimate(policy));
        let window = if self.window == 0 {
            DEFAULT_WINDOW
        } else {
            self.window
        };
        let caution =
            1.0 + (OVERFLOW_CAUTION * f64::from(self.overflows)).min(OVERFLOW_CAUTION_MAX);
        CostModel {
            intensity: Intensity::of(&self.profile),
            at: observation.at,
            rates: (rate, usual_rate),
            poll_cost,
            relative_cost: poll_cost / (self.value(policy) / DAY_S),
            capacity_s: FILL_MAX * f64::from(window) / caution / rate.max(usual_rate) * DAY_S,
            offsets: [Draw::MinuteOffset, Draw::GridOffset]
                .map(|draw| random_fraction(policy.install, observation, draw)),
            min_wait: policy.min_interval.min(MIN_WAIT),
            max_wait: policy.max_interval,
            initial_wait_max: self.initial_wait_max(),
        }
    }

    /// Before any article was seen: as long as the feed has been known, at least an hour. So the wait doubles until the
    /// cost decides.
    fn initial_wait_max(&self) -> Option<Duration> {
        let known = f64::from(self.slow_days) * DAY_S;
        let known = Duration::try_from_secs_f64(known).unwrap_or(DAY);
        (self.slow_n == 0.0).then(|| known.max(HOUR))
    }

    /// All times in it.
    pub fn times(&mut self) -> [&mut Option<Time>; 1] {
        self.profile.times()
    }

    /// Reads the stored form.
    pub fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            slow_n: from.amount()?,
            slow_days: from.amount()?,
            fast_n: from.amount()?,
            fast_days: from.amount()?,
            overflows: from.amount()?,
            bytes: from.amount()?,
            window: from.u16()?,
            profile: Profile::read(from)?,
        })
    }

    /// Writes the stored form.
    pub fn write(&self, to: &mut Writer) {
        for amount in [
            self.slow_n,
            self.slow_days,
            self.fast_n,
            self.fast_days,
            self.overflows,
            self.bytes,
        ] {
            to.amount(amount);
        }
        to.u16(self.window);
        self.profile.write(to);
    }
}

fn in_days(span: Duration) -> f64 {
    span.as_secs_f64() / DAY_S
}

/// The share of a count that remains after so many days.
fn decay(days: f64, half_life: f64) -> f64 {
    0.5_f64.powf(days / half_life)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::State;
    use crate::schedule::support::*;

    fn found(at: Time, dates: &[Option<Time>], full: bool) -> Observation {
        let mut observation = document(at, 0);
        if let PollResult::Document {
            new, window_full, ..
        } = &mut observation.result
        {
            *new = dates.to_vec();
            *window_full = full;
        }
        observation
    }

    /// `n` dates, one every `gap`, the newest one gap ago.
    fn dates(at: Time, n: u32, gap: Duration) -> Vec<Option<Time>> {
        (1..=n).map(|i| Some(at.minus(gap * i))).collect()
    }

    #[test]
    fn the_dates_of_the_first_document_are_history() {
        for (gap, rate) in [(HOUR, 24.0), (DAY, 1.0), (MINUTE * 10, 144.0)] {
            let mut rates = Rates::default();
            rates.observe(None, &found(noon(), &dates(noon(), 20, gap), false));
            let got = rates.current_rate() / rate;
            assert!((0.7..1.4).contains(&got), "{got} of {rate}");
        }
    }

    #[test]
    fn dates_of_the_future_teach_nothing_and_undated_articles_count_half_in_the_profile() {
        let mut rates = Rates::default();
        rates.observe(None, &found(noon(), &[Some(noon().plus(DAY))], false));
        assert_eq!(rates.slow_n, 0.0);
        rates.observe(
            Some(noon()),
            &found(noon().plus(HOUR), &[None, Some(noon().minus(DAY))], false),
        );
        assert!(rates.slow_n > 1.9);
        assert_eq!(rates.profile.days.0.iter().sum::<u16>(), 2 * UNDATED);
    }

    #[test]
    fn after_an_overflow_only_the_covered_span_was_seen() {
        let mut plain = Rates::default();
        plain.observe(None, &document(noon(), 0));
        let mut full = plain.clone();
        let at = noon().plus(DAY);
        let new = dates(at, 20, MINUTE * 6);
        plain.observe(Some(noon()), &found(at, &new, false));
        full.observe(Some(noon()), &found(at, &new, true));
        assert!(full.current_rate() > 3.0 * plain.current_rate());
        assert!(full.overflows > 0.9);
    }

    #[test]
    fn silence_lowers_the_rate_within_days_and_the_usual_one_within_weeks() {
        let mut rates = Rates::default();
        rates.observe(None, &found(noon(), &dates(noon(), 20, HOUR * 2), false));
        let mut last = noon();
        for _ in 0..20 {
            let at = last.plus(HOUR * 6);
            rates.observe(Some(last), &not_modified(at));
            last = at;
        }
        assert!(rates.current_rate() < 2.5, "{}", rates.current_rate());
        assert!(rates.usual_rate() > rates.current_rate());
    }

    #[test]
    fn a_feed_of_many_bytes_is_polled_less() {
        let mut light = Rates::default();
        let observation = document(noon(), 9);
        light.observe(None, &observation);
        let mut heavy = Rates::default();
        let bytes = 500_000;
        heavy.observe(
            None,
            &Observation {
                bytes,
                ..observation
            },
        );
        let value = |rates: &Rates| rates.demand(&policy(), HOUR).value;
        assert!(value(&light) > 4.0 * value(&heavy));
    }

    #[test]
    fn before_the_first_article_the_wait_doubles_until_the_cost_decides() {
        let mut scarce = policy();
        scarce.polls_per_day = 4.0;
        let (_, waits) = follow(State::default(), noon(), 8, &scarce, |at| document(at, 0));
        assert!(waits[0] >= HOUR && waits[0] < MINUTE * 80, "{waits:?}");
        assert!(waits[1] >= HOUR && waits[1] < HOUR * 3, "{waits:?}");
        assert!(waits[3] > waits[1] && waits[7] > HOUR * 6, "{waits:?}");
    }
}
