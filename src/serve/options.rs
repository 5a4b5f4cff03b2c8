//! What the server is given before it starts: the operator's options, limits, and its connections to the rest of the daemon.
//! Never reads a configuration file.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use prometheus_client::registry::Registry;
use tokio::sync::watch;

use super::callback::HubCallback;
use super::tokens::Tokens;
use crate::clock::Clock;
use crate::model::{Seq, WebUrl};
use crate::store::Reads;

/// What the operator decides about the server.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// The title of the pages and of the feed of everything.
    pub title: String,
    /// The base of the URLs that readers see; without it, the first address listened on.
    pub public_url: Option<WebUrl>,
    /// Further host names under which readers reach the server ([`hosts`]).
    pub allowed_hosts: Vec<String>,
    /// Where WebSub hubs reach the server; it is answered under this host too.
    pub callback_url: Option<WebUrl>,
    /// A WebSub hub that is told of changes.
    pub hub: Option<WebUrl>,
    /// Who may read; none: everybody.
    pub tokens: Option<Tokens>,
    /// Entries a page, 1 to [`crate::merged::LIMIT_MAX`].
    pub page_size: usize,
    /// Whether the store is a sample, which the pages say.
    pub is_sample: bool,
    /// Above how many bytes the page of the sources warns of the store's size; 0: never.
    pub size_warning: u64,
    /// The zone of the times on pages.
    pub zone: TimeZone,
    /// Whether pages show publishers' pictures, which browsers load from them.
    pub images: bool,
    /// What one client may take.
    pub limits: Limits,
}

/// A public server of fifty stories a page, without a name.
impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            title: "newswire".to_owned(),
            public_url: None,
            allowed_hosts: Vec::new(),
            callback_url: None,
            hub: None,
            tokens: None,
            page_size: 50,
            is_sample: false,
            size_warning: 0,
            zone: TimeZone::UTC,
            images: false,
            limits: Limits::default(),
        }
    }
}

/// What one client, and all of them together, may take (SEC-18).
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at once; one more is closed.
    pub connections_max: usize,
    /// From the start of a request, or the end of the last, to the end of its headers.
    pub header_timeout: Duration,
    /// From there to the answer; and again for the answer to be taken.
    pub request_timeout: Duration,
    /// How long a client may take nothing of an answer.
    pub stall_timeout: Duration,
    /// Memory of all answers together, in bytes.
    pub answer_bytes_max: usize,
    /// How long open requests may go on when the server ends (REL-08).
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 512,
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(10),
            answer_bytes_max: 80 << 20,
            drain_timeout: Duration::from_secs(3),
        }
    }
}

/// Whether newswire is ready, else why not in one line. It is called for every `/readyz` and must not block.
pub type Ready = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// The server, before it listens.
pub struct Server {
    /// Read access.
    pub reads: Reads,
    /// What the operator decided.
    pub options: ServeOptions,
    /// The last sequence; when it moves, what was rendered is rendered again.
    pub sequence: watch::Receiver<Seq>,
    /// The answer of `/readyz`.
    pub ready: Ready,
    /// The numbers of other rooms for `/metrics`, beside the store's and the server's own.
    pub registry: Arc<Registry>,
    /// The callback of WebSub hubs, where there is one.
    pub callback: Option<HubCallback>,
    /// The clock.
    pub clock: Clock,
}
