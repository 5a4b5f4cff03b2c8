//! What the headers of a response say about the time of the next poll. Pure: it reads and never decides. Spans are limited to a
//! week where a server could otherwise stop polls for good (ET-25).

use std::time::Duration;

use http::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, RETRY_AFTER};
use http::{HeaderMap, HeaderName, StatusCode};

use crate::model::{Hints, Time};

/// Longest Retry-After or rate limit that is obeyed (ET-25).
const RETRY_MAX: Duration = Duration::from_secs(7 * 86_400);
/// A delta of more seconds is read as this (RFC 9111 section 1.2.2).
const DELTA_MAX: u64 = 1 << 31;
/// The reset of a rate limit above this is a date in seconds since 1970 and not a span.
const EPOCH_FROM: u64 = 1_000_000_000;

/// Reads freshness, Retry-After and rate limits from a final answer of any status, 304, 429 and 503 included (ET-15). `now`
/// replaces a missing Date.
pub fn from_headers(headers: &HeaderMap, status: StatusCode, now: Time) -> Hints {
    let date = text(headers, &DATE).and_then(http_date).unwrap_or(now);
    let cache = CacheControl::read(headers);
    Hints {
        fresh_for: fresh_for(headers, &cache, date),
        no_cache: cache.no_cache,
        retry_after: retry_after(headers, status, date).max(rate_limit_reset(headers, date)),
        ..Hints::default()
    }
}

/// How long the host must not be contacted because its rate limit is exhausted (ET-28). Reads `RateLimit` and `RateLimit-*` of
/// the IETF drafts, and the common `X-RateLimit-*`.
pub fn rate_limit_reset(headers: &HeaderMap, date: Time) -> Option<Duration> {
    let find = |names: [&'static str; 2]| {
        names
            .into_iter()
            .find_map(|n| text(headers, &HeaderName::from_static(n)))
    };
    let remaining = find(["ratelimit-remaining", "x-ratelimit-remaining"]).and_then(number);
    let reset = find(["ratelimit-reset", "x-ratelimit-reset"]).and_then(number);
    let (remaining, reset) = match (remaining, reset) {
        (Some(remaining), Some(reset)) => (remaining, reset),
        _ => combined(text(headers, &HeaderName::from_static("ratelimit"))?)?,
    };
    if remaining >= 1.0 {
        return None;
    }
    let seconds = reset.ceil().clamp(0.0, 1e12) as u64;
    let span = if seconds >= EPOCH_FROM {
        Time::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX)).since(date)
    } else {
        Duration::from_secs(seconds)
    };
    Some(span.min(RETRY_MAX))
}

/// `limit=9, remaining=0, reset=50` or `"default";r=0;t=50`.
fn combined(value: &str) -> Option<(f64, f64)> {
    let mut remaining = None;
    let mut reset = None;
    for part in value.split([',', ';']) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        match name.trim() {
            "remaining" | "r" => remaining = remaining.or(number(value)),
            "reset" | "t" => reset = reset.or(number(value)),
            _ => {}
        }
    }
    Some((remaining?, reset?))
}

fn number(value: &str) -> Option<f64> {
    value
        .trim()
        .parse()
        .ok()
        .filter(|n: &f64| n.is_finite() && *n >= 0.0)
}

/// Reads a date in any of the three forms of RFC 9110 section 5.6.7.
pub(super) fn http_date(value: &str) -> Option<Time> {
    let at = httpdate::parse_http_date(value.trim()).ok()?;
    let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Time::EPOCH.plus(since))
}

fn retry_after(headers: &HeaderMap, status: StatusCode, date: Time) -> Option<Duration> {
    if !matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    ) {
        return None;
    }
    let value = text(headers, &RETRY_AFTER)?;
    let span = match delta(value) {
        Some(span) => span,
        None => http_date(value)?.since(date),
    };
    Some(span.min(RETRY_MAX))
}

/// The remaining freshness: max-age, or else Expires minus Date; minus Age (RFC 9111 section 4.2). Zero means "already stale",
/// and so does an unreadable Expires (ET-12).
fn fresh_for(headers: &HeaderMap, cache: &CacheControl, date: Time) -> Option<Duration> {
    let lifetime = match cache.max_age {
        Some(lifetime) => lifetime,
        None => {
            let expires = headers.get(EXPIRES)?.to_str().ok().and_then(http_date);
            expires.map_or(Duration::ZERO, |at| at.since(date))
        }
    };
    let age = text(headers, &AGE).and_then(delta).unwrap_or_default();
    Some(lifetime.saturating_sub(age))
}

/// Read here rather than by `headers::CacheControl`, which does not know directives in upper case, ignores a max-age that
/// overflows, and takes the last of several.
#[derive(Default)]
struct CacheControl {
    max_age: Option<Duration>,
    no_cache: bool,
}

