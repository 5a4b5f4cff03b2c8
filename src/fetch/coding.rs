//! Content codings (ET-42): which are offered, and what a response's Content-Encoding says. Never trusts the header alone:
//! whether a body is encoded is seen from its first bytes, because servers label plain text as gzip and gzip files not at all.

use http::HeaderMap;
use http::header::CONTENT_ENCODING;

use crate::model::{Failure, FailureKind};

/// The codings that can be decoded; the value of Accept-Encoding.
pub const ACCEPT_ENCODING: &str = "gzip, br, zstd";
/// Longest name of an unknown coding that is kept, in characters.
const UNKNOWN_CHARS_MAX: usize = 32;

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// Not at all.
    Identity,
    /// RFC 1952, one or more members.
    Gzip,
    /// RFC 1950, or raw RFC 1951, which some servers send instead.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
}

/// How large a body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeLimit {
    /// Most bytes, as sent and as decoded.
    pub bytes: usize,
    /// Whether a larger body is truncated rather than refused.
    pub truncate: bool,
}

impl Coding {
    /// Reads Content-Encoding. Besides the coding, returns the first unknown name in it: servers write charsets and the like
    /// there (`utf-8`, `none`), and whether that matters depends on the body ([`check_unencoded`]).
    ///
    /// # Errors
    /// [`Failure`] if there is more than one coding.
    pub fn of(headers: &HeaderMap) -> Result<(Self, Option<String>), Failure> {
        let mut found = None;
        let mut unknown = None;
        for value in headers.get_all(CONTENT_ENCODING) {
            let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
            for name in value.split(',').map(str::trim) {
                let coding = match name {
                    "" | "identity" => continue,
                    "gzip" | "x-gzip" => Self::Gzip,
                    "deflate" => Self::Deflate,
                    "br" => Self::Brotli,
                    "zstd" => Self::Zstd,
                    other => {
                        unknown
                            .get_or_insert_with(|| other.chars().take(UNKNOWN_CHARS_MAX).collect());
                        continue;
                    }
                };
                if found.replace(coding).is_some() {
                    let text = "the body is encoded more than once";
                    return Err(Failure::new(FailureKind::Body, text));
                }
            }
        }
        Ok((found.unwrap_or(Self::Identity), unknown))
    }

    /// Whether a complete body with this coding is not encoded after all.
    pub fn is_unencoded(self, wire: &[u8]) -> bool {
        match self {
            Self::Identity | Self::Gzip => !is_gzip(wire),
            Self::Deflate | Self::Brotli | Self::Zstd => false,
        }
    }
}

/// Whether bytes begin like a gzip member.
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Whether bytes begin like markup or JSON: no encoded format begins like this after white space.
pub fn looks_like_text(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
    matches!(first, Some(b'<' | b'{'))
}

/// Checks that a body with an unknown coding can be read as it is.
///
/// # Errors
/// [`Failure`] that names the coding.
pub fn check_unencoded(body: &[u8], unknown: &str) -> Result<(), Failure> {
    let is_utf_16 = matches!(body, [0xfe, 0xff, 0, b'<', ..] | [0xff, 0xfe, b'<', 0, ..]);
    if is_utf_16 || looks_like_text(body) {
        return Ok(());
    }
    let text = format!("the body has an unknown content encoding {unknown:?}");
    Err(Failure::new(FailureKind::Body, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn coding(values: &[&'static str]) -> Result<Coding, Failure> {
        let mut headers = HeaderMap::new();
        for v in values {
            headers.append(CONTENT_ENCODING, HeaderValue::from_static(v));
        }
        Coding::of(&headers).map(|(coding, _)| coding)
    }

    #[test]
    fn sec_05_at_most_one_known_coding() {
        assert_eq!(coding(&[]), Ok(Coding::Identity));
        assert_eq!(coding(&["identity"]), Ok(Coding::Identity));
        assert_eq!(coding(&["X-GZIP"]), Ok(Coding::Gzip));
        assert_eq!(coding(&["identity, br"]), Ok(Coding::Brotli));
        assert!(coding(&["gzip, gzip"]).is_err());
        assert!(coding(&["gzip", "br"]).is_err());
    }

    #[test]
    fn an_unknown_content_encoding_is_reported_and_plain_feeds_are_read() {
        for (value, coding, unknown) in [
            ("utf-8", Coding::Identity, Some("utf-8")),
            ("none", Coding::Identity, Some("none")),
            ("UTF-8, gzip", Coding::Gzip, Some("utf-8")),
            ("identity", Coding::Identity, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.append(CONTENT_ENCODING, HeaderValue::from_static(value));
            let unknown = unknown.map(str::to_owned);
            assert_eq!(Coding::of(&headers), Ok((coding, unknown)), "{value}");
        }
        for feed in [&b"\xef\xbb\xbf <rss/>"[..], b"{}", b"\xff\xfe<\0r\0"] {
            assert_eq!(check_unencoded(feed, "utf-8"), Ok(()));
        }
        for encoded in [&b"\x8b\x02\x80"[..], b"", b"%PDF-1.7"] {
            let refused = check_unencoded(encoded, "rot13").unwrap_err();
            assert!(refused.message.contains("\"rot13\""), "{}", refused.message);
        }
    }
}
