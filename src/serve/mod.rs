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
mod cached_page;
mod callback;
mod coding;
mod conditional;
mod connection_table;
mod connections;
mod copies;
mod deadline;
mod diff;
mod error;
mod feeds;
mod frame;
mod health;
mod hosts;
pub mod listen;
mod metrics;
mod options;
mod pages;
mod plot;
mod pushes;
mod request_guard;
mod river;
mod sources;
mod state;
mod status;
mod story;
mod times;
mod tokens;
mod websub;

pub use callback::{CALLBACK_PATH, HubCallback, HubHandler};
pub use error::HttpError;
pub use listen::{BindError, Listener};
pub use options::{Limits, Ready, ServeOptions, Server};
pub use prometheus_client::registry::Registry;
pub use tokens::Tokens;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use tokio_util::sync::CancellationToken;

use crate::merged::BaseUrl;
use state::{Shared, State};

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
        .route("/robots.txt", get(request_guard::robots))
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
        .route("/sources", get(request_guard::sources))
        .route("/sources/{id}", get(sources::source))
        .route("/status", get(status::status))
        .route("/feeds/{file}", get(feeds::feed))
        .route("/feeds.opml", get(feeds::merged_feeds))
        .route("/subscriptions.opml", get(feeds::subscriptions))
        .route("/metrics", get(health::metrics))
        .fallback(request_guard::nothing_here)
        .method_not_allowed_fallback(request_guard::only_reads)
        .layer(request_guard::catch_panics())
        .layer(from_fn_with_state(
            Arc::clone(&state),
            request_guard::readers,
        ));
    open.method_not_allowed_fallback(request_guard::only_reads)
        .layer(request_guard::catch_panics())
        .merge(readers)
        .layer(from_fn_with_state(Arc::clone(&state), request_guard::gate))
        .with_state(state)
}
