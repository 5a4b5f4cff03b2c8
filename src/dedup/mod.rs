//! L1: which copies are the same piece. Pure: the store's rows come in as arguments, a decision goes out.
//!
//! A false merge is worse than a miss. A copy is compared with copies, never with a growing centroid; a story is
//! bounded in time and size.
//!
//! | file | idea |
//! |---|---|
//! | [`fingerprint`] | what comparing needs of a copy |
//! | [`compare`] | are these two the same piece |
//! | [`group`] | the window of copies, and which story a new one joins |

pub mod compare;
pub mod fingerprint;
pub mod group;

pub use fingerprint::{Fingerprint, Subject};
pub use group::{Decision, Grouper, Join, Limits, Signal, StoredCopy};
