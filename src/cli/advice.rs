//! When a feed that fails is tried again, and since when it fails, for a terminal. What to do about it is in
//! [`crate::schedule::remedy`].

use super::human::{local, rough};
use crate::model::{Feed, Time};
use crate::schedule::remedy;

/// When it is tried again, and by which rule.
pub fn next_try(feed: &Feed, now: Time) -> String {
    let Some(next) = feed.next_poll else {
        return "never".to_owned();
    };
    let wait = next.since(now);
    let when = match wait.is_zero() {
        true => "now due".to_owned(),
        false => format!("{} (in {})", local(next), rough(wait)),
    };
    match remedy::next_try(feed) {
        Some(rule) => format!("{when}; {rule}"),
        None => when,
    }
}

/// How long it has been like this.
pub fn since(feed: &Feed) -> String {
    let times = match feed.failures {
        1 => "once".to_owned(),
        n => format!("{n} times in a row"),
    };
    match feed.last_success {
        Some(last) => format!("{times}; it last worked {}", local(last)),
        None => format!("{times}; it has never worked"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FailureKind, FeedId, FeedState};

    #[test]
    fn a_feed_that_is_not_planned_is_never_tried_again() {
        let mut feed = Feed {
            row: 1,
            id: FeedId::of("https://news.example/feed"),
            url: "https://news.example/feed".to_owned(),
            title: "News".to_owned(),
            site: None,
            folder: None,
            tags: Vec::new(),
            state: FeedState::Failing,
            last_poll: None,
            last_success: None,
            next_poll: Some(Time::EPOCH),
            failures: 2,
            last_error: Some("it failed".to_owned()),
            articles: 0,
            failure_kind: Some(FailureKind::Server),
            http_status: None,
            declared: false,
            interval_s: None,
            secrets_withheld_for: None,
            repairs: Vec::new(),
            outline: Vec::new(),
        };
        assert_eq!(
            next_try(&feed, Time::EPOCH),
            "now due; the interval doubles after each failure, up to a day"
        );
        feed.next_poll = None;
        assert_eq!(next_try(&feed, Time::EPOCH), "never");
        assert_eq!(since(&feed), "2 times in a row; it has never worked");
    }
}
