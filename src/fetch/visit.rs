//! One visit: requests and redirects until there is an answer, within a time limit. GET only, without cookies, Referer or
//! retries (ET-31, ET-41, ET-44). Every hop passes the guard, the host's permit and the header rules; no URL is followed that
//! neither the caller nor a redirect named (ET-36 to ET-39, ET-48, SEC-06, SEC-07).

use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt;
use http::header::{CONTENT_TYPE, DATE, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION};
use http::{HeaderMap, HeaderName, StatusCode};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::body_reader::IncomingBody;
use super::client::Fetcher;
use super::coding::{Coding, SizeLimit};
use super::failure;
use super::hints;
use super::host_queue::Backoff;
use super::hosts::{Permit, RequestSlot};
use super::http_client::HEADER_BYTES_MAX;
use super::link;
use super::options::FetchOptions;
use super::redirect;
use super::request::{A_IM, Request};
use super::visit_time::VisitTime;
use super::{coding, decode};
use crate::memory::Body;
use crate::model::{Extent, Failure, FailureKind, Hints, Time, WebUrl};

/// Names the manipulations that the server applied (RFC 3229).
const IM: HeaderName = HeaderName::from_static("im");

/// A feed that is redirected to a host with a longer queue is put off, because the caller could not plan for that host (REL-16).
const REDIRECT_QUEUE_WAIT_MAX: Duration = Duration::from_secs(10);
/// A request that takes longer no longer counts against the limit of concurrent requests.
const SLOW_AFTER: Duration = Duration::from_millis(500);
/// How much of an unneeded body is read, and for how long, so that its connection can be used again (ET-44).
const DRAIN_BYTES: usize = 16 << 10;
const DRAIN_TIME: Duration = Duration::from_millis(500);

/// How far a visit got. Filled in on the way, so that a failed visit has it too.
pub(super) struct Trace {
    pub(super) started: Option<Time>,
    /// The URL of the last answer.
    pub(super) url: Option<WebUrl>,
    pub(super) hops: usize,
    /// Whether all redirects so far were permanent.
    pub(super) is_permanent: bool,
    pub(super) status: Option<u16>,
    pub(super) bytes_wire: u64,
    pub(super) hints: Hints,
    pub(super) extent: Extent,
    /// The slot of the request that brought the document of a feed.
    pub(super) slot: Option<RequestSlot>,
    time: VisitTime,
}

/// The final answer of a visit.
pub(super) enum Answer {
    Document { headers: HeaderMap, body: Body },
    NotModified { headers: HeaderMap },
}

/// The result of one request.
enum Hop {
    Final(Answer),
    Redirect { to: WebUrl, is_permanent: bool },
}

impl Trace {
    pub(super) fn new(options: &FetchOptions) -> Self {
        Self {
            started: None,
            url: None,
            hops: 0,
            is_permanent: true,
            status: None,
            bytes_wire: 0,
            hints: Hints::default(),
            extent: Extent::Whole,
            slot: None,
            time: VisitTime::new(options.timeout_total, options.local_wait),
        }
    }

    fn count(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.bytes_wire = self.bytes_wire.saturating_add(bytes);
    }
}

impl Fetcher {
    /// Makes a visit.
    pub(super) async fn visit(
        &self,
        request: &Request<'_>,
        trace: &mut Trace,
        cancel: &CancellationToken,
    ) -> Result<Answer, Failure> {
        let mut url = request.url.clone();
        let mut visited = vec![url.clone()];
        loop {
            self.guard.check_url(&url)?;
            if request.is_article {
                self.obey_robots(&url, cancel).await?;
            }
            let queue_wait_max = match request.is_feed && visited.len() > 1 {
                true => REDIRECT_QUEUE_WAIT_MAX,
                false => Duration::MAX,
            };
            let mut permit = self
                .host_permit(url.host(), queue_wait_max, trace, cancel)
                .await?;
            trace.started.get_or_insert_with(|| self.clock.now());
            trace.time.start_server();
            let hop = {
                let mut sent = pin!(self.send(request, &url, trace));
                let mut slow = pin!(sleep(SLOW_AFTER));
                let mut is_slow = false;
                loop {
                    tokio::select! {
                        biased;
                        () = cancel.cancelled() => return Err(cancelled()),
                        hop = &mut sent => break hop,
                        () = &mut slow, if !is_slow => {
                            is_slow = true;
                            permit.mark_slow();
                        }
                    }
                }
            };
            let slot = permit.release_host();
            trace.time.stop_server();
            match hop? {
                Hop::Final(answer) => {
                    trace.slot = slot.filter(|_| request.is_feed);
                    return Ok(answer);
                }
                Hop::Redirect { to, is_permanent } => {
                    let most = self.options.redirects_max;
                    redirect::check(&request.url, &to, &visited, most)?;
                    trace.hops = trace.hops.saturating_add(1);
                    trace.is_permanent &= is_permanent;
                    visited.push(to.clone());
                    url = to;
                }
            }
        }
    }

    /// Waits for the turn of a host.
    async fn host_permit(
        &self,
        host: &str,
        queue_wait_max: Duration,
        trace: &mut Trace,
        cancel: &CancellationToken,
    ) -> Result<Permit, Failure> {
        let permit = self.hosts.acquire_within(host, queue_wait_max);
        let permit = tokio::select! {
            biased;
            () = cancel.cancelled() => {
                trace.hints.retry_after = Some(Duration::ZERO);
                return Err(cancelled());
            }
            permit = trace.time.host_turn(permit) => permit,
        };
        let permit = permit.ok_or_else(|| failure::queue_too_long(host))?;
        permit.map_err(|Backoff(left)| {
            trace.hints.retry_after = Some(left);
            // The server that has the feed was not asked, whatever a server before it answered.
            trace.status = None;
            failure::backing_off(host, left)
        })
    }

    /// Sends one request and reads its answer.
    async fn send(
        &self,
        request: &Request<'_>,
        url: &WebUrl,
        trace: &mut Trace,
    ) -> Result<Hop, Failure> {
        let host = url.host();
        let headers = request.headers_for(url)?;
        let wants_delta = headers.contains_key(&A_IM);
        let is_conditional =
            headers.contains_key(IF_NONE_MATCH) || headers.contains_key(IF_MODIFIED_SINCE);
        let local = self.local.as_ref();
        let sent = if let Some((local, target)) = local.and_then(|l| Some((l, l.target(url)?))) {
            local.client.get(target)
        } else {
            let client = match request.is_single {
                true => &self.client_single,
                false => &self.client,
            };
            let is_proven = request.is_proven && url.origin() == request.url.origin();
            self.resolver
                .prepare(url, is_proven, &mut trace.time)
                .await?;
            client.get(url.as_url().clone())
        };
        let sent = sent.headers(headers).send();
        let sent = trace.time.server(host, sent).await?;
        let response = sent.map_err(|e| failure::of_request(&e, host))?;
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
            304 if is_conditional => {
                let headers = response.headers().clone();
                Ok(Hop::Final(Answer::NotModified { headers }))
            }
            226 if !wants_delta || !is_delta(response.headers()) => {
                drain(response, trace).await;
                Err(failure::of_status(status, host))
            }
            200 | 203 | 226 => {
                if status == StatusCode::IM_USED {
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

fn cancelled() -> Failure {
    let text = "stopped before the answer was complete";
    Failure::new(FailureKind::Internal, text)
}
