//! A rendered document sent in the fewest bytes: nothing if the client has it (RFC 9110 section 13), else in the coding
//! that it likes best (section 12.5.3). Strong validators, one for each coding (ET-54).

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use headers::{ETag, HeaderMapExt, IfModifiedSince, IfNoneMatch};

use super::HttpError;
use super::cache::Rendered;
use super::coding::Coding;
use super::state::{Cost, Shared, State};
use crate::model::Time;

/// The shortest and the longest time that a merged feed is called fresh. Between them it is until the next planned poll.
pub const AGE_MIN: Duration = Duration::from_secs(60);
const AGE_MAX: Duration = Duration::from_secs(15 * 60);

/// How long a client may go on without asking again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Until the next planned change, within limits.
    Planned,
    /// It asks each time: for pages, which a person reloads to see what is new.
    Ask,
}

/// The answer to a request with these headers; `cost` is what rendering it costs.
pub async fn answer(
    state: &Shared,
    request: &HeaderMap,
    rendered: Arc<Rendered>,
    freshness: Freshness,
    cost: Cost,
) -> Result<Response, HttpError> {
    let mut coding = Coding::best(request);
    let mut tag = format!("\"{}{}\"", rendered.tag, coding.suffix());
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::VARY, "Accept-Encoding");
    let age = cache_control(freshness, rendered.next_change, state.clock.now());
    set(header::CACHE_CONTROL, &age);
    if let Some(modified) = rendered.modified {
        set(header::LAST_MODIFIED, &modified.to_rfc2822());
    }
    if let Some(links) = &rendered.links {
        set(header::LINK, links);
    }
    if has_it(request, &tag, rendered.modified) {
        set(header::ETAG, &tag);
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    set(header::CONTENT_TYPE, rendered.content_type);
    let bytes = match rendered.ready(coding) {
        Some(bytes) => bytes,
        None => {
            let document = Arc::clone(&rendered);
            let encode =
                move |state: &State, _: &_| Ok(document.encoded(coding, &state.budget).ok());
            // Where there is no room to encode it, it is sent as it is.
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

/// RFC 9110 section 13.2.2: If-None-Match wins, and If-Modified-Since is not even looked at then.
fn has_it(request: &HeaderMap, tag: &str, modified: Option<Time>) -> bool {
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

fn cache_control(freshness: Freshness, next_change: Option<Time>, now: Time) -> String {
    match freshness {
        Freshness::Ask => "no-cache".to_owned(),
        Freshness::Planned => {
            let until = next_change.map_or(AGE_MAX, |at| at.since(now));
            format!("max-age={}", until.clamp(AGE_MIN, AGE_MAX).as_secs())
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
        let tags = |value: &str| has_it(&with(header::IF_NONE_MATCH, value), "\"a-gz\"", modified);
        assert!(tags("\"a-gz\""));
        assert!(tags("W/\"a-gz\""));
        assert!(tags("\"x\", \"a-gz\" , \"y\""));
        assert!(tags("*"));
        assert!(!tags("\"a\""), "another coding is other bytes");
        assert!(!tags("a-gz"), "a tag has quotes");
        let dates =
            |value: &str| has_it(&with(header::IF_MODIFIED_SINCE, value), "\"a\"", modified);
        assert!(dates("Sun, 09 Sep 2001 01:46:40 GMT"));
        assert!(dates("Sun, 09 Sep 2001 01:46:41 GMT"));
        assert!(!dates("Sun, 09 Sep 2001 01:46:39 GMT"));
        assert!(!dates("yesterday"));
        let mut both = with(header::IF_NONE_MATCH, "\"old\"");
        both.extend(with(
            header::IF_MODIFIED_SINCE,
            "Sun, 09 Sep 2001 01:46:40 GMT",
        ));
        assert!(!has_it(&both, "\"a\"", modified));
    }

    #[test]
    fn et_54_a_feed_is_fresh_until_the_next_planned_change_within_limits() {
        let now = Time::from_seconds(1000);
        let age = |next: Option<i64>| {
            cache_control(Freshness::Planned, next.map(Time::from_seconds), now)
        };
        assert_eq!(age(Some(1300)), "max-age=300");
        assert_eq!(age(Some(1001)), "max-age=60");
        assert_eq!(age(Some(0)), "max-age=60");
        assert_eq!(age(Some(99_999)), "max-age=900");
        assert_eq!(age(None), "max-age=900");
    }
}
