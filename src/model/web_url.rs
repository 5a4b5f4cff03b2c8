//! The only kind of URL that newswire stores or prints: absolute http or https.

use std::fmt;

use percent_encoding::percent_decode_str;
use serde::{Serialize, Serializer};
use url::{Position, Url};

use super::Secret;

/// Longest URL kept, in bytes (SEC-11).
pub const URL_BYTES_MAX: usize = 4096;

/// An absolute http(s) URL without userinfo, at most [`URL_BYTES_MAX`] bytes, as the WHATWG URL standard
/// serializes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebUrl(Url);

/// Why a text is not a [`WebUrl`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebUrlError {
    /// Not a URL at all, or a relative one without a base.
    #[error("not an absolute URL: {0}")]
    Syntax(String),
    /// Another scheme than http and https.
    #[error("only http and https URLs are read, not {0}:")]
    Scheme(String),
    /// No host.
    #[error("the URL names no host")]
    NoHost,
    /// Longer than [`URL_BYTES_MAX`].
    #[error("the URL is longer than {URL_BYTES_MAX} bytes")]
    TooLong,
}

impl WebUrl {
    /// Reads an absolute URL. Userinfo is dropped: secrets are kept separate from URLs.
    pub fn parse(s: &str) -> Result<Self, WebUrlError> {
        Url::parse(s.trim())
            .map_err(|e| WebUrlError::Syntax(e.to_string()))
            .and_then(Self::from_url)
    }

    /// Reads `s` relative to this URL (RFC 3986 section 5, as WHATWG has it).
    pub fn join(&self, s: &str) -> Result<Self, WebUrlError> {
        self.0
            .join(s.trim())
            .map_err(|e| WebUrlError::Syntax(e.to_string()))
            .and_then(Self::from_url)
    }

    /// Checks a parsed URL and drops its userinfo.
    pub fn from_url(mut url: Url) -> Result<Self, WebUrlError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(WebUrlError::Scheme(url.scheme().to_owned()));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(WebUrlError::NoHost);
        }
        // These fail only for URLs that cannot have userinfo; http(s) with a host can.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        if url.as_str().len() > URL_BYTES_MAX {
            return Err(WebUrlError::TooLong);
        }
        Ok(Self(url))
    }

    /// The serialized URL.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The serialized URL without its fragment. It identifies a document, and is all that is ever sent (ET-39).
    pub fn without_fragment(&self) -> &str {
        &self.0[..Position::AfterQuery]
    }

    /// The URL without its fragment.
    pub fn strip_fragment(mut self) -> Self {
        self.0.set_fragment(None);
        self
    }

    /// The host in lower case: a name, or an address literal.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The parsed form.
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// Scheme, host and port, as RFC 6454 has it.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Whether this is https.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }
}

/// A URL without its userinfo, and the userinfo as user and password if there was one.
pub type Parted = (WebUrl, Option<(String, Secret)>);

/// Splits a URL into the part that is stored and the credentials (SEC-08).
///
/// # Errors
/// [`WebUrlError`] if it is not a [`WebUrl`].
pub fn part(url: &str) -> Result<Parted, WebUrlError> {
    let parsed = Url::parse(url.trim()).map_err(|e| WebUrlError::Syntax(e.to_string()))?;
    let auth = (!parsed.username().is_empty() || parsed.password().is_some()).then(|| {
        (
            percent_decoded(parsed.username()),
            Secret::new(percent_decoded(parsed.password().unwrap_or_default())),
        )
    });
    Ok((WebUrl::from_url(parsed)?, auth))
}

/// Userinfo is percent-encoded in a URL (RFC 3986 section 3.2.1); Basic credentials are not.
fn percent_decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

impl fmt::Display for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for WebUrl {
    type Err = WebUrlError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::parse(s)
    }
}

impl Serialize for WebUrl {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

/// Completes a URL as people type or paste it: without `https://`, or with the `feed:` of some sites. `None` if the text
/// is just a word.
pub fn with_scheme(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let url = match typed.strip_prefix("feed:") {
        Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
        None => typed,
    };
    if url.contains("://") {
        return Some(url.to_owned());
    }
    let host = url.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default();
    let is_host = name.contains('.') || name == "localhost" || host.starts_with('[');
    is_host.then(|| format!("https://{url}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_11_only_http_with_a_host_and_never_userinfo() {
        assert_eq!(
            WebUrl::parse("https://u:p@example.org/a").unwrap().as_str(),
            "https://example.org/a"
        );
        assert_eq!(
            WebUrl::parse("javascript:alert(1)"),
            Err(WebUrlError::Scheme("javascript".into()))
        );
        assert!(WebUrl::parse("/relative").is_err());
        assert_eq!(
            WebUrl::parse(&format!("http://x/{}", "a".repeat(5000))),
            Err(WebUrlError::TooLong)
        );
    }

    #[test]
    fn et_39_a_url_without_its_fragment_identifies_a_document() {
        for (url, bare) in [
            ("https://a.example/x?y#z", "https://a.example/x?y"),
            ("https://a.example/#", "https://a.example/"),
            ("https://a.example/x", "https://a.example/x"),
        ] {
            let url = WebUrl::parse(url).unwrap();
            assert_eq!(url.without_fragment(), bare);
            assert_eq!(url.strip_fragment().as_str(), bare);
        }
    }

    #[test]
    fn sec_08_userinfo_leaves_the_url() {
        let (url, auth) = part("https://ann:p%40ss%zz@example.org/f").unwrap();
        assert_eq!(url.as_str(), "https://example.org/f");
        let (user, password) = auth.unwrap();
        assert_eq!((user.as_str(), password.reveal()), ("ann", "p@ss%zz"));
        assert_eq!(part("https://example.org/f").unwrap().1, None);
    }

    #[test]
    fn a_url_may_lack_its_scheme_but_a_word_is_none() {
        for (typed, url) in [
            ("https://a.example/x", Some("https://a.example/x")),
            (" a.example/x?y=1 ", Some("https://a.example/x?y=1")),
            ("feed:https://a.example/x", Some("https://a.example/x")),
            ("feed://a.example/x", Some("https://a.example/x")),
            ("localhost:8080/feed", Some("https://localhost:8080/feed")),
            ("[::1]:8080", Some("https://[::1]:8080")),
            ("ann:secret@a.example", Some("https://ann:secret@a.example")),
            ("notaurl", None),
            ("notaurl/feed.xml", None),
            ("http:/a.example", None),
            ("", None),
        ] {
            assert_eq!(with_scheme(typed).as_deref(), url, "{typed:?}");
        }
    }
}
