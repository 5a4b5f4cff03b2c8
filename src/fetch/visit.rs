//! One visit: requests and redirects until there is an answer, within a time limit. GET only, without cookies, Referer or
//! retries (ET-31, ET-41, ET-44). Every hop passes the guard, the host's permit and the header rules; no URL is followed that
//! neither the caller nor a redirect named (ET-36 to ET-39, ET-48, SEC-06, SEC-07).

use std::pin::pin;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::client::Fetcher;
use super::failure;
use super::host_queue::Backoff;
use super::hosts::Permit;
use super::redirect;
use super::request::{Conditions, Request};
use super::response::{Answer, Hop};
use super::trace::Trace;
use crate::model::{Failure, FailureKind, WebUrl};

/// A feed that is redirected to a host with a longer queue is put off, because the caller could not plan for that host
/// (REL-16).
const REDIRECT_QUEUE_WAIT_MAX: Duration = Duration::from_secs(10);
/// A request that takes longer no longer counts against the limit of concurrent requests.
const SLOW_AFTER: Duration = Duration::from_millis(500);
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

    /// Sends one request and reads the response.
    async fn send(
        &self,
        request: &Request<'_>,
        url: &WebUrl,
        trace: &mut Trace,
    ) -> Result<Hop, Failure> {
        let host = url.host();
        let headers = request.headers_for(url)?;
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
        let conditions = Conditions::of(&headers);
        let sent = sent.headers(headers).send();
        let sent = trace.time.server(host, sent).await?;
        let response = sent.map_err(|e| failure::of_request(&e, host))?;
        self.read_response(request, url, conditions, response, trace)
            .await
    }
}

fn cancelled() -> Failure {
    let text = "stopped before the answer was complete";
    Failure::new(FailureKind::Internal, text)
}
