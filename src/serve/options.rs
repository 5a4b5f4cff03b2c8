//! What a server is made of before it starts: the operator's options, the limits, and the connections to the rest of the daemon.
//! Never reads a configuration file.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use prometheus_client::registry::Registry;
use tokio::sync::watch;

use super::callback::HubCallback;
use super::tokens::Tokens;
use crate::clock::Clock;
use crate::model::{DaemonInfo, Seq, WebUrl};
use crate::store::Reads;

/// The operator's options.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// The title of the pages and of the merged feed of all stories.
    pub title: String,
    /// The base of our URLs; if `None`, the first address listened on.
    pub public_url: Option<WebUrl>,
    /// Further host names that the server answers to ([`super::hosts`]).
    pub allowed_hosts: Vec<String>,
    /// The URL at which WebSub hubs reach the server; its host is allowed too.
    pub callback_url: Option<WebUrl>,
    /// The WebSub hub that our merged feeds name.
    pub hub: Option<WebUrl>,
    /// The tokens of readers; `None`: no token is needed.
    pub tokens: Option<Tokens>,
    /// Entries per page, 1 to [`crate::merged::LIMIT_MAX`].
    pub page_size: usize,
    /// Whether the store is a sample; the pages then say so.
    pub is_sample: bool,
    /// Size of the store, in bytes, above which `/status` shows a warning; 0: never.
    pub size_warning: u64,
    /// The time zone of the pages.
    pub zone: TimeZone,
    /// Whether pages show images, which browsers load from the publishers.
    pub images: bool,
    /// Whether language models may use the tools at `/mcp`.
    pub mcp: bool,
    /// The limits of connections, time and memory.
    pub limits: Limits,
}

/// A server without tokens and public URL, with fifty stories per page.
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
            mcp: false,
            limits: Limits::default(),
        }
    }
}

/// Limits on what one client, and all together, may take (SEC-18).
#[derive(Debug, Clone)]
pub struct Limits {
    /// Maximum number of open connections.
    pub connections_max: usize,
    /// Time for a request's headers, from the start of the connection or the end of the previous request.
    pub header_timeout: Duration,
    /// Time from the headers to the response, and again to send the response.
    pub request_timeout: Duration,
    /// Time for which a client may read nothing of a response.
    pub stall_timeout: Duration,
    /// Memory of all responses together, in bytes.
    pub response_bytes_max: usize,
    /// Time for open requests to end when the server stops (REL-08).
    pub drain_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 512,
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(10),
            response_bytes_max: 80 << 20,
            drain_timeout: Duration::from_secs(3),
        }
    }
}

/// Whether newswire is ready, else the reason in one line. Called for every `/readyz`; must not block.
pub type Ready = Arc<dyn Fn() -> Result<(), String> + Send + Sync>;

/// A server that does not run yet.
pub struct Server {
    /// Read access.
    pub reads: Reads,
    /// The operator's options.
    pub options: ServeOptions,
    /// The sequence of the store; when it changes, cached documents are no longer valid.
    pub sequence: watch::Receiver<Seq>,
    /// Readiness, for `/readyz`.
    pub ready: Ready,
    /// Metrics of other modules, for `/metrics`.
    pub registry: Arc<Registry>,
    /// The handler of WebSub hubs' requests, if WebSub is configured.
    pub callback: Option<HubCallback>,
    /// This daemon, for the API; `None` outside a daemon.
    pub daemon: Option<DaemonInfo>,
    /// The clock.
    pub clock: Clock,
}
