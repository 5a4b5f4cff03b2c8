//! What an operator can do about a feed that fails, for each kind of failure. Never blames the operator for what only the
//! publisher can repair, and never suggests a way around a refusal. Commands are between backticks.

use crate::model::{FailureKind, Feed, FeedState, WebUrl};

/// How many characters of a feed's id a command gets.
const ID_CHARS: usize = 8;

/// What to do about it; `None` if the feed does not fail.
pub fn what_to_do(feed: &Feed) -> Option<String> {
    let kind = feed.failure_kind?;
    let id = short(feed);
    let host =
        WebUrl::parse(&feed.url).map_or_else(|_| "the server".to_owned(), |u| u.host().to_owned());
    let front =
        WebUrl::parse(&feed.url).map_or_else(|_| feed.url.clone(), |u| format!("{}/", u.origin()));
    let remove = format!("`newswire remove {id}` ends the subscription and keeps its articles");
    Some(match (kind, feed.http_status) {
        (FailureKind::Dns, _) => format!(
            "check that {host} is spelled right and still exists; if the site has another name now, add its feed there. \
             {remove}"
        ),
        (FailureKind::Connect, _) => {
            format!("nothing, if the failure is temporary: {host} is down or cannot be reached from here; a browser on this machine shows which")
        }
        (FailureKind::Tls, _) => format!(
            "the publisher has to fix the certificate of {host}; if the server is your own, add its certificate authority to \
             fetch.extra_ca"
        ),
        (FailureKind::Timeout, _) => {
            "nothing, if the failure is temporary; if this server is always that slow, raise fetch.timeout".to_owned()
        }
        (FailureKind::Blocked, _) if is_odd_port(&feed.url) => format!(
            "feeds are not fetched from this port: check that {} is spelled right. {remove}",
            feed.url
        ),
        (FailureKind::Blocked, _) => format!(
            "newswire connects to public addresses only; if {host} is in your own network, allow that network in \
             fetch.allow_private"
        ),
        (FailureKind::Redirect, _) => {
            format!("open {} in a browser to see where it leads, and add that address instead. {remove}", feed.url)
        }
        (FailureKind::TooLarge, _) => {
            "ask the publisher for a shorter feed, or raise fetch.max_body_bytes".to_owned()
        }
        (FailureKind::Body, _) => {
            "nothing, if the failure is temporary: the transfer was cut off or damaged, and nothing of it was stored".to_owned()
        }
        (FailureKind::NotFound, _) => format!(
            "check whether the site has another feed now: `newswire add {front}` looks for one. {remove}"
        ),
        (FailureKind::Gone, _) if feed.state == FeedState::Gone => format!(
            "the publisher has withdrawn the feed, and it is not polled any more; `newswire resume {id}` polls it once more. {remove}"
        ),
        (FailureKind::Gone, _) => "nothing: it is polled once more, and then never again".to_owned(),
        (FailureKind::Forbidden, Some(401 | 403)) if feed.secrets_withheld_for.is_some() => withheld(feed)?,
        (FailureKind::Forbidden, Some(401)) => {
            "set user name and password: auth = { user = \"…\", password_file = \"…\" } in its [[feed]] of the \
             configuration"
                .to_owned()
        }
        (FailureKind::Forbidden, Some(451)) => {
            format!("nothing can be done: for legal reasons the publisher may not serve it. {remove}")
        }
        (FailureKind::Forbidden, _) => format!(
            "{host} refuses newswire: set fetch.contact, so that the publisher knows whom to write to, and ask for \
             access. {remove}"
        ),
        (FailureKind::Throttled, Some(429)) => format!(
            "nothing: no feed of {host} is polled until then; if it happens often, poll less: \
             `newswire set {id} interval=6h`"
        ),
        (FailureKind::Throttled, _) => {
            format!("nothing: {host} is overloaded or under maintenance, and is not polled until then")
        }
        (FailureKind::Status, _) => format!("open {} in a browser to see what the server means. {remove}", feed.url),
        (FailureKind::Server, _) => {
            format!("nothing, if the failure is temporary: the server of {host} has an error; if it lasts, tell the publisher")
        }
        (FailureKind::NotAFeed, _) => format!(
            "the URL of the feed has a web page now, or nothing; check whether the site has another feed: `newswire add {front}` \
             looks for one. {remove}"
        ),
        (FailureKind::Parse, _) => {
            "tell the publisher that the feed is broken; validator.w3.org/feed shows where".to_owned()
        }
        (FailureKind::Empty, _) => format!(
            "nothing, if the feed is meant to be empty; otherwise open {} and tell the publisher what is missing",
            feed.url
        ),
        (FailureKind::Busy, _) => {
            "nothing, if the failure is temporary; if it lasts, give newswire more memory or fewer feeds".to_owned()
        }
        (FailureKind::Internal, _) => {
            "this is a bug in newswire: please report it with the feed's URL".to_owned()
        }
    })
}

