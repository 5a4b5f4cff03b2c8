//! Which redirects are followed (ET-36 to ET-39, SEC-07). Pure: the request itself is made by `visit`.

use http::header::LOCATION;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::model::{Failure, FailureKind, WebUrl};

/// Whether the status asks for another URL.
pub(super) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Whether the redirect says that the document has moved for good.
pub(super) fn is_permanent(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT
    )
}

/// The target of a redirect, without its fragment: none is ever sent (ET-39).
pub(super) fn target(from: &WebUrl, headers: &HeaderMap) -> Result<WebUrl, Failure> {
    let location = headers
        .get(LOCATION)
        .map(HeaderValue::as_bytes)
        .unwrap_or_default();
    let to = from.join(&String::from_utf8_lossy(location)).map_err(|e| {
        let text = format!(
            "{} redirects to a URL that cannot be followed: {e}",
            from.host()
        );
        Failure::new(FailureKind::Redirect, text)
    })?;
    Ok(to.strip_fragment())
}

/// Refuses loops, more than `redirects_max` redirects, and leaving https for http if the visit began with https (SEC-07).
/// `visited` holds the URLs of all hops so far.
pub(super) fn check(
    start: &WebUrl,
    to: &WebUrl,
    visited: &[WebUrl],
    redirects_max: usize,
) -> Result<(), Failure> {
    let host = start.host();
    let text = if visited.contains(to) {
        format!("{host} redirects in a loop")
    } else if visited.len() > redirects_max {
        format!("{host} redirects more than {redirects_max} times")
    } else if start.is_https() && !to.is_https() {
        format!("{host} redirects from https to plain http")
    } else {
        return Ok(());
    };
    Err(Failure::new(FailureKind::Redirect, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> WebUrl {
        WebUrl::parse(text).unwrap()
    }

    #[test]
    fn sec_07_redirects_never_leave_https_never_loop_and_end() {
        let (a, b) = (url("https://a.example/"), url("http://b.example/"));
        let visited = |n: usize| -> Vec<WebUrl> {
            (0..n)
                .map(|n| url(&format!("https://a.example/{n}")))
                .collect()
        };
        assert!(check(&a, &b, &visited(1), 5).is_err());
        assert!(check(&b, &b, &visited(1), 5).is_ok());
        assert!(check(&a, &url("https://a.example/0"), &visited(1), 5).is_err());
        assert!(check(&a, &a, &visited(5), 5).is_ok());
        assert!(check(&a, &a, &visited(6), 5).is_err());
    }

    #[test]
    fn sec_07_only_http_targets_are_followed_and_fragments_dropped() {
        let to = |location: &'static str| {
            let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(location))]);
            target(&url("https://a.example/x/y?q"), &headers)
        };
        assert_eq!(to("../z#part").unwrap(), url("https://a.example/z"));
        assert_eq!(to("//b.example/f").unwrap(), url("https://b.example/f"));
        for location in [
            "file:///etc/passwd",
            "gopher://a.example/",
            "javascript:1",
            "http://",
        ] {
            assert_eq!(
                to(location).unwrap_err().kind,
                FailureKind::Redirect,
                "{location}"
            );
        }
    }
}
