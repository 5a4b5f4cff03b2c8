//! L2: asks servers for documents. One visit to a feed goes in as a [`FetchRequest`] and comes out as a
//! [`crate::model::Poll`], whatever happened; nothing here parses, stores or decides when to ask again.
//!
//! | file | idea |
//! |---|---|
//! | [`client`] | the visit: redirects, headers, deadline, outcome |
//! | [`guard`] | which addresses and ports may be contacted (SEC-06) |
//! | [`resolve`] | names to checked addresses |
//! | [`hosts`] | one request a host, spacing, resting after 429 (ET-26, ET-45) |
//! | [`body`] | bounded decoding (SEC-05, ET-42) |
//! | [`room`] | the memory that all bodies share (SEC-05) |
//! | [`robots`] | what robots.txt lets us read, for pages of articles (ET-47) |
//! | [`hints`] | what headers say about when to ask again (ET-11..13, ET-25, ET-28) |
//! | [`link`] | hub and self in Link headers (ET-50) |
//! | [`hub`] | asking a hub to tell us of news |
//! | [`failure`] | errors in words for a person, without secrets |
//! | [`options`] | what the operator decides |

pub mod body;
pub mod client;
pub mod failure;
pub mod guard;
pub mod hints;
pub mod hosts;
pub mod hub;
pub mod link;
pub mod options;
pub mod resolve;
pub mod robots;
pub mod room;

pub use client::{ACCEPT_FEEDS, FetchRequest, Fetcher, Page, RESERVED as RESERVED_HEADERS};
pub use guard::{Guard, Net};
pub use hosts::{HostStats, site_of};
pub use options::{FetchOptions, FetchSetupError, user_agent};
pub use resolve::Names;
pub use room::Held;
