//! The accept loop. axum's own server sets no timers, so that one half-sent request would hold up the end of the
//! process; here every wait has a limit and every connection an owner.
//!
//! When all places are taken, the client that has kept us waiting longest for a request makes room for the next: a
//! thousand clients that send a byte a second cost a good one nothing. A client that waits for our answer is never sent
//! away. When the memory for answers is used up, the slowest reader is cut ([`super::connection_table`]).

use std::time::Duration;

use axum::Router;
use futures_util::future::select_all;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Limits;
use super::budget::AnswerBudget;
use super::connection_table::{Guest, Guests};
use super::deadline::Deadline;
use super::listen::{Listener, Stream};
use super::metrics::Metrics;

/// The head of a request, with room for a URL of [`super::request_guard::URL_BYTES_MAX`] and its headers.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// Bytes read ahead of one connection.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// Pause when no connection can be accepted: descriptors are out, and the next try would fail the same.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Takes connections until cancelled, then lets those that are open end for `drain_timeout` at most.
pub async fn serve(
    listeners: Vec<Listener>,
    router: Router,
    limits: &Limits,
    metrics: &Metrics,
    budget: &AnswerBudget,
    cancel: CancellationToken,
) {
    let mut open = JoinSet::new();
    let mut guests = Guests::default();
    let mut accepting = true;
    loop {
        metrics
            .connections
            .set(i64::try_from(open.len()).unwrap_or(i64::MAX));
        tokio::select! {
            () = cancel.cancelled() => break,
            Some(ended) = open.join_next() => report(ended),
            () = budget.is_short() => {
                if guests.cut_the_slowest_reader() {
                    metrics.cut.inc();
                }
            }
            accepted = accept(&listeners) => match accepted {
                Ok(stream) => {
                    accepting = true;
                    if guests.here() >= limits.connections_max {
                        metrics.refused.inc();
                        if !guests.send_away_the_slowest() {
                            continue; // everybody waits for us: this one is closed
                        }
                    }
                    let guest = guests.comes();
                    let (router, limits, cancel) = (router.clone(), limits.clone(), cancel.clone());
                    let served = guest.clone();
                    let task = open.spawn(async move {
                        match stream {
                            Stream::Tcp(stream) => converse(stream, router, served, &limits, cancel).await,
                            Stream::Unix(stream) => converse(stream, router, served, &limits, cancel).await,
                        }
                    });
                    guests.add(task, guest);
                }
                Err(e) => {
                    if std::mem::take(&mut accepting) {
                        tracing::warn!(error = %e, "cannot accept connections for now");
                    }
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listeners);
    let all_ended = async {
        while let Some(ended) = open.join_next().await {
            report(ended);
        }
    };
    if timeout(limits.drain_timeout, all_ended).await.is_err() {
        tracing::info!(
            connections = open.len(),
            "closing connections that did not end"
        );
        open.shutdown().await;
    }
}

async fn accept(listeners: &[Listener]) -> std::io::Result<Stream> {
    if listeners.is_empty() {
        return std::future::pending().await;
    }
    let accepts = listeners.iter().map(|l| Box::pin(l.accept()));
    select_all(accepts).await.0
}

/// One connection from its first byte to its last.
async fn converse<S>(
    stream: S,
    router: Router,
    guest: Guest,
    limits: &Limits,
    cancel: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(router);
    let taking = guest.taking.clone();
    let paced = service_fn(move |request| {
        guest.asked();
        let (guest, answer) = (guest.clone(), service.call(request));
        async move {
            let answer = answer.await;
            guest.answered();
            answer
        }
    });
    let limited = Deadline::new(stream, limits.request_timeout, limits.stall_timeout, taking);
    let io = TokioIo::new(limited);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(io, paced);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = cancel.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(e) = ended {
        tracing::debug!(error = %e, "connection ended early");
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(e) = ended
        && e.is_panic()
    {
        tracing::error!(error = %e, "a connection panicked");
    }
}
