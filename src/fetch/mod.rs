//! L2: gets documents from servers. A poll goes in as a [`FetchRequest`] and comes out as a [`crate::model::Poll`], whatever
//! happened. Nothing here parses documents, stores anything, or decides when to poll again.
//!
//! | file | contents |
//! |---|---|
//! | [`client`] | the [`Fetcher`]: its parts, and what can be read from it |
//! | [`documents`] | polls, pages, pages of articles |
//! | [`hub`] | requests to WebSub hubs |
//! | `send` | messages to targets of notifications |
//! | `visit` | one visit: hops, permits, time limit |
//! | `response` | what a response means, and its body |
//! | `trace` | how far a visit got |
//! | [`request`] | what a visit asks for, and its headers |
//! | `redirect` | which redirects are followed (SEC-07) |
//! | `robots` | robots.txt, for pages of articles (ET-47) |
//! | `http_client` | limits, TLS and proxy of the HTTP client |
//! | [`local`] | the client for hosts that this process serves itself |
//! | [`guard`] | which addresses and ports may be contacted (SEC-06) |
//! | [`addresses`] | which addresses are public |
//! | [`resolve`] | host names to allowed addresses |
//! | `lookup` | the threads that look names up |
//! | `lookup_queue` | the order in which names are looked up |
//! | [`hosts`] | permits: one request per host, spacing, pauses after 429 (ET-26, ET-45) |
//! | [`host_stats`] | the state of all hosts |
//! | `host_queue` | the spacing and the queue of one host |
//! | `body_reader` | bodies, within the limits of size, memory and time (SEC-24, REL-13) |
//! | [`decode`] | decoding within limits (SEC-05) |
//! | [`coding`] | content codings (ET-42) |
//! | `visit_time` | time limits of one visit |
//! | [`hints`] | what headers say about the next poll (ET-11 to ET-13, ET-25, ET-28) |
//! | [`link`] | the Link header (ET-50) |
//! | [`failure`] | errors as one line for a person, without secrets |
//! | [`load`] | resources in use |
//! | [`options`] | settings |

pub mod addresses;
mod body_reader;
pub mod client;
pub mod coding;
pub mod decode;
pub mod documents;
pub mod failure;
pub mod guard;
pub mod hints;
mod host_queue;
pub mod host_stats;
pub mod hosts;
mod http_client;
pub mod hub;
pub mod link;
pub mod load;
pub mod local;
mod lookup;
mod lookup_queue;
pub mod options;
mod redirect;
pub mod request;
pub mod resolve;
mod response;
mod robots;
mod send;
mod trace;
mod visit;
mod visit_time;

pub use client::Fetcher;
pub use documents::Page;
pub use guard::{Guard, parse_network};
pub use host_stats::HostStats;
pub use hosts::RequestSlot;
pub use load::Load;
pub use options::{FetchOptions, FetchSetupError, LocalHosts, user_agent};
pub use request::{ACCEPT_FEEDS, FetchRequest, RESERVED_HEADERS};
pub use resolve::Names;
pub use send::{Message, SendAnswer};
