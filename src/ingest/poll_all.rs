//! A request to poll every feed that may be polled (SIGUSR1). It continues as visits end, with the usual limits, until every
//! feed was polled once or skipped; skipped feeds are counted by reason.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::candidates::Candidates;
use super::poll_batch::Started;
use crate::clock::{Clock, Moment};
use crate::model::FeedRow;
use crate::store::{Candidate, Rest, Skipped};

/// A request is logged unless the previous one was more recent than this.
const QUIET: Duration = Duration::from_secs(60);

/// The feeds of one request that are still to be polled.
pub(super) struct PollAll {
    pub(super) candidates: Candidates,
    /// When the request came.
    pub(super) begun: Moment,
    /// Feeds that became due since then and were polled for that reason.
    pub(super) polled_meanwhile: HashSet<FeedRow>,
    polled: usize,
    skipped: BTreeMap<Rest, usize>,
    is_logged: bool,
}

impl PollAll {
    /// Begins a request and logs how many feeds will be polled and skipped. A request soon after the one at `last` is not
    /// logged, so that a script that sends many does not fill the log.
    pub(super) fn begin(
        feeds: Vec<Candidate>,
        skipped: &[Skipped],
        clock: &Clock,
        last: Option<Moment>,
    ) -> Self {
        let mut all = Self {
            candidates: Candidates::new(feeds),
            begun: clock.moment(),
            polled_meanwhile: HashSet::new(),
            polled: 0,
            skipped: BTreeMap::new(),
            is_logged: last.is_none_or(|last| clock.elapsed(last) > QUIET),
        };
        all.skip(skipped);
        let feeds = all.candidates.len();
        if all.is_logged {
            tracing::info!(
                feeds,
                feeds.left = skipped.len(),
                "SIGUSR1: feeds to poll now: {feeds}, each when its host has a turn{}",
                all.skipped_text()
            );
        }
        all
    }

    /// Counts what was started and what was skipped.
    pub(super) fn note(&mut self, started: &Started) {
        self.polled += started.feeds.len();
        self.skip(&started.skipped);
    }

    /// Whether every feed was polled or skipped; if so, logs the result.
    pub(super) fn log_if_done(&self) -> bool {
        let is_done = self.candidates.len() == 0;
        if is_done && self.is_logged {
            let polled = self.polled + self.polled_meanwhile.len();
            tracing::info!(
                feeds = polled,
                "SIGUSR1: done; feeds polled: {polled}{}",
                self.skipped_text()
            );
        }
        is_done
    }

    fn skip(&mut self, skipped: &[Skipped]) {
        for skipped in skipped {
            *self.skipped.entry(skipped.rest).or_default() += 1;
        }
    }

    /// What was skipped, as the end of a sentence.
    fn skipped_text(&self) -> String {
        let all: usize = self.skipped.values().sum();
        if all == 0 {
            return String::new();
        }
        let each = self.skipped.iter();
        let each: Vec<String> = each
            .map(|(rest, count)| format!("{count} {}", rest.in_words()))
            .collect();
        format!("; skipped: {all} ({})", each.join(", "))
    }
}
