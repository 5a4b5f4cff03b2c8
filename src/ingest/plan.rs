//! The plan for the next poll of a feed: passes what a poll observed to [`schedule`]. Pure.

use super::read_document::Contents;
use crate::model::{Extent, Hints, Outcome, Poll};
use crate::schedule::{self, Observation, Policy, PollResult, State};
use crate::store::{Claim, PlanCommit};

/// Plans the next poll. `offline`: the failure is the network's.
pub(super) fn plan(
    policy: &Policy,
    claim: &Claim,
    poll: &Poll,
    contents: &Contents,
    offline: bool,
) -> PlanCommit {
    #[cfg(test)]
    crate::faults::panic_at("plan", claim.url.host());
    let result = match &poll.outcome {
        Outcome::Document { .. } if poll.extent == Extent::Push => PollResult::Pushed {
            new: contents.new.clone(),
        },
        Outcome::Document { validators, .. } => PollResult::Document {
            window_full: contents.overflowed(claim),
            new: contents.new.clone(),
            window: contents.window,
            validators: !validators.is_empty(),
        },
        Outcome::NotModified { .. } => PollResult::NotModified,
        Outcome::Failed(f) => PollResult::Failed(f.kind),
    };
    let was_read = !matches!(result, PollResult::Failed(_));
    let observation = Observation {
        at: poll.finished,
        hints: Hints {
            fresh_for: poll.hints.fresh_for,
            no_cache: poll.hints.no_cache,
            retry_after: poll.hints.retry_after,
            ..contents.hints.clone()
        },
        moved_to: poll
            .final_url
            .clone()
            .filter(|_| was_read && poll.moved_permanently),
        interval: claim.settings.interval,
        bytes: poll.bytes_wire,
        leased: claim.hub.as_ref().and_then(|hub| hub.since(poll.finished)),
        offline,
        feed: claim.id.0.as_u64_pair().0,
        https: claim.url.is_https(),
        result,
    };
    let (state, plan) = schedule::next(&State::from_bytes(&claim.schedule), &observation, policy);
    PlanCommit {
        state: state.to_bytes(),
        next_at: plan.next_at,
        explanation: plan.explanation,
        floor: plan.floor,
        moved_to: plan.moved_to,
    }
}
