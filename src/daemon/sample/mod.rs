//! The server of the sample: fictional newspapers on loopback, which `newswire run --sample` polls besides public feeds, so that there are stories within seconds and without a network. Their feeds are polled like all others; only their hosts are
//! reached in a special way ([`crate::fetch::LocalHosts`]). Never listens beyond loopback, and never runs for a store that is not
//! a sample.
//!
//! | file | purpose |
//! |---|---|
//! | `newspapers` | the texts |
//! | [`snapshot`] | the texts with dates, and which store is a sample |
//! | `feeds` | the feeds in their formats |
//! | `responses` | the responses to requests |

mod feeds;
mod newspapers;
mod responses;
pub mod snapshot;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio_util::sync::CancellationToken;

use crate::fetch::LocalHosts;
use crate::ingest::Ingest;
use crate::model::{Feed, FeedRow, Time, WebUrl};
use crate::serve::{self, BindError, Limits, Listener};
use crate::store::{ClaimScope, Reads, StoreError};
pub use newspapers::PORT;
use snapshot::Snapshot;

/// Maximum number of connections.
const CONNECTIONS_MAX: usize = 64;

/// The server of the newspapers, with a bound socket.
#[derive(Debug)]
pub struct SampleServer {
    snapshot: Arc<Snapshot>,
    socket: TcpListener,
    address: SocketAddr,
}

impl SampleServer {
    /// Binds the first free port of `ports` on loopback; 0 is any port. `at` is the time of the snapshot.
    ///
    /// # Errors
    /// None of the ports can be bound.
    pub fn bind(at: Time, ports: &[u16]) -> Result<Self, BindError> {
        let mut refused = None;
        for port in ports {
            let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
            let bound = TcpListener::bind(wanted);
            match bound.and_then(|socket| Ok((socket.local_addr()?, socket))) {
                Ok((address, socket)) => {
                    return Ok(Self {
                        snapshot: Arc::new(Snapshot::new(at)),
                        socket,
                        address,
                    });
                }
                Err(e) => refused = Some((wanted, e)),
            }
        }
        let (address, reason) = refused.map_or_else(
            || ("127.0.0.1".to_owned(), "no port was given".to_owned()),
            |(address, e)| {
                (
                    address.to_string(),
                    format!("{e}; the server of the sample needs a port there"),
                )
            },
        );
        Err(BindError { address, reason })
    }

    /// The address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The hosts of the newspapers, for the fetcher.
    pub fn hosts(&self) -> LocalHosts {
        let newspapers = self.snapshot.newspapers.iter();
        LocalHosts {
            names: newspapers.map(|p| p.host.clone()).collect(),
            port: PORT,
            address: self.address,
        }
    }

    /// Serves until cancelled.
    ///
    /// # Errors
    /// The runtime cannot use the socket.
    pub async fn serve(self, cancel: CancellationToken) -> Result<(), BindError> {
        let listener = Listener::inherited_tcp(self.socket)?;
        let router = Router::new()
            .fallback(responses::respond)
            .with_state(self.snapshot);
        let limits = Limits {
            connections_max: CONNECTIONS_MAX,
            drain_timeout: Duration::from_millis(200),
            ..Limits::default()
        };
        serve::serve_router(vec![listener], router, &limits, cancel).await;
        Ok(())
    }
}

/// Polls the newspapers that were never polled, and then those with a correction once more, so that the front page soon has
/// stories, and one of them an edit.
///
/// # Errors
/// [`StoreError`] if the store cannot be used.
pub async fn first_polls(
    ingest: &Arc<Ingest>,
    reads: &Reads,
    cancel: &CancellationToken,
) -> Result<(), StoreError> {
    let newspapers = newspapers::all();
    let newspaper_of = |feed: &Feed| {
        let url = WebUrl::parse(&feed.url).ok()?;
        newspapers
            .iter()
            .find(|newspaper| newspaper.host == url.host())
    };
    let new = reads.feeds()?.into_iter();
    let new: Vec<Feed> = new.filter(|f| f.last_poll.is_none()).collect();
    let rows = |is_wanted: &dyn Fn(&newspapers::Newspaper) -> bool| -> Vec<FeedRow> {
        let wanted = new
            .iter()
            .filter(|f| newspaper_of(f).is_some_and(is_wanted));
        wanted.map(|f| f.row).collect()
    };
    for feeds in [
        rows(&|_| true),
        rows(&newspapers::Newspaper::has_correction),
    ] {
        if !feeds.is_empty() {
            let manual_interval = Duration::ZERO;
            let scope = ClaimScope::These {
                feeds,
                manual_interval,
            };
            ingest.pass(scope, cancel, &|_| {}).await?;
        }
    }
    Ok(())
}