impl CacheControl {
    /// Ignores s-maxage, which is for shared caches, must-revalidate, which changes nothing here, and `no-cache="Field"`, which
    /// applies to that field only. Of several max-age the smallest counts.
    fn read(headers: &HeaderMap) -> Self {
        let mut read = Self::default();
        let values = headers.get_all(CACHE_CONTROL).iter();
        for directive in values
            .filter_map(|v| v.to_str().ok())
            .flat_map(|v| v.split(','))
        {
            let (name, value) = match directive.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (directive, None),
            };
            match (name.trim().to_ascii_lowercase().as_str(), value) {
                ("no-cache" | "no-store", None) => read.no_cache = true,
                ("max-age", Some(value)) => {
                    if let Some(age) = delta(value.trim().trim_matches('"')) {
                        read.max_age = Some(read.max_age.map_or(age, |known| known.min(age)));
                    }
                }
                _ => {}
            }
        }
        read
    }
}

/// Digits only. A number that does not fit is read as [`DELTA_MAX`] (RFC 9111 section 1.2.2).
fn delta(value: &str) -> Option<Duration> {
    let value = value.trim();
    if value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let seconds = value.parse().unwrap_or(DELTA_MAX).min(DELTA_MAX);
    Some(Duration::from_secs(seconds))
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn read(status: u16, lines: &[(&'static str, &str)]) -> Hints {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        let now = Time::parse_rfc3339("2030-01-01T00:00:00Z").unwrap();
        from_headers(&headers, StatusCode::from_u16(status).unwrap(), now)
    }

    fn secs(s: u64) -> Option<Duration> {
        Some(Duration::from_secs(s))
    }

    const DATE: (&str, &str) = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");

    #[test]
    fn et_11_freshness_is_max_age_minus_age() {
        let hints = read(
            200,
            &[
                ("cache-control", "public, s-maxage=9, Max-Age=3600"),
                ("age", "600"),
            ],
        );
        assert_eq!(hints.fresh_for, secs(3000));
        assert!(!hints.no_cache);
        assert_eq!(
            read(200, &[("cache-control", "max-age=60"), ("age", "90")]).fresh_for,
            secs(0)
        );
        assert_eq!(
            read(200, &[("cache-control", "s-maxage=900")]).fresh_for,
            None
        );
        assert_eq!(
            read(200, &[("cache-control", "max-age=99999999999999999999")]).fresh_for,
            secs(1 << 31)
        );
    }

    #[test]
    fn et_12_expires_counts_only_without_max_age() {
        let expires = ("expires", "Sun, 06 Nov 1994 09:49:37 GMT");
        assert_eq!(read(200, &[DATE, expires]).fresh_for, secs(3600));
        assert_eq!(
            read(200, &[DATE, expires, ("cache-control", "max-age=5")]).fresh_for,
            secs(5)
        );
        assert_eq!(read(200, &[DATE, ("expires", "0")]).fresh_for, secs(0));
        assert!(!read(200, &[DATE, ("expires", "0")]).no_cache);
    }

    #[test]
    fn et_13_no_cache_is_reported_beside_max_age() {
        let hints = read(200, &[("cache-control", "no-cache, max-age=315360000")]);
        assert!(hints.no_cache);
        assert!(read(200, &[("cache-control", "no-store")]).no_cache);
        assert!(!read(200, &[("cache-control", "must-revalidate, max-age=1")]).no_cache);
        assert!(!read(200, &[("cache-control", "no-cache=\"set-cookie\"")]).no_cache);
    }

    #[test]
    fn et_15_hints_of_every_status_are_read() {
        for status in [200, 304, 429, 503] {
            assert_eq!(
                read(status, &[("cache-control", "max-age=7")]).fresh_for,
                secs(7)
            );
        }
    }

    #[test]
    fn et_25_retry_after_in_seconds_and_three_date_forms_relative_to_date() {
        assert_eq!(read(429, &[("retry-after", "120")]).retry_after, secs(120));
        for form in [
            "Sun, 06 Nov 1994 08:51:37 GMT",
            "Sunday, 06-Nov-94 08:51:37 GMT",
            "Sun Nov  6 08:51:37 1994",
        ] {
            assert_eq!(
                read(503, &[DATE, ("retry-after", form)]).retry_after,
                secs(120),
                "{form}"
            );
        }
        assert_eq!(
            read(429, &[("retry-after", "31536000")]).retry_after,
            secs(604_800)
        );
        assert_eq!(read(200, &[("retry-after", "120")]).retry_after, None);
        assert_eq!(read(429, &[("retry-after", "soon")]).retry_after, None);
    }

    #[test]
    fn et_28_exhausted_rate_limits_count_until_their_reset() {
        assert_eq!(
            read(
                200,
                &[
                    ("x-ratelimit-remaining", "0.0"),
                    ("x-ratelimit-reset", "42")
                ]
            )
            .retry_after,
            secs(42)
        );
        assert_eq!(
            read(
                200,
                &[("x-ratelimit-remaining", "3"), ("x-ratelimit-reset", "42")]
            )
            .retry_after,
            None
        );
        assert_eq!(
            read(200, &[("ratelimit", "limit=9, remaining=0, reset=50")]).retry_after,
            secs(50)
        );
        assert_eq!(
            read(200, &[("ratelimit", "\"default\";r=0;t=51")]).retry_after,
            secs(51)
        );
        let date = ("date", "Wed, 02 Jan 2030 00:00:00 GMT");
        assert_eq!(
            read(
                429,
                &[
                    date,
                    ("x-ratelimit-remaining", "0"),
                    ("x-ratelimit-reset", "1893542460")
                ]
            )
            .retry_after,
            secs(60)
        );
    }
}
