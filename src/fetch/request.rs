//! What one visit asks for, and the headers that say so. Credentials and the user's own headers go to the origin of the URL
//! that they were given for and to no other (SEC-08).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, IF_MODIFIED_SINCE, IF_NONE_MATCH, USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::coding::{self, SizeLimit};
use crate::model::{Failure, FailureKind, FeedRow, Secret, Validators, WebUrl};

/// The Accept header for feeds: feed types first, anything else last, always the same text (ET-43).
pub const ACCEPT_FEEDS: &str = "application/atom+xml, application/rss+xml, application/feed+json, \
     application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1";

/// Asks for a delta (RFC 3229).
const A_IM: HeaderName = HeaderName::from_static("a-im");

/// Headers that belong to the connection or to newswire; the user cannot set them for a feed.
pub const RESERVED_HEADERS: [&str; 14] = [
    "a-im",
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "if-modified-since",
    "if-none-match",
    "proxy-authorization",
    "range",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// A poll of a feed.
#[derive(Debug, Clone)]
pub struct FetchRequest {
    /// The feed's row, copied into the poll.
    pub feed: FeedRow,
    /// Where the visit starts.
    pub url: WebUrl,
    /// Validators by serialized URL: the target of a redirect gets its own validators or none (ET-07).
    pub validators: Vec<(String, Validators)>,
    /// User name and password, sent to the origin of `url` only (SEC-08).
    pub auth: Option<(String, Secret)>,
    /// The user's own headers, sent to the origin of `url` only.
    pub headers: Vec<(String, Secret)>,
    /// Replaces the common user agent.
    pub user_agent: Option<String>,
    /// Whether the last visit succeeded: then the name lookup does not queue behind those of unknown names.
    pub is_proven: bool,
    /// Whether other feeds are likely to be requested from the same origin: then the connection is kept open (ET-44).
    pub has_neighbours: bool,
}

/// What a visit asks for, whatever its purpose.
pub(super) struct Request<'a> {
    /// Without a fragment (ET-39).
    pub(super) url: WebUrl,
    pub(super) accept: &'a str,
    pub(super) user_agent: &'a str,
    pub(super) validators: &'a [(String, Validators)],
    pub(super) auth: Option<&'a (String, Secret)>,
    pub(super) headers: &'a [(String, Secret)],
    pub(super) size_limit: SizeLimit,
    /// A feed: a delta is as good as the whole document (ET-10).
    pub(super) is_feed: bool,
    /// No other feed of the origin follows.
    pub(super) is_single: bool,
    pub(super) is_proven: bool,
    /// An article's page: robots.txt is obeyed on every hop, and only HTML is read.
    pub(super) is_article: bool,
}

/// Which answers the headers of a request allow besides a whole document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conditions {
    /// 304.
    pub(super) is_conditional: bool,
    /// 226.
    pub(super) wants_delta: bool,
}

impl Conditions {
    /// The conditions in the headers of a request.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self {
            is_conditional: headers.contains_key(IF_NONE_MATCH)
                || headers.contains_key(IF_MODIFIED_SINCE),
            wants_delta: headers.contains_key(A_IM),
        }
    }
}

impl Request<'_> {
    /// The headers for a hop to `url`.
    pub(super) fn headers_for(&self, url: &WebUrl) -> Result<HeaderMap, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, value("Accept", self.accept)?);
        headers.insert(
            ACCEPT_ENCODING,
            HeaderValue::from_static(coding::ACCEPT_ENCODING),
        );
        headers.insert(USER_AGENT, value("the user agent", self.user_agent)?);
        self.add_validators(url, &mut headers);
        if url.origin() == self.url.origin() {
            self.add_secrets(&mut headers)?;
        }
        Ok(headers)
    }

    fn add_validators(&self, url: &WebUrl, headers: &mut HeaderMap) {
        let known = self.validators.iter().find(|(of, _)| of == url.as_str());
        let Some((_, known)) = known else {
            return;
        };
        for (name, value) in [
            (IF_NONE_MATCH, &known.etag),
            (IF_MODIFIED_SINCE, &known.last_modified),
        ] {
            let value = value
                .as_deref()
                .filter(|v| v.len() <= usize::from(Validators::BYTES_MAX));
            if let Some(value) = value.and_then(|v| HeaderValue::from_bytes(v).ok()) {
                headers.insert(name, value);
            }
        }
        // RFC 3229 section 10.5.3: a delta is relative to an entity tag.
        if self.is_feed && headers.contains_key(IF_NONE_MATCH) {
            headers.insert(A_IM, HeaderValue::from_static("feed"));
        }
    }

    fn add_secrets(&self, headers: &mut HeaderMap) -> Result<(), Failure> {
        for (name, text) in self.headers {
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| not_a_header("a header's name"))?;
            if RESERVED_HEADERS.contains(&name.as_str()) {
                let text = format!("the header {name} cannot be set for a feed");
                return Err(Failure::new(FailureKind::Internal, text));
            }
            let value = secret(name.as_str(), text.reveal())?;
            headers.insert(name, value);
        }
        if let Some((user, password)) = self.auth {
            let pair = BASE64.encode(format!("{user}:{}", password.reveal()));
            headers.insert(
                AUTHORIZATION,
                secret("the password", &format!("Basic {pair}"))?,
            );
        }
        Ok(())
    }
}

fn value(what: &str, text: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(text).map_err(|_| not_a_header(what))
}

/// A value that the HTTP client keeps out of its logs.
fn secret(what: &str, text: &str) -> Result<HeaderValue, Failure> {
    let mut value = value(what, text)?;
    value.set_sensitive(true);
    Ok(value)
}

fn not_a_header(what: &str) -> Failure {
    let text = format!("{what} contains characters that an HTTP header cannot hold");
    Failure::new(FailureKind::Internal, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn et_43_accept_names_feeds_first_and_anything_last() {
        assert!(ACCEPT_FEEDS.starts_with("application/atom+xml, application/rss+xml"));
        assert!(ACCEPT_FEEDS.ends_with("*/*;q=0.1"));
        assert!(!ACCEPT_FEEDS.contains("  "));
    }
}
