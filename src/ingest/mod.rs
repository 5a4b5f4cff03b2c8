//! L3: from due feeds to stored articles. Claims feeds in the store, polls them, reads what they sent, and commits each poll in
//! one transaction. It never keeps a plan of its own: what is due is in the store, so a restart loses nothing. A feed's failure
//! stays with that feed; an `Err` here means that newswire itself cannot go on.
//!
//! | file | contents |
//! |---|---|
//! | [`context`] | [`Ingest`]: what all polls share |
//! | [`options`] | settings |
//! | `before_claims` | a system clock that was set; leases of processes that died |
//! | [`scheduler`], `scheduler_state` | polls feeds as they become due |
//! | `poll_all` | polls every feed on request |
//! | [`pass`] | polls many feeds once |
//! | `poll_batch` | visits in progress, their sites and leases |
//! | `candidates` | feeds that may be polled, a queue for each site (REL-16) |
//! | `pending` | polls that wait to be committed |
//! | `visit` | one visit: poll, then commit |
//! | `poll_request` | the request for a poll |
//! | `visited` | a poll with all that it brought |
//! | `settle` | from a poll to its commit |
//! | `read` | reads a poll and prepares its commit |
//! | `read_document`, [`document`] | the document: contents, then drafts of what is new or edited |
//! | `plan` | the plan for the next poll |
//! | `archive` | what dropped out of a feed, from its archive (ET-53) |
//! | `full_text` | bodies from the pages of new articles |
//! | `reading` | slots for reading documents |
//! | `commit` | commits and logs a poll |
//! | `fault`, `panics` | a fault of newswire itself is the feed's failure (REL-12) |
//! | [`outage`], `network` | whether the network is down (ET-30) |
//! | `poll_cost` | the cost of a poll, which all plans share |
//! | `websub` | hubs that push (ET-50) |
//! | [`add`], `first_poll` | new subscriptions |
//! | [`report`] | the result and the progress of a pass |

pub mod add;
mod archive;
mod before_claims;
mod candidates;
mod commit;
pub mod context;
pub mod document;
mod fault;
mod first_poll;
mod full_text;
mod network;
pub mod options;
pub mod outage;
mod panics;
pub mod pass;
mod pending;
mod plan;
mod poll_all;
mod poll_batch;
mod poll_cost;
mod poll_request;
mod read;
mod read_document;
mod reading;
pub mod report;
pub mod scheduler;
mod scheduler_state;
mod settle;
#[cfg(test)]
mod tests;
mod visit;
mod visited;
mod websub;

pub use add::{AddError, Added};
pub use context::{Ingest, Load};
pub use fault::VISIT_MAX;
pub use options::{IngestOptions, WebSub};
pub use report::{PassReport, Progress};
