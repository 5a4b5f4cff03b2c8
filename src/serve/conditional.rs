//! Sends a rendered document, or 304 if the client has it (RFC 9110 section 13), in the coding that the client prefers. Entity
//! tags are strong, one for each coding (ET-54). Never renders anything.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use headers::{CacheControl, ETag, HeaderMapExt, IfModifiedSince, IfNoneMatch};

use super::cache::Rendered;
use super::coding::Coding;
use super::error::HttpError;
use super::state::{Cost, Shared, State};
use crate::model::Time;

/// Limits of `max-age` of a merged feed. Between them it ends at the next planned poll.
const MAX_AGE_MIN: Duration = Duration::from_secs(60);
const MAX_AGE_MAX: Duration = Duration::from_secs(15 * 60);

/// How long a client may use a document without asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Until the next planned change, within [`MAX_AGE_MIN`] and [`MAX_AGE_MAX`].
    Planned,
    /// Not at all: a person reloads a page to see what is new.
    Revalidate,
}

/// The response to a request with the headers `request`; `cost` is that of rendering the document.
///
/// # Errors
/// [`HttpError::Internal`] if encoding panics.
pub async fn respond(
    state: &Shared,
    request: &HeaderMap,
    rendered: Arc<Rendered>,
    freshness: Freshness,
    cost: Cost,
) -> Result<Response, HttpError> {
    let mut coding = Coding::best(request);
    let mut tag = format!("\"{}{}\"", rendered.tag, coding.suffix());
    let mut headers = HeaderMap::new();
    headers.typed_insert(cache_control(
        freshness,
        rendered.next_change,
        state.clock.now(),
    ));
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::VARY, "Accept-Encoding");
    if let Some(modified) = rendered.modified {
        set(header::LAST_MODIFIED, &modified.to_rfc2822());
    }
    if let Some(links) = &rendered.links {
        set(header::LINK, links);
    }
    if is_current(request, &tag, rendered.modified) {
        set(header::ETAG, &tag);
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    set(header::CONTENT_TYPE, rendered.content_type);
    let bytes = match rendered.encoded_before(coding) {
        Some(bytes) => bytes,
        None => {
            let document = Arc::clone(&rendered);
            let encode =
                move |state: &State, _: &_| Ok(document.encoded(coding, &state.budget).ok());
            // Without memory for the encoder the document is sent without a coding.
            state.read(cost, encode).await?.unwrap_or_else(|| {
                coding = Coding::Identity;
                tag = format!("\"{}\"", rendered.tag);
                rendered.identity()
            })
        }
    };
    set(header::ETAG, &tag);
    if coding != Coding::Identity {
        set(header::CONTENT_ENCODING, coding.name());
    }
    Ok((headers, Body::from(bytes)).into_response())
}

/// Whether the client has the current document. RFC 9110 section 13.2.2: with If-None-Match, If-Modified-Since is ignored.
fn is_current(request: &HeaderMap, tag: &str, modified: Option<Time>) -> bool {
    if request.contains_key(header::IF_NONE_MATCH) {
        let known = request.typed_get::<IfNoneMatch>();
        let tag = tag.parse::<ETag>();
        return matches!((known, tag), (Some(known), Ok(tag)) if !known.precondition_passes(&tag));
    }
    let since = request.typed_get::<IfModifiedSince>();
    matches!((since, modified), (Some(since), Some(modified)) if !since.is_modified(system_time(modified)))
}

fn system_time(t: Time) -> SystemTime {
    SystemTime::UNIX_EPOCH + t.since(Time::EPOCH)
}

fn cache_control(freshness: Freshness, next_change: Option<Time>, now: Time) -> CacheControl {
    match freshness {
        Freshness::Revalidate => CacheControl::new().with_no_cache(),
        Freshness::Planned => {
            let until = next_change.map_or(MAX_AGE_MAX, |at| at.since(now));
            let seconds = until.clamp(MAX_AGE_MIN, MAX_AGE_MAX).as_secs();
            // The header takes whole seconds only.
            CacheControl::new().with_max_age(Duration::from_secs(seconds))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn et_54_tags_win_over_dates_and_are_compared_weakly() {
        let modified = Some(Time::from_seconds(1_000_000_000));
        let tags =
            |value: &str| is_current(&with(header::IF_NONE_MATCH, value), "\"a-gz\"", modified);
        assert!(tags("\"a-gz\""));
        assert!(tags("W/\"a-gz\""));
        assert!(tags("\"x\", \"a-gz\" , \"y\""));
        assert!(tags("*"));
        assert!(!tags("\"a\""), "another coding is other bytes");
        assert!(!tags("a-gz"), "a tag has quotes");
        let dates =
            |value: &str| is_current(&with(header::IF_MODIFIED_SINCE, value), "\"a\"", modified);
        assert!(dates("Sun, 09 Sep 2001 01:46:40 GMT"));
        assert!(dates("Sun, 09 Sep 2001 01:46:41 GMT"));
        assert!(!dates("Sun, 09 Sep 2001 01:46:39 GMT"));
        assert!(!dates("yesterday"));
        let mut both = with(header::IF_NONE_MATCH, "\"old\"");
        both.extend(with(
            header::IF_MODIFIED_SINCE,
            "Sun, 09 Sep 2001 01:46:40 GMT",
        ));
        assert!(!is_current(&both, "\"a\"", modified));
    }

    #[test]
    fn et_54_a_feed_is_fresh_until_the_next_planned_change_within_limits() {
        let now = Time::from_seconds(1000);
        let max_age = |next_ms: Option<i64>| {
            let next = next_ms.map(Time::from_millis);
            let age = cache_control(Freshness::Planned, next, now).max_age();
            age.unwrap().as_secs()
        };
        assert_eq!(max_age(Some(1_300_999)), 300);
        assert_eq!(max_age(Some(1_001_000)), 60);
        assert_eq!(max_age(Some(0)), 60);
        assert_eq!(max_age(Some(99_999_000)), 900);
        assert_eq!(max_age(None), 900);
    }
}
