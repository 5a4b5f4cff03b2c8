//! What is remembered of a feed between polls, and its stored form. It holds counts and times only; [`super::next`] makes
//! each decision from them.

use super::backoff::Health;
use super::bytes::{Reader, Writer};
use super::floors;
use super::floors::PublisherHints;
use super::input::Policy;
use super::moved::PendingMove;
use super::poll_cost::Demand;
use super::push::HubReliability;
use super::rates::Rates;
use crate::model::Time;

/// Layout of [`State::to_bytes`]. A stored state of another layout is read as that of a new feed: its statistics are
/// learned again within days, and floors are not lost because the store keeps them too.
const VERSION: u8 = 2;
/// The layout before hubs were known.
const BEFORE_HUBS: u8 = 1;

/// What is known of a feed; the default is that of a new one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct State {
    /// The last poll.
    pub(super) last: Option<Time>,
    /// Failures in a row, and when they began.
    pub(super) health: Health,
    /// What the publisher last said about when to poll.
    pub(super) publisher_hints: PublisherHints,
    /// A permanent redirect that is not confirmed yet.
    pub(super) pending_move: PendingMove,
    /// Whether its hub can be relied on.
    pub(super) hub: HubReliability,
    /// How it publishes.
    pub(super) rates: Rates,
}

impl State {
    /// What the cost of a poll is computed from ([`super::PollCost::solve`]). Leave out feeds with the user's own interval.
    pub fn demand(&self, policy: &Policy) -> Demand {
        let min_interval =
            floors::min_interval(&self.publisher_hints, policy, self.rates.mean_gap());
        self.rates.demand(policy, min_interval)
    }

    /// The same after the machine's clock was set by `ms`: all times in it move along (ET-24).
    #[must_use]
    pub fn moved(mut self, ms: i64) -> Self {
        let times = [&mut self.last]
            .into_iter()
            .chain(self.health.times())
            .chain(self.pending_move.times())
            .chain(self.rates.times());
        for time in times {
            *time = time.map(|t| t.moved(ms));
        }
        self
    }

    /// Reads the stored form. Empty, damaged or foreign bytes are a new feed.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self::read(bytes).unwrap_or_default()
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        let version = from.u8()?;
        if !matches!(version, VERSION | BEFORE_HUBS) {
            return None;
        }
        let state = Self {
            last: from.time()?.0,
            health: Health::read(&mut from)?,
            publisher_hints: PublisherHints::read(&mut from)?,
            pending_move: PendingMove::read(&mut from)?,
            rates: Rates::read(&mut from)?,
            hub: match version {
                BEFORE_HUBS => HubReliability::default(),
                _ => HubReliability::read(&mut from)?,
            },
        };
        from.0.is_empty().then_some(state)
    }

    /// The stored form, at most 300 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.u8(VERSION);
        to.time(self.last);
        self.health.write(&mut to);
        self.publisher_hints.write(&mut to);
        self.pending_move.write(&mut to);
        self.rates.write(&mut to);
        self.hub.write(&mut to);
        to.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailureKind;
    use crate::model::span::{DAY, HOUR};
    use crate::schedule::support::*;
    use crate::schedule::{Plan, next};

    #[test]
    fn foreign_bytes_are_a_new_feed() {
        assert_eq!(State::from_bytes(b""), State::default());
        assert_eq!(State::from_bytes(&[255; 300]), State::default());
        let (state, _) = after(&[document(noon(), 5)], &policy());
        let mut bytes = state.to_bytes();
        assert_eq!(State::from_bytes(&bytes), state);
        bytes.pop();
        assert_eq!(State::from_bytes(&bytes), State::default());
        bytes[0] = BEFORE_HUBS;
        assert_eq!(State::from_bytes(&bytes), state);
    }

    #[test]
    fn et_24_a_state_moved_with_the_clock_plans_the_same_waits() {
        let day = i64::try_from(DAY.as_millis()).unwrap();
        for kind in [
            FailureKind::Gone,
            FailureKind::NotFound,
            FailureKind::Server,
        ] {
            let (state, _) = after(
                &[document(noon(), 20), failed(noon().plus(HOUR), kind)],
                &policy(),
            );
            for by in [7 * day, -7 * day] {
                let at = noon().plus(HOUR * 2);
                let (_, plan) = next(&state, &failed(at, kind), &policy());
                let (_, moved) = next(
                    &state.clone().moved(by),
                    &failed(at.moved(by), kind),
                    &policy(),
                );
                let wait = |plan: &Plan, at: Time| plan.next_at.unwrap().since(at);
                let (plan, moved) = (wait(&plan, at), wait(&moved, at.moved(by)));
                assert!(
                    plan.abs_diff(moved) <= CHANCE + plan / 10,
                    "{plan:?} {moved:?}"
                );
            }
        }
    }

    #[test]
    fn the_stored_form_is_small() {
        let (state, _) = after(
            &[
                document(noon(), 20),
                failed(noon().plus(HOUR), FailureKind::Gone),
            ],
            &policy(),
        );
        assert!(state.to_bytes().len() <= 300);
    }
}
