//! L3: merged feeds. Which stories a request selects, its pages and archive documents (RFC 5005), the addresses and ids of
//! the feeds, and the feed of health events. The server, `newswire emit` and `newswire render` use the same functions, so that
//! a feed is the same from each of them.
//!
//! It reads the store and never writes. It knows nothing of HTTP: addresses come from the configuration, never from a request
//! (SEC-18).
//!
//! | file | idea |
//! |---|---|
//! | `request` | which stories a request selects, read from its query parameters |
//! | `cursor` | a place between stories, as a query parameter |
//! | `page` | the stories of one page or archive document, read from the store |
//! | `archive` | which days are complete and never change again |
//! | `channel` | title, links and ids of a feed |
//! | `health` | the feed of what happened to our own feeds |
//! | `digests` | the feeds of digests |
//! | `base_url` | the base of our addresses, and ids that do not depend on it |
//! | `token` | a reader's token that links carry |
//! | `memory` | the memory that a page may take |
//! | `error` | why there is no feed |

mod archive;
mod base_url;
mod channel;
pub mod cursor;
pub mod digests;
mod error;
pub mod health;
mod memory;
mod page;
mod request;
mod token;

pub use base_url::BaseUrl;
pub use channel::{Heading, channel, last_change};
pub use error::MergedError;
pub use memory::{PageMemory, Unlimited};
pub use page::{PAGE_BYTES_MAX, Page};
pub use request::{LIMIT_MAX, List, ListRequest};
pub use token::LinkToken;
