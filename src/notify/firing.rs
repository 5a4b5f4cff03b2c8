//! Whether a change of a story fires for a target. One event per story, unless the target asks for more.

use super::notice::EventKind;
use crate::model::Seq;

/// What a target wants to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// Whether its expression counts copies or feeds: then a story fires when it reaches the number, however old it is.
    pub counts_copies: bool,
    /// Whether stories from before the target, old articles and first polls fire too.
    pub backlog: bool,
    /// Whether an edit of a story that has fired fires.
    pub updated: bool,
    /// Numbers of feeds at which a story that has fired fires again.
    pub grew_at: Vec<u32>,
}

/// What a story is like after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Whether it matches the target's expression.
    pub matches: bool,
    /// Whether it was first seen after the target was set up.
    pub is_newer: bool,
    /// Whether one of its copies is news: neither of the first poll of its feed nor an old article that came back.
    pub is_news: bool,
    /// The number of its copies.
    pub copies: u32,
    /// The number of feeds that carry it.
    pub feeds: u32,
    /// A hash of what is shown of it.
    pub digest: i64,
}

/// What a target knows of a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The highest number of feeds at an event.
    pub feeds: u32,
    /// The hash of what was shown at the last event; `None` if there was none, because the story matched before the target was
    /// set up.
    pub digest: Option<i64>,
}

/// The mark in the id of an event (see `event_id`): the same for the first event of a story whenever it is made, so that it has one id
/// also after a restore from a backup; for later growth the number that was reached, for an edit its sequence number and what is shown since.
pub fn mark(rule: &Rule, known: Option<&Known>, change: &Change, kind: EventKind, seq: Seq) -> i64 {
    match (kind, known) {
        (EventKind::New, _) | (_, None) => 0,
        // After a restore a sequence is given again, for another edit.
        (EventKind::Updated, _) => seq.get() ^ change.digest,
        (EventKind::Grew, _) => {
            let reached = rule.grew_at.iter().filter(|at| **at <= change.feeds);
            reached.max().map_or(0, |at| i64::from(*at))
        }
    }
}

/// What a change fires; `None`: nothing.
pub fn decide(rule: &Rule, known: Option<&Known>, change: &Change) -> Option<EventKind> {
    let Some(known) = known else {
        let is_due = rule.backlog || (change.is_news && (change.is_newer || rule.counts_copies));
        let is_growth = rule.counts_copies && change.copies > 1;
        return (is_due && change.matches).then_some(match is_growth {
            true => EventKind::Grew,
            false => EventKind::New,
        });
    };
    let reached = |at: &u32| known.feeds < *at && *at <= change.feeds;
    if rule.grew_at.iter().any(reached) {
        return Some(EventKind::Grew);
    }
    let is_edited = known.digest.is_some_and(|digest| digest != change.digest);
    (rule.updated && is_edited).then_some(EventKind::Updated)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEWS: Change = Change {
        matches: true,
        is_newer: true,
        is_news: true,
        copies: 1,
        feeds: 1,
        digest: 1,
    };

    fn known(feeds: u32, digest: Option<i64>) -> Known {
        Known { feeds, digest }
    }

    #[test]
    fn a_story_fires_once_when_it_first_matches() {
        let rule = Rule::default();
        assert_eq!(decide(&rule, None, &NEWS), Some(EventKind::New));
        let later = Change {
            copies: 9,
            feeds: 9,
            digest: 2,
            ..NEWS
        };
        assert_eq!(decide(&rule, Some(&known(1, Some(1))), &later), None);
        let other = Change {
            matches: false,
            ..NEWS
        };
        assert_eq!(decide(&rule, None, &other), None);
    }

    #[test]
    fn what_is_no_news_fires_only_with_backlog() {
        let backlog = Rule {
            backlog: true,
            ..Rule::default()
        };
        for old in [
            Change {
                is_newer: false,
                ..NEWS
            },
            Change {
                is_news: false,
                ..NEWS
            },
        ] {
            assert_eq!(decide(&Rule::default(), None, &old), None);
            assert_eq!(decide(&backlog, None, &old), Some(EventKind::New));
        }
    }

    #[test]
    fn a_story_of_any_age_fires_when_it_reaches_a_number_of_copies() {
        let rule = Rule {
            counts_copies: true,
            ..Rule::default()
        };
        let grown = Change {
            is_newer: false,
            copies: 5,
            feeds: 4,
            ..NEWS
        };
        assert_eq!(decide(&rule, None, &grown), Some(EventKind::Grew));
        // It had reached the number before the target was set up.
        assert_eq!(decide(&rule, Some(&known(4, None)), &grown), None);
        let resurfaced = Change {
            is_news: false,
            ..grown
        };
        assert_eq!(decide(&rule, None, &resurfaced), None);
    }

    #[test]
    fn growth_and_edits_fire_only_where_they_are_asked_for() {
        let rule = Rule {
            updated: true,
            grew_at: vec![3, 10],
            ..Rule::default()
        };
        let fired = known(2, Some(1));
        let at = |feeds: u32, digest: i64| {
            decide(
                &rule,
                Some(&fired),
                &Change {
                    feeds,
                    digest,
                    ..NEWS
                },
            )
        };
        assert_eq!(at(2, 1), None);
        assert_eq!(at(2, 2), Some(EventKind::Updated));
        assert_eq!(at(3, 2), Some(EventKind::Grew));
        assert_eq!(at(30, 1), Some(EventKind::Grew));
        let all = known(10, Some(1));
        assert_eq!(
            decide(&rule, Some(&all), &Change { feeds: 50, ..NEWS }),
            None
        );
        // An edit of a story that the receiver was never told of is no event.
        let untold = known(2, None);
        assert_eq!(
            decide(
                &rule,
                Some(&untold),
                &Change {
                    feeds: 2,
                    digest: 9,
                    ..NEWS
                }
            ),
            None
        );
    }
}
