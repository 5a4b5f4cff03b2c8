//! A rendered document sent in the fewest bytes: nothing if the client has it (RFC 9110 section 13), else in the coding
//! that it likes best (section 12.5.3). Strong validators, one for each coding (ET-54).

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use headers::{ETag, HeaderMapExt, IfModifiedSince, IfNoneMatch};

use super::Refusal;
use super::cache::Rendered;
use super::state::{Cost, Shared, State};
use crate::model::Time;

/// The shortest and the longest time that a merged feed is called fresh. Between them it is until the next planned poll.
pub const AGE_MIN: Duration = Duration::from_secs(60);
const AGE_MAX: Duration = Duration::from_secs(15 * 60);

/// A content coding that we have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
}

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
) -> Result<Response, Refusal> {
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

impl Coding {
    /// The coding that the client likes best; ours is brotli, then gzip, where it likes them the same. A client that
    /// does not say gets the content as it is.
    pub fn best(request: &HeaderMap) -> Self {
        let said: Vec<(&str, u16)> = request
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(weighted)
            .collect();
        let weight = |names: &[&str], otherwise: u16| {
            let of = |name: &&str| said.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
            names
                .iter()
                .find_map(of)
                .map_or(otherwise, |(_, weight)| *weight)
        };
        let rest = weight(&["*"], 0);
        // Identity is acceptable unless it is refused, but nobody asks for it who asks for something else.
        let ranked = [
            (weight(&["br"], rest), Self::Brotli),
            (weight(&["gzip", "x-gzip"], rest), Self::Gzip),
            (weight(&["identity"], 0), Self::Identity),
        ];
        let mut best = (0, Self::Identity);
        for (weight, coding) in ranked {
            if weight > best.0 {
                best = (weight, coding);
            }
        }
        best.1
    }

    /// Its name in Content-Encoding.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Brotli => "br",
        }
    }

    /// What tells its entity tag from the others'.
    fn suffix(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Gzip => "-gz",
            Self::Brotli => "-br",
        }
    }
}

/// A coding and its weight in thousandths; none if the weight is no weight.
fn weighted(item: &str) -> Option<(&str, u16)> {
    let mut parts = item.split(';');
    let name = parts.next().map(str::trim).filter(|n| !n.is_empty())?;
    let Some(q) = parts.next() else {
        return Some((name, 1000));
    };
    let (key, value) = q.split_once('=')?;
    let q: f32 = value.trim().parse().ok()?;
    let is_weight = key.trim().eq_ignore_ascii_case("q") && (0.0..=1.0).contains(&q);
    is_weight.then_some((name, (q * 1000.0) as u16))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn the_coding_is_the_clients_choice() {
        for (said, best) in [
            ("gzip", Coding::Gzip),
            ("gzip, deflate, br, zstd", Coding::Brotli),
            ("br;q=0.5, gzip;q=0.8", Coding::Gzip),
            ("br;q=0, *", Coding::Gzip),
            ("gzip;q=0", Coding::Identity),
            ("*;q=0", Coding::Identity),
            ("identity, gzip;q=0.5", Coding::Identity),
            ("X-GZIP;Q=1.0", Coding::Gzip),
            ("gzip;q=x, deflate", Coding::Identity),
            ("gzip;q=7", Coding::Identity),
            ("", Coding::Identity),
        ] {
            let request = with(header::ACCEPT_ENCODING, said);
            assert_eq!(Coding::best(&request), best, "{said:?}");
        }
        assert_eq!(Coding::best(&HeaderMap::new()), Coding::Identity);
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
