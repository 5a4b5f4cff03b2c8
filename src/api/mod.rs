//! L3: the objects that leave newswire as JSON, and which of them a request selects. `--json`, the HTTP API and the tools for
//! language models print these same objects; their JSON Schemas and the OpenAPI document are generated from the types.
//!
//! It reads the store and never writes, and knows nothing of HTTP: parameters come in by name, a page of objects or an
//! [`ApiError`] goes out, and memory is reserved through [`crate::merged::PageMemory`].
//!
//! | file | idea |
//! |---|---|
//! | `parameters` | the parameters of a request: known names, and how values are read |
//! | `lists` | pages of stories and of articles |
//! | `changes` | pages of changes, for followers |
//! | `story` | one story with its copies |
//! | `feeds`, `topics`, `status` | the subscriptions; the topics; the store in numbers |
//! | `error` | why there is no answer, as an exception and as an object |
//! | `route`, [`routes`] | what a route is made of; the routes with their parameters and answers |
//! | `schema`, `openapi` | JSON Schemas of the objects; the OpenAPI document |
//! | [`json`] | JSON that is safe to print on a terminal |

mod changes;
mod error;
mod feeds;
pub mod json;
mod lists;
mod openapi;
mod parameters;
mod route;
pub mod routes;
pub mod schema;
mod status;
mod story;
mod topics;

pub use changes::{ChangeLine, ChangePage, ChangeQuery};
pub use error::{ApiError, BadParameter, Mistake, Problem};
pub use feeds::{FeedLine, FeedPage, FeedQuery, WhyNext};
pub use lists::{ArticlePage, ListQuery, StoryPage};
pub use openapi::openapi;
pub use parameters::{LIMIT_DEFAULT, Parameters};
pub use route::{BASE, Route};
pub use status::StatusReport;
pub use story::{StoryQuery, StoryWithCopies};
pub use topics::TopicPage;
