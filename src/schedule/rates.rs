//! How a feed publishes, learned from what each poll brought: how much, with a slow and a fast memory, and when
//! ([`Profile`]). Only what was seen counts; a failed poll teaches nothing.

use std::time::Duration;

use super::bytes::{Reader, Writer};
use super::cost_model::CostModel;
use super::intensity::Intensity;
use super::poll_cost::{self, Demand};
use super::profile::{DATED, Profile, UNDATED};
use super::spread::{Draw, random_fraction};
use super::{DAY, HOUR, Observation, Policy, PollResult};
use crate::model::Time;

const DAY_S: f64 = 86_400.0;
/// Half-lives in days: what is usual, and what is going on now.
const SLOW_HALF_LIFE_DAYS: f64 = 21.0;
const FAST_HALF_LIFE_DAYS: f64 = 2.0;
/// What is believed of a feed of which nothing is known, in articles, at one a day.
const PRIOR_ARTICLES: f64 = 0.7;
/// How many articles' worth of evidence it takes to leave the slow rate.
const RATE_INERTIA: f64 = 4.0;
/// A first document of so many articles is taken for full: it covers what its dates cover, however short.
const FULL_DOCUMENT: usize = 10;
/// However much a feed publishes, it is not asked sooner by our own plan (ET-18).
const MIN_WAIT: Duration = Duration::from_secs(300);
/// A date so much before the last poll is not that of its appearance.
const LATE_BY: Duration = HOUR;
/// How full the document may be expected to get, for what falls out is lost; and how much more cautious every
/// overflow of the last weeks makes us, for some feeds publish in bursts.
const FILL_MAX: f64 = 0.8;
const OVERFLOW_CAUTION: f64 = 0.3;
const OVERFLOW_CAUTION_MAX: f64 = 1.5;
/// Every feed counts as if it published so much more a day for each poll of the budget: in the mean over
/// articles a rare feed would hardly be asked, and its reader waits too.
const RARE_FEED_BONUS: f64 = 1.0 / 28.0;
/// A poll that moves so many bytes costs twice as much as one that moves none.
const DOUBLE_COST_BYTES: f64 = 65_536.0;
/// Window of a document whose size is not known.
const DEFAULT_WINDOW: u16 = 20;

/// What is known about how a feed publishes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rates {
    slow_n: f32,
    slow_days: f32,
    fast_n: f32,
    fast_days: f32,
    /// How often the document overflowed, with the slow memory.
    overflows: f32,
    /// Mean bytes of a body, 304 counting as none.
    bytes: f32,
    /// Articles in the last document; 0: none seen.
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
        let share = if last.is_some() { 0.25 } else { 1.0 };
        if !matches!(observation.result, PollResult::Pushed { .. }) {
            self.bytes += (observation.bytes as f32 - self.bytes) * share;
        }
        self.profile.age(observation.at);
        match last {
            None => self.observe_first(new, observation.at),
            Some(last) => self.observe_next(new, full, last, observation.at),
        }
    }

    /// The first document is free history: its dates fill the slow rate and the profile.
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

    /// Articles a day, as usual. What was believed before yields as articles come.
    fn usual_rate(&self) -> f64 {
        let n = f64::from(self.slow_n);
        (n + PRIOR_ARTICLES) / (f64::from(self.slow_days) + PRIOR_ARTICLES / (1.0 + n))
    }

    /// Articles a day, as things are.
    fn current_rate(&self) -> f64 {
        let usual_rate = self.usual_rate();
        (f64::from(self.fast_n) + RATE_INERTIA)
            / (f64::from(self.fast_days) + RATE_INERTIA / usual_rate)
    }

    /// The usual time between two articles.
    pub fn mean_gap(&self) -> Duration {
        Duration::try_from_secs_f64(DAY_S / self.usual_rate()).unwrap_or(Duration::MAX)
    }

    /// What the price is solved from.
    pub fn demand(&self, policy: &Policy, min_interval: Duration) -> Demand {
        Demand {
            value: self.value(policy) * Intensity::of(&self.profile).evenness().powi(2),
            min_interval,
            max_interval: policy.max_interval,
        }
    }

    /// Articles a day, rare feeds raised, over how dear a poll is.
    fn value(&self, policy: &Policy) -> f64 {
        (self.current_rate() + rare_feed_bonus(policy))
            / (1.0 + f64::from(self.bytes) / DOUBLE_COST_BYTES)
    }

    /// The plan by the price.
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

    /// Until anything is seen: as long as it has been known, an hour at least; so the wait doubles until the price
    /// takes over.
    fn initial_wait_max(&self) -> Option<Duration> {
        let known = f64::from(self.slow_days) * DAY_S;
        let known = Duration::try_from_secs_f64(known).unwrap_or(DAY);
        (self.slow_n == 0.0).then(|| known.max(HOUR))
    }

    /// Every time in it.
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

/// See [`RARE_FEED_BONUS`].
pub fn rare_feed_bonus(policy: &Policy) -> f64 {
    policy.polls_per_day.max(0.0) * RARE_FEED_BONUS
}

fn in_days(span: Duration) -> f64 {
    span.as_secs_f64() / DAY_S
}

/// What is left of a count after so many days.
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
    fn the_first_document_is_free_history() {
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
    fn what_moves_many_bytes_is_asked_less() {
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
    fn until_anything_is_seen_the_wait_doubles_until_the_price_takes_over() {
        let mut scarce = policy();
        scarce.polls_per_day = 4.0;
        let (_, waits) = follow(State::default(), noon(), 8, &scarce, |at| document(at, 0));
        assert!(waits[0] >= HOUR && waits[0] < MINUTE * 80, "{waits:?}");
        assert!(waits[1] >= HOUR && waits[1] < HOUR * 3, "{waits:?}");
        assert!(waits[3] > waits[1] && waits[7] > HOUR * 6, "{waits:?}");
    }
}
