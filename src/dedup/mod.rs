//! L1: which copies are the same article. Pure: the store's rows come in as arguments, a decision goes out.
//!
//! A false merge is worse than a miss. A copy is compared with copies, never with a growing centroid; a story is
//! bounded in time and size.
//!
//! | file | idea |
//! |---|---|
//! | [`copy`] | a stored copy, and the signal by which it joined its story |
//! | [`fingerprint`], [`sketch`] | what comparing needs of a copy |
//! | [`compare`], [`verdict`] | whether two copies are the same article, and why |
//! | [`slots`] | one form filled in twice |
//! | [`decisions`] | the user's decisions, which override the rules |
//! | `headline` | whether a headline without a text is that of another copy |
//! | `align` | aligning two sequences of words |
//! | [`window`] | the copies of a window, found by keys |
//! | `rows`, `buckets` | their storage in memory: copies, and keys |
//! | [`group`] | which story a new copy joins |
//! | `votes` | votes of the feeds of a story about a new copy |
//! | [`replay`] | grouping again under other settings |
//! | [`shared`] | what two copies have in common, as text |

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
