//! All that may be polled, by one signal (SIGUSR1). It goes on as places become free, under the usual manners, until every
//! feed that could be asked was asked once; what is left alone is counted with its reason.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::candidates::Candidates;
use super::flight::TakeOff;
use crate::clock::{Clock, Moment};
use crate::model::FeedRow;
use crate::store::{Candidate, Rest, Skipped};

/// A signal is logged unless another came so short a time before.
const QUIET: Duration = Duration::from_secs(60);

/// The feeds of one signal that are still to be asked.
pub(super) struct PollAll {
    pub(super) candidates: Candidates,
    /// When the signal came.
    pub(super) begun: Moment,
    /// Feeds that fell due and were asked for that reason since.
    pub(super) asked_meanwhile: HashSet<FeedRow>,
    asked: usize,
    left: BTreeMap<Rest, usize>,
    is_told: bool,
}

impl PollAll {
    /// Begins; says how many feeds are to be asked and how many are left alone. A signal soon after `last` is not logged,
    /// so that a script that sends one after the other does not fill the log.
    pub(super) fn begin(
        feeds: Vec<Candidate>,
        skipped: &[Skipped],
        clock: &Clock,
        last: Option<Moment>,
    ) -> Self {
        let mut all = Self {
            candidates: Candidates::new(feeds),
            begun: clock.moment(),
            asked_meanwhile: HashSet::new(),
            asked: 0,
            left: BTreeMap::new(),
            is_told: last.is_none_or(|last| clock.elapsed(last) > QUIET),
        };
        all.leave(skipped);
        let feeds = all.candidates.len();
        if all.is_told {
            tracing::info!(
                feeds,
                feeds.left = skipped.len(),
                "SIGUSR1: feeds to poll now: {feeds}, each when its host has a turn{}",
                all.rest()
            );
        }
        all
    }

    /// Notes what was sent off, and what was not.
    pub(super) fn note(&mut self, done: &TakeOff) {
        self.asked += done.sent.len();
        self.leave(&done.left);
    }

    /// Whether every feed was asked or left alone; then it says so.
    pub(super) fn is_over(&self) -> bool {
        let is_over = self.candidates.len() == 0;
        if is_over && self.is_told {
            let asked = self.asked + self.asked_meanwhile.len();
            tracing::info!(
                feeds = asked,
                "SIGUSR1: done; feeds polled: {asked}{}",
                self.rest()
            );
        }
        is_over
    }

    fn leave(&mut self, skipped: &[Skipped]) {
        for skipped in skipped {
            *self.left.entry(skipped.rest).or_default() += 1;
        }
    }

    /// What is left alone, as the end of a sentence.
    fn rest(&self) -> String {
        let all: usize = self.left.values().sum();
        if all == 0 {
            return String::new();
        }
        let each = self.left.iter();
        let each: Vec<String> = each
            .map(|(rest, count)| format!("{count} {}", rest.in_words()))
            .collect();
        format!("; {all} are left alone: {}", each.join(", "))
    }
}
