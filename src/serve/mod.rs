//! L3: the HTTP server. It reads the store and never writes to it; it answers only GET and HEAD, except to WebSub hubs and to clients of
//! MCP (SEC-18). It
//! does not know how articles arrive (`ingest`), and of a request only the path, the parameters and the conditions affect a
//! response.
//!
//! | file | purpose |
//! |---|---|
//! | `options` | what a server is made of |
//! | [`listen`] | listening sockets, and why one cannot be opened |
//! | `connections`, `connection_table`, `deadline` | the accept loop: limits, time-outs, the end of the server |
//! | `request_guard`, `hosts`, `tokens` | checks of every request; host names; who may read |
//! | `state` | what all requests share; limited concurrent reads |
//! | `error` | errors as responses |
//! | `cache`, `coding`, `conditional` | rendered documents; content codings; 304 and caching headers |
//! | `budget` | the memory of all responses |
//! | `feeds`, `opml_lists`, `river`, `story`, `sources`, `status`, `pages`, `health`, `static_routes` | the routes |
//! | `api` | the JSON API |
//! | `cached`, `frame`, `times` | what all pages share; times in the time zone of the server |
//! | `copies`, `diff`, `edit_script`, `plot` | the copies of a story; differences of texts; plots |
//! | `mcp` | tools for language models, by POST |
//! | `callback`, `websub`, `pushes` | the callback for hubs, its route, and the limit of concurrent pushes |
//! | `metrics` | counters for monitoring |

mod api;
mod budget;
mod cache;
mod cached;
mod callback;
mod coding;
mod conditional;
mod connection_table;
mod connections;
mod copies;
mod deadline;
mod diff;
mod edit_script;
mod error;
mod feeds;
mod frame;
mod health;
mod hosts;
pub mod listen;
mod mcp;
mod metrics;
mod opml_lists;
mod options;
mod pages;
mod plot;
mod pushes;
mod request_guard;
mod river;
mod sources;
mod state;
mod static_routes;
mod status;
mod story;
mod times;
mod tokens;
mod top;
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
use axum::routing::{get, post};
use tokio_util::sync::CancellationToken;

use crate::merged::BaseUrl;
use state::{Shared, State};

impl Server {
    /// Serves on the listeners until cancelled, then waits at most `drain_timeout` for open requests.
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

/// Serves another router with the same limits of connections, time and memory, until cancelled.
pub async fn serve_router(
    listeners: Vec<Listener>,
    router: Router,
    limits: &Limits,
    cancel: CancellationToken,
) {
    let metrics = metrics::Metrics::new(Arc::default());
    let budget = budget::ResponseBudget::new(limits.response_bytes_max);
    connections::serve(listeners, router, limits, &metrics, &budget, cancel).await;
}

/// The routes. Those of readers require a token if there are tokens, the others never do: it depends on the matched route, not on
/// the beginning of a path (SEC-22).
fn router(state: Shared) -> Router {
    let mut public = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/robots.txt", get(static_routes::robots))
        .route("/style.css", get(static_routes::style));
    if state.callback.is_some() {
        let path = format!("{CALLBACK_PATH}/{{path}}");
        public = public.route(&path, get(websub::verify).post(websub::push));
    }
    let readers = Router::new()
        .route("/", get(river::river))
        .route("/topics/{topic}", get(river::topic))
        .route("/stories/{id}", get(story::story))
        .route("/top", get(top::top))
        .route("/search", get(pages::search))
        .route("/topics", get(pages::topics))
        .route("/sources", get(static_routes::sources))
        .route("/sources/{id}", get(sources::source))
        .route("/status", get(status::status))
        .route("/feeds/{file}", get(feeds::feed))
        .route("/feeds.opml", get(opml_lists::merged_feeds))
        .route("/subscriptions.opml", get(opml_lists::subscriptions))
        .route("/metrics", get(health::metrics))
        .merge(api::router())
        .fallback(static_routes::not_found)
        .method_not_allowed_fallback(static_routes::method_not_allowed)
        .layer(request_guard::catch_panics())
        .layer(from_fn_with_state(
            Arc::clone(&state),
            request_guard::guard_readers,
        ));
    let tools = Router::new()
        .route("/mcp", post(mcp::post).fallback(mcp::only_post))
        .layer(request_guard::catch_panics())
        .layer(from_fn_with_state(Arc::clone(&state), mcp::guard));
    let tools = match state.options.mcp {
        true => tools,
        false => Router::new(),
    };
    public
        .method_not_allowed_fallback(static_routes::method_not_allowed)
        .layer(request_guard::catch_panics())
        .merge(readers)
        .merge(tools)
        .layer(from_fn_with_state(Arc::clone(&state), request_guard::guard))
        .with_state(state)
}
