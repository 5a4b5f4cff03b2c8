//! ET-36: a subscription moves when permanent redirects led to the same feed on three polls over at least 72 h, and never
//! from https to http. A single redirect may be a mistake, or a captive portal's.

use std::time::Duration;

use super::bytes::{Reader, Writer};
use super::explanation::RedirectNote;
use super::input::{Observation, PollResult};
use super::spread::hash;
use crate::model::{Time, WebUrl};

/// How many polls must have led to the target.
const POLLS_MIN: u8 = 3;
/// How long the first and the last of them must be apart.
const SPAN_MIN: Duration = Duration::from_secs(72 * 3600);

/// A target that is not confirmed yet. Its hash is enough to recognize it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PendingMove {
    target: u64,
    polls: u8,
    since: Option<Time>,
}

impl PendingMove {
    /// Takes note of where a poll was redirected. Returns the target once it is confirmed. A failure proves nothing.
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

    /// The note of it in the plan's explanation.
    pub fn note(&self, observation: &Observation, moved: Option<&WebUrl>) -> Option<RedirectNote> {
        if let Some(to) = moved {
            return Some(RedirectNote::Taken { to: to.to_string() });
        }
        let (to, since) = (observation.moved_to.as_ref()?, self.since?);
        Some(RedirectNote::Pending {
            to: to.to_string(),
            polls: self.polls,
            since,
            polls_min: POLLS_MIN,
            span_min: SPAN_MIN.into(),
        })
    }

    /// All times in it.
    pub fn times(&mut self) -> [&mut Option<Time>; 1] {
        [&mut self.since]
    }

    /// Reads the stored form.
    pub fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            target: from.u64()?,
            polls: from.u8()?,
            since: from.time()?.0,
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
    use crate::model::span::HOUR;
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
    fn et_36_another_target_or_none_starts_over() {
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
    fn et_36_a_target_that_is_not_confirmed_is_noted() {
        let mut pending_move = PendingMove::default();
        let mut notes = Vec::new();
        for hours in [0, 36, 72] {
            let observation = led(noon().plus(HOUR * hours), "https://new.example/feed", true);
            let moved = pending_move.observe(&observation);
            let note = pending_move.note(&observation, moved.as_ref());
            notes.push(note.unwrap().to_string());
        }
        assert!(
            notes[1].contains("https://new.example/feed") && notes[1].contains("(poll 2 since")
        );
        assert!(notes[2].ends_with("from now on"), "{}", notes[2]);
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
