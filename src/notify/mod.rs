//! L1: what is said about a story, to whom and when: pure decisions over values. Never sends, stores or reads anything, and reads
//! no clock; `deliver` does.
//!
//! | file | contents |
//! |---|---|
//! | `notice` | an event about a story, and its id |
//! | [`firing`] | whether a change of a story fires |
//! | [`webhook`] | body and signature of Standard Webhooks |
//! | [`chat`] | messages to ntfy, Slack, Discord, Matrix, Apprise |
//! | [`digest`] | the stories of some time in one document |
//! | [`retry`] | when a failed delivery is repeated |
//! | [`hours`] | quiet hours, and the times of digests |
//! | [`rate`] | messages per hour |

pub mod chat;
pub mod digest;
pub mod firing;
pub mod hours;
mod notice;
pub mod rate;
pub mod retry;
pub mod webhook;

pub use notice::{EventKind, Notice, event_id, sample_story};
