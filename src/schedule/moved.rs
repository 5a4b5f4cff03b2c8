//! ET-36: a subscription moves when permanent redirects led to one and the same feed on three polls over at
//! least 72 h, never from https to http. A redirect that came once may be a mistake, or a captive portal's.

use std::time::Duration;

use super::bytes::{Reader, Writer};
use super::explain::span;
use super::spread::hash;
use super::{Observation, PollResult};
use crate::model::{Time, WebUrl};

/// So many polls must have named the target.
const POLLS_MIN: u8 = 3;
/// Over at least so long.
const SPAN_MIN: Duration = Duration::from_secs(72 * 3600);

/// A target on probation; its hash is enough to know it again.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PendingMove {
    target: u64,
    polls: u8,
    since: Option<Time>,
}

impl PendingMove {
    /// Takes note of where a poll was led; the target, once it is settled. A failure proves nothing either way.
    pub fn observe(&mut self, observation: &Observation) -> Option<WebUrl> {
        if matches!(
            observation.result,
            PollResult::Failed(_) | PollResult::Pushed { .. }
        ) {
            return None;
        }
        let target = observation.moved_to.as_ref();
        let Some(target) = target.filter(|t| t.is_https() || !observation.https) else {
            *self = Self::default();
            return None;
        };
        let name = hash(&[target.as_str().as_bytes()]);
        let (since, polls) = match self.since {
            Some(since) if self.target == name && since <= observation.at => (since, self.polls),
            _ => (observation.at, 0),
        };
        *self = Self {
            target: name,
            polls: polls.saturating_add(1),
            since: Some(since),
        };
        if self.polls < POLLS_MIN || observation.at.since(since) < SPAN_MIN {
            return None;
        }
        *self = Self::default();
        Some(target.clone())
    }

    /// What there is to tell of it, for the account of the plan.
    pub fn note(&self, observation: &Observation, moved: Option<&WebUrl>) -> Option<String> {
        if let Some(to) = moved {
            return Some(format!("the subscription is {to} from now on"));
        }
        let (to, since) = (observation.moved_to.as_ref()?, self.since?);
        Some(format!(
            "for good, it seems, to {to}: taken over after {POLLS_MIN} polls over {} that say so (poll {} since {since})",
            span(SPAN_MIN),
            self.polls
        ))
    }

    /// Every time in it.
    pub fn times(&mut self) -> [&mut Option<Time>; 1] {
        [&mut self.since]
    }

    /// Reads the stored form.
    pub fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            target: from.u64()?,
            polls: from.u8()?,
            since: from.time()?,
        })
    }

    /// Writes the stored form.
    pub fn write(&self, to: &mut Writer) {
        to.u64(self.target);
        to.u8(self.polls);
        to.time(self.since);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::HOUR;
    use crate::schedule::support::*;

    fn led(at: Time, target: &str, https: bool) -> Observation {
        Observation {
            moved_to: Some(WebUrl::parse(target).unwrap()),
            https,
            ..not_modified(at)
        }
    }

    fn moves(polls: &[(u32, Option<&str>)], https: bool) -> Vec<bool> {
        let mut pending_move = PendingMove::default();
        let polls = polls.iter().map(|(hours, target)| {
            let at = noon().plus(HOUR * *hours);
            let observation = match target {
                Some(target) => led(at, target, https),
                None => not_modified(at),
            };
            pending_move.observe(&observation).is_some()
        });
        polls.collect()
    }

    const NEW: Option<&str> = Some("https://new.example/feed");

    #[test]
    fn et_36_one_target_on_three_polls_over_72_hours_moves_the_subscription() {
        assert_eq!(
            moves(&[(0, NEW), (36, NEW), (72, NEW)], true),
            [false, false, true]
        );
        assert_eq!(
            moves(&[(0, NEW), (1, NEW), (2, NEW), (71, NEW)], true),
            [false; 4]
        );
        assert_eq!(moves(&[(0, NEW), (80, NEW)], true), [false; 2]);
    }

    #[test]
    fn et_36_another_target_or_none_begins_anew() {
        let other = Some("https://other.example/feed");
        assert_eq!(
            moves(&[(0, NEW), (36, other), (72, NEW), (73, NEW)], true),
            [false; 4]
        );
        assert_eq!(
            moves(&[(0, NEW), (36, None), (72, NEW), (73, NEW)], true),
            [false; 4]
        );
    }

    #[test]
    fn et_36_a_target_on_probation_is_told() {
        let mut pending_move = PendingMove::default();
        let mut told = Vec::new();
        for hours in [0, 36, 72] {
            let observation = led(noon().plus(HOUR * hours), "https://new.example/feed", true);
            let moved = pending_move.observe(&observation);
            told.push(pending_move.note(&observation, moved.as_ref()).unwrap());
        }
        assert!(told[1].contains("https://new.example/feed") && told[1].contains("(poll 2 since"));
        assert!(told[2].ends_with("from now on"), "{}", told[2]);
        assert_eq!(pending_move.note(&not_modified(noon()), None), None);
    }

    #[test]
    fn et_36_https_never_moves_to_http() {
        let plain = Some("http://new.example/feed");
        let polls = [(0, plain), (36, plain), (72, plain)];
        assert_eq!(moves(&polls, true), [false; 3]);
        assert_eq!(moves(&polls, false), [false, false, true]);
    }

    #[test]
    fn et_36_a_failure_between_proves_nothing() {
        let mut pending_move = PendingMove::default();
        for hours in [0, 36] {
            assert_eq!(
                pending_move.observe(&led(noon().plus(HOUR * hours), NEW.unwrap(), true)),
                None
            );
        }
        pending_move.observe(&failed(
            noon().plus(HOUR * 50),
            crate::model::FailureKind::Timeout,
        ));
        assert!(
            pending_move
                .observe(&led(noon().plus(HOUR * 72), NEW.unwrap(), true))
                .is_some()
        );
    }
}
