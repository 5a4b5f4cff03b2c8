//! Credentials and headers belong to the origin (scheme, host and port) of the URL that they were given with, whatever became
//! of the feed's URL since (SEC-23). What belongs elsewhere never leaves the store: a claim does not hold it.

use crate::model::{FeedId, WebUrl};
use crate::store::feeds::feed_settings::FeedSettings;

/// What stands in the store for an origin that is not known any more.
pub(in crate::store) const UNKNOWN: &str = "the address that the feed had before";

/// The origin of the secrets in `settings`, as it is written down: that of the URL they came with.
pub(in crate::store) fn origin_of(settings: &FeedSettings, given_with: &WebUrl) -> Option<String> {
    has_any(settings).then(|| given_with.origin())
}

fn has_any(settings: &FeedSettings) -> bool {
    settings.auth.is_some() || !settings.headers.is_empty()
}

/// Where secrets belong that may not go to `url`; none if there are none, or if they may. `given_for` is the origin as
/// written down; a store of an older version has none, and then they belong to the URL that gave the feed its id.
pub(in crate::store) fn withheld(
    given_for: Option<&str>,
    id: FeedId,
    url: &WebUrl,
) -> Option<String> {
    match given_for {
        Some(origin) => (origin != url.origin()).then(|| origin.to_owned()),
        None => (FeedId::of(url.as_str()) != id).then(|| UNKNOWN.to_owned()),
    }
}

/// Takes out what may not be sent to `url`; gives where that belongs.
pub(in crate::store) fn withhold(
    settings: &mut FeedSettings,
    given_for: Option<&str>,
    id: FeedId,
    url: &WebUrl,
) -> Option<String> {
    let belongs_to = withheld(given_for, id, url).filter(|_| has_any(settings))?;
    settings.drop_secrets();
    Some(belongs_to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Secret;

    fn url(text: &str) -> WebUrl {
        WebUrl::parse(text).unwrap()
    }

    #[test]
    fn sec_23_secrets_stay_with_scheme_host_and_port() {
        let given = url("http://a.example/feed");
        for (now, may) in [
            ("http://a.example/other", true),
            ("http://a.example:80/feed", true),
            ("https://a.example/feed", false),
            ("http://a.example:8080/feed", false),
            ("http://www.a.example/feed", false),
            ("http://b.example/feed", false),
        ] {
            let mut settings = FeedSettings {
                auth: Some(("ann".to_owned(), Secret::new("s3cret"))),
                headers: vec![("X-Token".to_owned(), "t0ken".to_owned())],
                ..FeedSettings::default()
            };
            let origin = origin_of(&settings, &given);
            let id = FeedId::of(given.as_str());
            let left = withhold(&mut settings, origin.as_deref(), id, &url(now));
            assert_eq!(left.is_none(), may, "{now}");
            assert_eq!(has_any(&settings), may, "{now}");
        }
    }

    #[test]
    fn sec_23_in_an_older_store_secrets_belong_to_the_url_that_gave_the_id() {
        let id = FeedId::of("https://a.example/feed");
        assert_eq!(withheld(None, id, &url("https://a.example/feed")), None);
        let moved = withheld(None, id, &url("https://b.example/feed"));
        assert_eq!(moved.as_deref(), Some(UNKNOWN));
    }
}
