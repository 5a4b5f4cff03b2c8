//! The routes of the JSON API below `/api/v1/`. What they answer is selected by [`crate::api`], which knows nothing of HTTP; here
//! are caching, costs, headers and errors, as for every other route.
//!
//! | file | purpose |
//! |---|---|
//! | `answer` | an object as a cached JSON document |
//! | `problem` | errors as problem details (RFC 9457) |
//! | `changes` | changes, for followers |
//! | `lists` | stories and articles |
//! | `objects` | one story, topics, feeds, status, the OpenAPI document |

mod answer;
mod changes;
mod lists;
mod objects;
mod problem;

pub use problem::as_problem;

use axum::Router;
use axum::routing::get;

use super::state::Shared;

/// Whether a path is one of the API.
pub fn is_api(path: &str) -> bool {
    path.strip_prefix(crate::api::BASE)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The routes. A test compares them with [`crate::api::routes::ROUTES`].
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/api/v1/stories", get(lists::stories))
        .route("/api/v1/stories/{id}", get(objects::story))
        .route("/api/v1/articles", get(lists::articles))
        .route("/api/v1/changes", get(changes::changes))
        .route("/api/v1/topics", get(objects::topics))
        .route("/api/v1/feeds", get(objects::feeds))
        .route("/api/v1/status", get(objects::status))
        .route("/api/v1/openapi.json", get(objects::openapi))
}
