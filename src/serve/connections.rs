//! The accept loop. axum's own server sets no timers, so that one half-sent request would hold up the end of the
//! process; here every wait has a limit and every connection an owner.
//!
//! When all places are taken, the one who has kept us waiting longest for a request makes room for the next: a thousand
//! clients that send a byte a second cost a good one nothing. Who waits for our answer is never sent away.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use futures_util::future::select_all;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Limits;
use super::deadline::Deadline;
use super::listen::{Listener, Stream};
use super::metrics::Metrics;

/// The head of a request, with room for a URL of [`super::gate::URL_BYTES_MAX`] and its headers.
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
            accepted = accept(&listeners) => match accepted {
                Ok(stream) => {
                    accepting = true;
                    if guests.here() >= limits.connections_max {
                        metrics.refused.inc();
                        if !guests.send_away_the_slowest() {
                            continue; // everybody waits for us: this one is closed
                        }
                    }
                    let since = guests.clock();
                    let (router, limits, cancel) = (router.clone(), limits.clone(), cancel.clone());
                    let pace = since.clone();
                    let guest = open.spawn(async move {
                        match stream {
                            Stream::Tcp(stream) => converse(stream, router, pace, &limits, cancel).await,
                            Stream::Unix(stream) => converse(stream, router, pace, &limits, cancel).await,
                        }
                    });
                    guests.add(guest, since);
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
    pace: Pace,
    limits: &Limits,
    cancel: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(router);
    let paced = service_fn(move |request| {
        pace.asked();
        let (pace, answer) = (pace.clone(), service.call(request));
        async move {
            let answer = answer.await;
            pace.answered();
            answer
        }
    });
    let io = TokioIo::new(Deadline::new(stream, limits.request_timeout));
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

/// Since when a client keeps us waiting: milliseconds of the server's life, or [`Pace::OURS`] while it waits for us.
#[derive(Debug, Clone)]
struct Pace {
    start: Instant,
    since: Arc<AtomicU64>,
}

impl Pace {
    const OURS: u64 = u64::MAX;

    fn asked(&self) {
        self.since.store(Self::OURS, Ordering::Relaxed);
    }

    fn answered(&self) {
        let now = self.start.elapsed().as_millis();
        let now = u64::try_from(now).unwrap_or(Self::OURS - 1);
        self.since.store(now, Ordering::Relaxed);
    }
}

/// Who is connected, and how long each keeps us waiting.
struct Guests {
    start: Instant,
    list: Vec<(AbortHandle, Pace)>,
}

impl Default for Guests {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            list: Vec::new(),
        }
    }
}

impl Guests {
    /// How many there are.
    fn here(&mut self) -> usize {
        self.list.retain(|(guest, _)| !guest.is_finished());
        self.list.len()
    }

    /// The pace of one who has just come.
    fn clock(&self) -> Pace {
        let pace = Pace {
            start: self.start,
            since: Arc::new(AtomicU64::new(0)),
        };
        pace.answered();
        pace
    }

    fn add(&mut self, guest: AbortHandle, pace: Pace) {
        self.list.push((guest, pace));
    }

    /// Ends the connection that has kept us waiting longest; false if each waits for us.
    fn send_away_the_slowest(&mut self) -> bool {
        let since =
            |(n, (_, pace)): (usize, &(AbortHandle, Pace))| (pace.since.load(Ordering::Relaxed), n);
        let slowest = self.list.iter().enumerate().map(since).min();
        match slowest {
            Some((since, n)) if since != Pace::OURS => {
                self.list.remove(n).0.abort();
                true
            }
            _ => false,
        }
    }
}

fn report(ended: Result<(), tokio::task::JoinError>) {
    if let Err(e) = ended
        && e.is_panic()
    {
        tracing::error!(error = %e, "a connection panicked");
    }
}
