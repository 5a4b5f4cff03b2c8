//! L1: which copies are the same piece. Pure: the store's rows come in as arguments, a decision goes out.
//!
//! A false merge is worse than a miss. A copy is compared with copies, never with a growing centroid; a story is
//! bounded in time and size.
//!
//! | file | idea |
//! |---|---|
//! | [`copy`] | a stored copy, and how one is found to be of a story |
//! | [`fingerprint`], [`sketch`] | what comparing needs of a copy |
//! | [`compare`], [`verdict`] | are these two the same piece, and why |
//! | [`slots`] | what differs in two texts of one form |
//! | [`decisions`] | what a user decided, whatever the rules say |
//! | `headline` | is a headline without a text that of another copy |
//! | `align` | two sequences of words side by side |
//! | [`window`] | the copies of a window, by what they have |
//! | `rows`, `buckets` | the same in memory: the copies, and what finds them |
//! | [`group`] | which story a new copy joins |
//! | `votes` | what the feeds of a story say of a new copy |
//! | [`replay`] | the same under other settings |
//! | [`shared`] | what two copies have in common, in words |

mod align;
mod buckets;
pub mod compare;
pub mod copy;
pub mod decisions;
pub mod fingerprint;
pub mod group;
mod headline;
pub mod replay;
mod rows;
pub mod shared;
pub mod sketch;
pub mod slots;
pub mod verdict;
mod votes;
pub mod window;

pub use copy::{Signal, StoredCopy};
pub use decisions::Decisions;
pub use fingerprint::{Fingerprint, Subject};
pub use group::{Decision, Grouper, Join, Limits};
pub use replay::{Changes, Replay};
pub use verdict::{Ground, Likeness, Verdict};
