//! When a feed that fails is tried again, and since when it fails, for a terminal. What to do about it is in
//! [`crate::schedule::remedy`].

use super::times::Times;
use crate::model::Feed;
use crate::schedule::remedy;

/// When it is tried again, and by which rule.
pub fn next_try(feed: &Feed, times: &Times) -> String {
    let Some(next) = feed.next_poll else {
        return "never".to_owned();
    };
    let when = match next <= times.now {
        true => "now due".to_owned(),
        false => times.full(next),
    };
    match remedy::next_try(feed) {
        Some(rule) => format!("{when}; {rule}"),
        None => when,
    }
}

/// How long it has been like this.
pub fn since(feed: &Feed, times: &Times) -> String {
    let often = match feed.failures {
        1 => "once".to_owned(),
        n => format!("{n} times in a row"),
    };
    match feed.last_success {
        Some(last) => format!("{often}; it last worked {}", times.full(last)),
        None => format!("{often}; it has never worked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FailureKind, FeedState, Time};

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
            "now due; the interval doubles after each failure, up to a day"
        );
        feed.next_poll = None;
        assert_eq!(next_try(&feed, &times), "never");
        assert_eq!(
            since(&feed, &times),
            "2 times in a row; it has never worked"
        );
    }
}
