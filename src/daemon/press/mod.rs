//! The press of the sample: a few made-up papers, served on loopback, which `newswire run --sample` polls beside public feeds,
//! so that there is something to see within seconds and without a network. Their articles take the way of all articles;
//! only the way to their hosts is special ([`crate::fetch::LocalHosts`]). Never listens beyond loopback, and never runs for a
//! store that is no sample.
//!
//! | file | idea |
//! |---|---|
//! | `papers` | the texts as they are written |
//! | [`edition`] | the texts with dates, which a store keeps |
//! | `feeds` | the feeds in their formats |
//! | `answer` | what is answered to a request |

mod answer;
pub mod edition;
mod feeds;
mod papers;

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
use edition::Edition;
pub use papers::PORT;

/// What is taken from one machine.
const CONNECTIONS_MAX: usize = 64;

/// The papers, ready to be served.
#[derive(Debug)]
pub struct Press {
    edition: Arc<Edition>,
    socket: TcpListener,
    address: SocketAddr,
}

impl Press {
    /// Takes a port on loopback: the first of `ports` that is free; 0 is any. `at` is when the edition came out.
    ///
    /// # Errors
    /// No port can be had.
    pub fn bind(at: Time, ports: &[u16]) -> Result<Self, BindError> {
        let mut refused = None;
        for port in ports {
            let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
            let bound = TcpListener::bind(wanted);
            match bound.and_then(|socket| Ok((socket.local_addr()?, socket))) {
                Ok((address, socket)) => {
                    return Ok(Self {
                        edition: Arc::new(Edition::new(at)),
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
                    format!("{e}; the sample's press needs a port there"),
                )
            },
        );
        Err(BindError { address, reason })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How the fetcher finds the papers.
    pub fn hosts(&self) -> LocalHosts {
        let papers = self.edition.papers.iter();
        LocalHosts {
            names: papers.map(|p| p.host.clone()).collect(),
            port: PORT,
            address: self.address,
        }
    }

    /// Serves until cancelled.
    ///
    /// # Errors
    /// The runtime does not take the socket.
    pub async fn serve(self, cancel: CancellationToken) -> Result<(), BindError> {
        let listener = Listener::inherited_tcp(self.socket)?;
        let router = Router::new()
            .fallback(answer::answer)
            .with_state(self.edition);
        let limits = Limits {
            connections_max: CONNECTIONS_MAX,
            drain_timeout: Duration::from_millis(200),
            ..Limits::default()
        };
        serve::serve_router(vec![listener], router, &limits, cancel).await;
        Ok(())
    }
}

/// Polls the papers that were never polled, before anything else is, and then once more those that have found a mistake in
/// the meantime: so the first page has stories in seconds, and an edit among them.
///
/// # Errors
/// [`StoreError`] if the store cannot be used.
pub async fn first_polls(
    ingest: &Arc<Ingest>,
    reads: &Reads,
    cancel: &CancellationToken,
) -> Result<(), StoreError> {
    let papers = papers::all();
    let paper_of = |feed: &Feed| {
        let url = WebUrl::parse(&feed.url).ok()?;
        papers.iter().find(|paper| paper.host == url.host())
    };
    let new = reads.feeds()?.into_iter();
    let new: Vec<Feed> = new.filter(|f| f.last_poll.is_none()).collect();
    let rows = |is_wanted: &dyn Fn(&papers::Paper) -> bool| -> Vec<FeedRow> {
        let wanted = new.iter().filter(|f| paper_of(f).is_some_and(is_wanted));
        wanted.map(|f| f.row).collect()
    };
    for feeds in [rows(&|_| true), rows(&papers::Paper::has_correction)] {
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
