//! The plan of one feed by the price: what [`super::plan`] is asked, and what it answered in words.

use std::time::Duration;

use super::next::Wish;
use super::plan::{Question, best_wait};
use super::profile::Place;
use super::shape::Shape;
use crate::model::Time;

/// All that is needed to plan a feed's next poll, and to say why.
#[derive(Debug)]
pub struct Priced {
    /// When it publishes.
    pub shape: Shape,
    /// The last poll.
    pub at: Time,
    /// Articles a day as things are, and as usual.
    pub rates: (f64, f64),
    /// What a poll may cost, in article-seconds.
    pub price: f64,
    /// The same over the feed's worth, in s²; see [`Question::price`].
    pub relative_price: f64,
    /// Seconds of the feed's own time until its window is too full.
    pub room: f64,
    /// Its own places in the crowd; see [`Question::own`].
    pub own: [f64; 2],
    /// However often it publishes, not sooner.
    pub least: Duration,
    /// `max_interval`.
    pub most: Duration,
    /// While nothing was ever seen: not later.
    pub patience: Option<Duration>,
}

impl Priced {
    /// The best wait of at least `least`.
    pub fn wait(&self, least: Duration) -> Duration {
        let wait = best_wait(&Question {
            shape: &self.shape,
            at: self.at,
            price: self.relative_price,
            least: least.as_secs_f64(),
            most: self.most.as_secs_f64(),
            room: self.room,
            own: self.own,
        });
        // Whole milliseconds, as all times are.
        let wait = Duration::try_from_secs_f64((wait * 1000.0).round() / 1000.0);
        let wait = wait.unwrap_or(self.most);
        match self.patience {
            Some(patience) => wait.min(patience.max(least)),
            None => wait,
        }
    }

    /// What we would do if no floor held us back.
    pub fn wish(&self) -> Wish {
        let wait = self.wait(self.least);
        let words = if self.patience.is_some_and(|p| p <= wait) {
            "nothing published yet".to_owned()
        } else {
            self.words(wait)
        };
        Wish {
            wait,
            words,
            most: Some((self.most, "max_interval")),
        }
    }

    fn words(&self, wait: Duration) -> String {
        let place = Place::of(self.at.plus(wait));
        let (now, usual) = self.rates;
        format!(
            "priced waiting: {now:.1} articles a day (usually {usual:.1}), x{:.1} about {:02}:{:02}; a poll costs {:.0} article-min",
            self.shape.of_half_hour(place),
            place.half_hour / 2,
            place.half_hour % 2 * 30,
            self.price / 60.0,
        )
    }
}
