//! L3: the HTTP server. It reads the store and never writes; it answers GET and HEAD and nothing else (SEC-18). It never
//! learns how articles come in (`ingest`), and nothing of a request but its path, its parameters and its conditions
//! reaches an answer.
//!
//! | file | idea |
//! |---|---|
//! | [`listen`] | sockets, and why one cannot be had |
//! | `connections`, `deadline`, `guests` | the accept loop: limits, the drain, who is slowest |
//! | `gate`, `hosts`, `tokens` | what holds for every request and response; our names; who may read |
//! | `state` | what all requests share; reads in turns, off the runtime |
//! | `cache`, `conditional` | rendered once, then sent in the fewest bytes |
//! | `budget` | the memory of all answers together |
//! | `feeds`, `river`, `story`, `sources`, `status`, `pages`, `health` | the routes |
//! | `frame`, `times` | what all pages have in common; times in the zone of the server |
//! | `copies`, `diff`, `plot` | the copies of a story, page by page; where two differ; small plots |
//! | `websub`, `pushes` | the callback of hubs, and how many pushes are taken at once |
//! | `metrics` | numbers for machines |

mod budget;
mod cache;
mod conditional;
mod connections;
mod copies;
mod deadline;
mod diff;
mod feeds;
mod frame;
mod gate;
mod guests;
mod health;
mod hosts;
pub mod listen;
mod metrics;
mod pages;
mod plot;
mod pushes;
mod refusal;
mod river;
mod sources;
mod state;
mod status;
mod story;
mod times;
mod tokens;
mod websub;

pub use listen::{BindError, Listener};
pub use prometheus_client::registry::Registry;
pub use refusal::Refusal;
pub use tokens::Tokens;
pub use websub::{Answer, Callback};

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use jiff::tz::TimeZone;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::merged::BaseUrl;
use crate::model::{Seq, WebUrl};
use crate::store::Reads;
use state::{Shared, State};

/// The one path on this server below which hubs are answered.
pub const CALLBACK_PATH: &str = "/websub";

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
    pub callback: Option<Callback>,
    /// The clock.
    pub clock: Clock,
}

impl Server {
    /// Serves on these listeners until cancelled; then answers what was asked, for `drain_timeout` at most.
    pub async fn run(self, listeners: Vec<Listener>, cancel: CancellationToken) {
        let base = match &self.options.public_url {
            Some(url) => BaseUrl::public(url),
            None => BaseUrl::listening(listeners.first().and_then(Listener::address)),
        };
        let limits = self.options.limits.clone();
        let state = Arc::new(State::new(self, base));
        let router = router(Arc::clone(&state));
        let (metrics, budget) = (&state.metrics, &state.budget);
        connections::serve(listeners, router, &limits, metrics, budget, cancel).await;
    }
}

/// Serves another router than ours under the same limits of connections and time, until cancelled.
pub async fn serve_router(
    listeners: Vec<Listener>,
    router: Router,
    limits: &Limits,
    cancel: CancellationToken,
) {
    let metrics = metrics::Metrics::new(Arc::default());
    let budget = budget::AnswerBudget::new(limits.answer_bytes_max);
    connections::serve(listeners, router, limits, &metrics, &budget, cancel).await;
}

/// Routes that readers have, which want a token where there is one, and routes that want none: by the route alone, never
/// by how a path begins (SEC-22).
fn router(state: Shared) -> Router {
    let mut open = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/robots.txt", get(gate::robots))
        .route("/style.css", get(pages::style));
    if state.callback.is_some() {
        let path = format!("{CALLBACK_PATH}/{{path}}");
        open = open.route(&path, get(websub::ask).post(websub::push));
    }
    let readers = Router::new()
        .route("/", get(river::river))
        .route("/topics/{topic}", get(river::topic))
        .route("/stories/{id}", get(story::story))
        .route("/search", get(pages::search))
        .route("/topics", get(pages::topics))
        .route("/sources", get(gate::sources))
        .route("/sources/{id}", get(sources::source))
        .route("/status", get(status::status))
        .route("/feeds/{file}", get(feeds::feed))
        .route("/feeds.opml", get(feeds::merged_feeds))
        .route("/subscriptions.opml", get(feeds::subscriptions))
        .route("/metrics", get(health::metrics))
        .fallback(gate::nothing_here)
        .method_not_allowed_fallback(gate::only_reads)
        .layer(gate::catch_panics())
        .layer(from_fn_with_state(Arc::clone(&state), gate::readers));
    open.method_not_allowed_fallback(gate::only_reads)
        .layer(gate::catch_panics())
        .merge(readers)
        .layer(from_fn_with_state(Arc::clone(&state), gate::gate))
        .with_state(state)
}
