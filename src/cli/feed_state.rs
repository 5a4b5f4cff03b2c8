//! The state of a feed as text: what is wrong with it, how long it has been failing and when it is retried. What to do about it
//! is in [`crate::schedule::remedy`].

use super::times::Times;
use crate::model::{Feed, FeedState};
use crate::schedule::remedy;

/// A state, spelled as in JSON.
pub fn name(state: FeedState) -> &'static str {
    state.name()
}

/// What is wrong with a feed, as rows of a table; empty if nothing is.
pub fn trouble(f: &Feed, times: &Times) -> Vec<(&'static str, String)> {
    let Some(what) = remedy::what_to_do(f) else {
        return Vec::new();
    };
    let error = f.last_error.clone().unwrap_or_default();
    vec![
        ("state", format!("{}: {error}", name(f.state))),
        ("failed", since(f, times)),
        ("next try", next_try(f, times)),
        ("what to do", what),
    ]
}

/// When the feed is retried, and by which rule.
fn next_try(feed: &Feed, times: &Times) -> String {
    let Some(next) = feed.next_poll else {
        return "never".to_owned();
    };
    let when = match next <= times.now {
        true => "due now".to_owned(),
        false => times.full(next),
    };
    match remedy::next_try(feed) {
        Some(rule) => format!("{when}; {rule}"),
        None => when,
    }
}

/// How long the feed has been failing.
fn since(feed: &Feed, times: &Times) -> String {
    let often = match feed.failures {
        1 => "once".to_owned(),
        n => format!("{n} times in a row"),
    };
    match feed.last_success {
        Some(last) => format!("{often}; last success {}", times.full(last)),
        None => format!("{often}; no success yet"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FailureKind, Time};

    #[test]
    fn a_feed_that_is_not_planned_is_never_tried_again() {
        let times = Times::new(None, Time::EPOCH);
        let mut feed = Feed {
            state: FeedState::Failing,
            next_poll: Some(Time::EPOCH),
            failures: 2,
            last_error: Some("it failed".to_owned()),
            failure_kind: Some(FailureKind::Server),
            ..Feed::example("https://news.example/feed", "News")
        };
        assert_eq!(
            next_try(&feed, &times),
            "due now; the interval doubles after each failure, up to a day"
        );
        feed.next_poll = None;
        assert_eq!(next_try(&feed, &times), "never");
        assert_eq!(since(&feed, &times), "2 times in a row; no success yet");
    }
}
