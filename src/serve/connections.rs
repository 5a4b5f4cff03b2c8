//! The accept loop. axum's own server sets no timeouts, so a half-sent request could delay the end of the process; here every
//! wait has a limit and every connection is in a table ([`super::connection_table`]).
//!
//! When the limit of connections is reached, the connection that has been idle longest is closed for a new one, so that a
//! thousand clients that send a byte a second do not lock out a good one. A connection whose request is being answered is
//! never closed for that. When responses take too much memory, the slowest reader is closed.

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

use super::budget::ResponseBudget;
use super::connection_table::{Connection, ConnectionTable};
use super::deadline::Deadline;
use super::listen::{Listener, Stream};
use super::metrics::Metrics;
use super::options::Limits;

/// Maximum size of a request's head: a URL of [`super::request_guard::URL_BYTES_MAX`] and the headers.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// Maximum number of bytes read ahead on a connection.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// Pause after a failed accept: without free file descriptors the next one would fail too.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves connections until cancelled, then waits at most `drain_timeout` for the open ones to end.
pub async fn serve(
    listeners: Vec<Listener>,
    router: Router,
    limits: &Limits,
    metrics: &Metrics,
    budget: &ResponseBudget,
    cancel: CancellationToken,
) {
    let mut tasks = JoinSet::new();
    let mut table = ConnectionTable::default();
    let mut accepting = true;
    loop {
        metrics
            .connections
            .set(i64::try_from(tasks.len()).unwrap_or(i64::MAX));
        tokio::select! {
            () = cancel.cancelled() => break,
            Some(ended) = tasks.join_next() => log_panic(ended),
            () = budget.is_exhausted() => {
                if table.close_slowest_reader() {
                    metrics.cut.inc();
                }
            }
            accepted = accept(&listeners) => match accepted {
                Ok(stream) => {
                    accepting = true;
                    if table.len() >= limits.connections_max {
                        metrics.refused.inc();
                        if !table.close_longest_idle() {
                            continue; // all are busy: the new connection is closed
                        }
                    }
                    let connection = table.new_connection();
                    let (router, limits, cancel) = (router.clone(), limits.clone(), cancel.clone());
                    let served = connection.clone();
                    let task = tasks.spawn(async move {
                        match stream {
                            Stream::Tcp(s) => serve_connection(s, router, served, &limits, cancel).await,
                            Stream::Unix(s) => serve_connection(s, router, served, &limits, cancel).await,
                        }
                    });
                    table.add(task, connection);
                }
                Err(e) => {
                    if std::mem::take(&mut accepting) {
                        tracing::warn!(error = %e, "cannot accept connections at present");
                    }
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listeners);
    let all_ended = async {
        while let Some(ended) = tasks.join_next().await {
            log_panic(ended);
        }
    };
    if timeout(limits.drain_timeout, all_ended).await.is_err() {
        tracing::info!(
            connections = tasks.len(),
            "closing connections that did not end in time"
        );
        tasks.shutdown().await;
    }
}

async fn accept(listeners: &[Listener]) -> std::io::Result<Stream> {
    if listeners.is_empty() {
        return std::future::pending().await;
    }
    let accepts = listeners.iter().map(|l| Box::pin(l.accept()));
    select_all(accepts).await.0
}

/// Serves one connection until it is closed.
async fn serve_connection<S>(
    stream: S,
    router: Router,
    connection: Connection,
    limits: &Limits,
    cancel: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(router);
    let progress = connection.write_progress.clone();
    let tracked = service_fn(move |request| {
        connection.request_started();
        let (connection, response) = (connection.clone(), service.call(request));
        async move {
            let response = response.await;
            connection.request_ended();
            response
        }
    });
    let limited = Deadline::new(
        stream,
        limits.request_timeout,
        limits.stall_timeout,
        progress,
    );
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        .serve_connection(TokioIo::new(limited), tracked);
    let mut served = std::pin::pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = cancel.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(e) = ended {
        tracing::debug!(error = %e, "a connection ended early");
    }
}

fn log_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(e) = ended
        && e.is_panic()
    {
        tracing::error!(error = %e, "the task of a connection panicked");
    }
}
