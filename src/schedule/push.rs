//! ET-51: while a hub notifies newswire of changes, one poll a day is enough. A hub that missed an article is not relied on
//! until it delivers one again.

use std::time::Duration;

use super::bound::{Proposal, Reason};
use super::bytes::{Reader, Writer};
use super::input::{Observation, Policy, PollResult};
use crate::model::Time;
use crate::model::span::DAY;

/// A hub may take this long to deliver an article; a poll that finds it earlier proves nothing.
const GRACE: Duration = Duration::from_secs(15 * 60);

/// Whether the hub can be relied on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HubReliability {
    missed: bool,
}

impl HubReliability {
    /// Takes note of articles that came by push or by poll. `last` is the poll or push before.
    pub fn observe(&mut self, last: Option<Time>, observation: &Observation) {
        match &observation.result {
            PollResult::Pushed { .. } => self.missed = false,
            PollResult::Document { new, .. } => {
                let (Some(leased), Some(last)) = (observation.leased, last) else {
                    return;
                };
                let should_have_come = |published: &Option<Time>| match published {
                    Some(at) => *at >= leased && at.plus(GRACE) <= observation.at,
                    None => last >= leased,
                };
                self.missed |= new.iter().any(should_have_come);
            }
            PollResult::NotModified | PollResult::Failed(_) => {}
        }
    }

    /// One poll a day while the hub can be relied on.
    pub fn propose(&self, observation: &Observation, policy: &Policy) -> Option<Proposal> {
        (observation.leased.is_some() && !self.missed).then(|| Proposal {
            wait: DAY,
            reason: Reason::Hub,
            max: Some((
                policy.max_interval,
                Reason::MaxInterval(policy.max_interval.into()),
            )),
        })
    }

    /// Reads the stored form.
    pub fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            missed: from.u8()? != 0,
        })
    }

    /// Writes the stored form.
    pub fn write(&self, to: &mut Writer) {
        to.u8(u8::from(self.missed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::span::HOUR;
    use crate::schedule::support::*;
    use crate::schedule::{State, next};

    fn leased(observation: Observation) -> Observation {
        Observation {
            leased: Some(noon()),
            ..observation
        }
    }

    fn pushed(at: Time) -> Observation {
        let new = vec![Some(at.minus(MINUTE))];
        leased(Observation {
            result: PollResult::Pushed { new },
            ..document(at, 0)
        })
    }

    /// A busy feed, known for a day when its lease begins.
    fn busy() -> State {
        let first = document(noon().minus(DAY), 20);
        after(&[first, document(noon().minus(HOUR), 15)], &policy()).0
    }

    fn wait(state: &State, observation: &Observation) -> (State, Duration) {
        let (state, plan) = next(state, observation, &policy());
        (state, plan.next_at.unwrap().since(observation.at))
    }

    #[test]
    fn et_51_while_a_hub_notifies_polls_fall_to_one_a_day() {
        let at = noon().plus(HOUR);
        let (_, usual) = wait(&busy(), &not_modified(at));
        assert!(usual < HOUR * 6, "{usual:?}");
        let (state, slow) = wait(&busy(), &leased(not_modified(at)));
        assert!(slow >= DAY - CHANCE && slow <= DAY + CHANCE, "{slow:?}");
        let (state, slow) = wait(&state, &pushed(at.plus(HOUR)));
        assert!(slow >= DAY - CHANCE, "a push is no reason to poll");
        let (_, usual) = wait(&state, &not_modified(at.plus(HOUR * 2)));
        assert!(usual < HOUR * 6, "a lost lease restores the plan");
    }

    #[test]
    fn et_51_a_pull_that_finds_what_push_missed_restores_the_plan_until_the_next_push() {
        let at = noon().plus(HOUR * 20);
        let (state, plan) = wait(&busy(), &leased(document(at, 3)));
        assert!(plan < HOUR * 6, "{plan:?}");
        let (state, plan) = wait(&state, &leased(not_modified(at.plus(HOUR))));
        assert!(plan < HOUR * 6, "{plan:?}");
        let (state, _) = wait(&state, &pushed(at.plus(HOUR * 2)));
        let (_, slow) = wait(&state, &leased(not_modified(at.plus(HOUR * 3))));
        assert!(slow >= DAY - CHANCE, "{slow:?}");
    }

    #[test]
    fn et_51_what_was_there_before_the_lease_or_came_just_now_was_not_missed() {
        let found = |at: Time, published: Option<Time>| {
            let mut observation = leased(document(at, 1));
            if let PollResult::Document { new, .. } = &mut observation.result {
                *new = vec![published];
            }
            wait(&busy(), &observation).1
        };
        let at = noon().plus(HOUR * 5);
        assert!(
            found(at, Some(noon().minus(MINUTE))) >= DAY - CHANCE,
            "before the lease"
        );
        assert!(
            found(at, Some(at.minus(MINUTE * 5))) >= DAY - CHANCE,
            "on its way"
        );
        assert!(found(at, Some(at.minus(HOUR))) < HOUR * 6, "missed");
        assert!(
            found(at, None) >= DAY - CHANCE,
            "undated, perhaps from before the lease"
        );
    }

    #[test]
    fn et_51_the_users_interval_and_the_servers_word_hold_nevertheless() {
        let mut observation = leased(not_modified(noon().plus(HOUR)));
        observation.interval = Some(HOUR * 2);
        assert!(wait(&busy(), &observation).1 < HOUR * 3);
        let mut observation = leased(not_modified(noon().plus(HOUR)));
        observation.hints.retry_after = Some(DAY * 2);
        assert!(wait(&busy(), &observation).1 >= DAY * 2);
    }
}
