//! What a response means: a document, "not modified", a redirect or a failure; what it says about later polls and about its
//! host; and its body. Never sends a request.

use std::time::Duration;

use futures_util::TryStreamExt;
use http::header::{CONTENT_TYPE, DATE, LOCATION};
use http::{HeaderMap, HeaderName, StatusCode};
use tokio::time::{Instant, timeout_at};

use super::body_reader::IncomingBody;
use super::client::Fetcher;
use super::coding::{self, Coding, SizeLimit};
use super::decode;
use super::failure;
use super::hints;
use super::http_client::HEADER_BYTES_MAX;
use super::link;
use super::redirect;
use super::request::{Conditions, Request};
use super::trace::Trace;
use crate::memory::Body;
use crate::model::{Extent, Failure, FailureKind, Hints, WebUrl};

/// Names the manipulations that the server applied (RFC 3229).
const IM: HeaderName = HeaderName::from_static("im");

/// How much of an unneeded body is read, and for how long, so that its connection can be used again (ET-44).
const DRAIN_BYTES: usize = 16 << 10;
const DRAIN_TIME: Duration = Duration::from_millis(500);

/// The final answer of a visit.
pub(super) enum Answer {
    Document { headers: HeaderMap, body: Body },
    NotModified { headers: HeaderMap },
}

/// The result of one request.
pub(super) enum Hop {
    Final(Answer),
    Redirect { to: WebUrl, is_permanent: bool },
}

impl Fetcher {
    /// Reads the response to one request.
    pub(super) async fn read_response(
        &self,
        request: &Request<'_>,
        url: &WebUrl,
        conditions: Conditions,
        response: reqwest::Response,
        trace: &mut Trace,
    ) -> Result<Hop, Failure> {
        let host = url.host();
        let is_delta = conditions.wants_delta && is_delta(response.headers());
        let status = response.status();
        trace.status = Some(status.as_u16());
        trace.url = Some(url.clone());
        if header_bytes(response.headers()) > HEADER_BYTES_MAX {
            let text = format!("{host} sent headers of more than 64 KiB");
            return Err(Failure::new(FailureKind::Body, text));
        }
        if redirect::is_redirect(status) && response.headers().contains_key(LOCATION) {
            self.note_rate_limit(host, response.headers());
            let to = redirect::target(url, response.headers())?;
            drain(response, trace).await;
            let is_permanent = redirect::is_permanent(status);
            return Ok(Hop::Redirect { to, is_permanent });
        }
        self.read_hints(url, &response, trace);
        match status.as_u16() {
            304 if conditions.is_conditional => {
                let headers = response.headers().clone();
                Ok(Hop::Final(Answer::NotModified { headers }))
            }
            status @ (200 | 203 | 226) if status != 226 || is_delta => {
                if status == 226 {
                    trace.extent = Extent::Delta;
                }
                let headers = response.headers().clone();
                if request.is_article && !is_html(&headers) {
                    let text = format!("{host} sent something that is not a web page");
                    return Err(Failure::new(FailureKind::Status, text));
                }
                let body = self.body(response, host, request.size_limit, trace).await?;
                Ok(Hop::Final(Answer::Document { headers, body }))
            }
            _ => {
                drain(response, trace).await;
                Err(failure::of_status(status, host))
            }
        }
    }

    /// Reads what a final answer says about later polls.
    fn read_hints(&self, url: &WebUrl, response: &reqwest::Response, trace: &mut Trace) {
        let (status, headers) = (response.status(), response.headers());
        let links = link::links(headers, url);
        trace.hints = Hints {
            hub: links.hub,
            topic: links.this,
            alternates: links.feeds,
            ..hints::from_headers(headers, status, self.clock.now())
        };
        self.note_answer(url.host(), status, headers, &trace.hints);
    }

    /// Adapts the host's permits to an answer (ET-26, ET-28).
    pub(super) fn note_answer(
        &self,
        host: &str,
        status: StatusCode,
        headers: &HeaderMap,
        hints: &Hints,
    ) {
        if status == StatusCode::TOO_MANY_REQUESTS {
            self.hosts.throttled(host, hints.retry_after);
        } else if status.is_success() || status == StatusCode::NOT_MODIFIED {
            self.hosts.succeeded(host);
        }
        self.note_rate_limit(host, headers);
    }

    /// Any answer, a redirect too, may say that the rate limit of its host is exhausted. It says nothing about other hosts.
    fn note_rate_limit(&self, host: &str, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|v| v.to_str().ok());
        let date = date
            .and_then(hints::http_date)
            .unwrap_or_else(|| self.clock.now());
        if let Some(span) = hints::rate_limit_reset(headers, date) {
            self.hosts.back_off(host, span);
        }
    }

    /// Reads a body to its end (SEC-05, ET-49).
    async fn body(
        &self,
        response: reqwest::Response,
        host: &str,
        limit: SizeLimit,
        trace: &mut Trace,
    ) -> Result<Body, Failure> {
        let (coding, unknown) = Coding::of(response.headers())?;
        let announced = response.content_length().unwrap_or(0);
        if usize::try_from(announced).unwrap_or(usize::MAX) > limit.bytes && !limit.truncate {
            return Err(decode::too_large(limit.bytes));
        }
        let chunks = response
            .bytes_stream()
            .map_err(|e| failure::of_body(&e, host));
        let incoming = IncomingBody {
            host,
            coding,
            limit,
            bytes_wire: &mut trace.bytes_wire,
        };
        let body = self.bodies.read(chunks, incoming, &mut trace.time).await?;
        if let Some(unknown) = unknown {
            coding::check_unencoded(&body, &unknown)?;
            trace.hints.unknown_coding = Some(unknown);
        }
        Ok(body)
    }
}

/// Whether a 226 is a delta of the requested kind, without further manipulations.
fn is_delta(headers: &HeaderMap) -> bool {
    let value = headers.get(&IM).and_then(|v| v.to_str().ok());
    value.is_some_and(|im| im.trim().eq_ignore_ascii_case("feed"))
}

/// Whether the body is a web page, or may be one because no Content-Type was sent.
fn is_html(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_none_or(|value| {
        let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        let value = value.trim_start();
        value.starts_with("text/html") || value.starts_with("application/xhtml")
    })
}

/// Reads a little of an unneeded body, so that its connection can be used again. Nothing depends on the result.
async fn drain(mut response: reqwest::Response, trace: &mut Trace) {
    let until = trace
        .time
        .server_deadline()
        .min(Instant::now() + DRAIN_TIME);
    let reading = async {
        let mut total = 0usize;
        while let Ok(Some(chunk)) = response.chunk().await {
            trace.count(chunk.len());
            total = total.saturating_add(chunk.len());
            if total > DRAIN_BYTES {
                break;
            }
        }
    };
    let _ = timeout_at(until, reading).await;
}

fn header_bytes(headers: &HeaderMap) -> usize {
    let each = headers
        .iter()
        .map(|(n, v)| n.as_str().len().saturating_add(v.len()));
    each.fold(0, usize::saturating_add)
}
