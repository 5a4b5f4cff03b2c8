//! L2: asks servers for documents. One visit to a feed goes in as a [`FetchRequest`] and comes out as a
//! [`crate::model::Poll`], whatever happened; nothing here parses, stores or decides when to ask again.
//!
//! | file | idea |
//! |---|---|
//! | [`client`] | the visit: redirects, headers, deadline, outcome |
//! | [`guard`] | which addresses and ports may be contacted (SEC-06) |
//! | [`resolve`] | names to checked addresses |
//! | `lookup` | the threads that look names up |
//! | [`hosts`] | one request a host, spacing, resting after 429 (ET-26, ET-45) |
//! | [`body`] | bounded decoding (SEC-05, ET-42) |
//! | `intake` | bodies, within the limits of size, memory and time (SEC-24, REL-13) |
//! | `visit_time` | how long servers may take, and how long we wait for ourselves |
//! | [`robots`] | what robots.txt lets us read, for pages of articles (ET-47) |
//! | `robots_cache` | the rules of origins, for a day, bounded in bytes |
//! | [`hints`] | what headers say about when to ask again (ET-11..13, ET-25, ET-28) |
//! | [`link`] | hub and self in Link headers (ET-50) |
//! | [`hub`] | asking a hub to tell us of news |
//! | [`failure`] | errors in words for a person, without secrets |
//! | [`load`] | what is under way at a moment |
//! | [`local`] | hosts that this process serves itself |
//! | [`options`] | what the operator decides |

pub mod body;
pub mod client;
pub mod failure;
pub mod guard;
pub mod hints;
pub mod hosts;
pub mod hub;
mod intake;
pub mod link;
pub mod load;
pub mod local;
mod lookup;
pub mod options;
pub mod resolve;
pub mod robots;
mod robots_cache;
mod visit_time;

pub use client::{ACCEPT_FEEDS, FetchRequest, Fetcher, Page, RESERVED as RESERVED_HEADERS};
pub use guard::{Guard, Net};
pub use hosts::{HostStats, Turn, site_of};
pub use load::Load;
pub use local::LocalHosts;
pub use options::{FetchOptions, FetchSetupError, user_agent};
pub use resolve::Names;