/// The rule by which a feed that fails is tried again; `None` if it does not fail.
pub fn next_try(feed: &Feed) -> Option<&'static str> {
    Some(match feed.failure_kind? {
        FailureKind::NotFound | FailureKind::Forbidden => "daily for two weeks, then weekly",
        FailureKind::Gone => "once more, a day after the first time",
        FailureKind::Throttled => "when the server says, else after 1, 2, 4 … 24 hours",
        _ => "the interval doubles after each failure, up to a day",
    })
}

/// Why the credentials of a feed are not sent, and what to do about it (SEC-23); `None` if they are sent or there are none.
pub fn withheld(feed: &Feed) -> Option<String> {
    let origin = feed.secrets_withheld_for.as_ref()?;
    let id = short(feed);
    let how = match feed.declared {
        true => format!(
            "write url = \"{}\" in its [[feed]] of the configuration",
            feed.url
        ),
        false => format!("`newswire remove {id}` and add it again with its new address"),
    };
    Some(format!(
        "not sent: they were set for {origin}, and the feed has moved to {}; if they are meant for the new address, {how}",
        feed.url
    ))
}

/// Whether the URL has a port of another service (SEC-06).
fn is_odd_port(url: &str) -> bool {
    let port = WebUrl::parse(url)
        .ok()
        .and_then(|u| u.as_url().port_or_known_default());
    port.is_some_and(|port| port < 1024 && !matches!(port, 80 | 443))
}

/// The beginning of the feed's id, which commands accept.
fn short(feed: &Feed) -> String {
    feed.id.to_string().chars().take(ID_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;
    use std::collections::HashSet;

    fn feed(kind: FailureKind, http_status: Option<u16>) -> Feed {
        let at = Time::parse_rfc3339("2030-01-10T12:00:00Z").unwrap();
        Feed {
            state: FeedState::Failing,
            last_poll: Some(at),
            next_poll: Some(at),
            failures: 2,
            last_error: Some("it failed".to_owned()),
            failure_kind: Some(kind),
            http_status,
            ..Feed::example("https://news.example/feed", "News")
        }
    }

    #[test]
    fn every_kind_of_failure_has_words_of_its_own() {
        let mut observation = HashSet::new();
        let with_status = [
            (FailureKind::Forbidden, 401),
            (FailureKind::Forbidden, 451),
            (FailureKind::Throttled, 429),
        ];
        let cases = FailureKind::ALL.map(|kind| (kind, None)).into_iter();
        for (kind, status) in cases.chain(with_status.map(|(kind, status)| (kind, Some(status)))) {
            let words = what_to_do(&feed(kind, status)).unwrap();
            assert!(
                observation.insert(words.clone()),
                "{kind:?} {status:?}: {words}"
            );
            assert!(!words.contains('\n') && words.len() > 20, "{words}");
        }
        let mut offsets = feed(FailureKind::NotAFeed, None);
        offsets.url = "http://news.example:8391/rss.xml".to_owned();
        let words = what_to_do(&offsets).unwrap();
        assert!(
            words.contains("`newswire add http://news.example:8391/`"),
            "the feed's own URL is subscribed already: {words}"
        );
        let mut odd = feed(FailureKind::Blocked, None);
        odd.url = "http://news.example:25/feed".to_owned();
        assert!(observation.insert(what_to_do(&odd).unwrap()));
        let mut ended = feed(FailureKind::Gone, Some(410));
        ended.state = FeedState::Gone;
        ended.next_poll = None;
        assert!(what_to_do(&ended).unwrap().contains("newswire resume"));
        let mut moved = feed(FailureKind::Forbidden, Some(401));
        moved.secrets_withheld_for = Some("https://old.example".to_owned());
        let words = what_to_do(&moved).unwrap();
        assert!(words.contains("https://old.example") && words.contains("newswire remove"));
    }
}
