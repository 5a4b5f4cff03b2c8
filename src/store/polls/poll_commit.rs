//! One poll with everything that came of it, and what committing it did. Plain data.

use crate::model::{Draft, Extent, Outcome, Poll, Seq, Time, WebUrl};
use crate::schedule::PlanExplanation;
use crate::store::hubs::websub::HubOffer;
use crate::store::leases::claim::Claim;
use crate::store::polls::listing::Listed;
use crate::text::language::Votes;

/// One poll with everything that came of it: committed in one transaction (ET-08).
#[derive(Debug, Clone)]
pub struct PollCommit {
    /// The lease.
    pub claim: Claim,
    /// The visit.
    pub poll: Poll,
    /// What the document said, if there was one and it was read.
    pub document: Option<DocumentCommit>,
    /// The schedule's new state and the due time.
    pub plan: PlanCommit,
    /// What the poll says about the feed's hub.
    pub hub: HubChange,
    /// The whole network is down: a failure is not the feed's, and its error count stays (ET-30).
    pub offline: bool,
}

/// What a poll changes about the hub of its feed.
#[derive(Debug, Clone, Default)]
pub enum HubChange {
    /// Nothing.
    #[default]
    Unchanged,
    /// The feed names this hub.
    Offered(Box<HubOffer>),
    /// The feed no longer names a hub.
    Removed,
}

/// A document that was read.
#[derive(Debug, Clone)]
pub struct DocumentCommit {
    /// Its articles that are new or edited, in document order.
    pub drafts: Vec<Draft>,
    /// The others, by their places in the document.
    pub listed: Vec<Listed>,
    /// What the feed's articles are in; none: as the store has it.
    pub votes: Option<Votes>,
    /// The feed's own title.
    pub title: Option<String>,
    /// The site.
    pub site: Option<WebUrl>,
    /// SHA-256 of the body.
    pub digest: Vec<u8>,
    /// What was repaired.
    pub repairs: Vec<String>,
    /// Whether it lists all that there is of the feed: articles that it does not list are withdrawn.
    pub is_complete: bool,
    /// What came of the archive page, if one was wanted.
    pub archive: Option<ArchiveCommit>,
    /// The paragraph digests of each draft, for learning boilerplate; as long as `drafts`, or empty.
    pub paragraphs: Vec<Vec<u64>>,
}

/// What came of the archive page that a document led to because it overflowed (ET-53). Committed with the document, so that
/// a page is never held for read whose articles were not stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveCommit {
    /// Its articles are among the drafts, or it can never be read: it is not asked for again.
    Done(String),
    /// It could not be had for now: the feed's next document is asked for in full and leads there again, a few times.
    Missed(String),
}

/// What the schedule decided.
#[derive(Debug, Clone, Default)]
pub struct PlanCommit {
    /// Opaque state.
    pub state: Vec<u8>,
    /// When the feed is due again. `None`: never (gone).
    pub next_at: Option<Time>,
    /// Why then.
    pub explanation: PlanExplanation,
    /// Not even a manual poll is made before this, because the publisher asks for it; with the reason.
    pub floor: Option<(Time, String)>,
    /// Where the subscription moves now (ET-36).
    pub moved_to: Option<WebUrl>,
}

/// What a commit did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// Articles that were not there.
    pub new: usize,
    /// Articles that changed.
    pub changed: usize,
    /// New articles that joined a story.
    pub joined: usize,
    /// Articles that the publisher withdrew.
    pub withdrawn: usize,
    /// The sequence after it.
    pub sequence: Seq,
    /// Whether the lease was lost and nothing was written.
    pub lease_lost: bool,
}

/// Whether a poll counts as a failure of its feed. Not if the whole network is down (ET-30), and a push says nothing of the
/// feed's own server.
pub(in crate::store) fn counts_as_failure(commit: &PollCommit) -> bool {
    let is_own = !commit.offline && commit.poll.extent != Extent::Push;
    is_own && matches!(commit.poll.outcome, Outcome::Failed(_))
}
