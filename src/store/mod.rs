//! L2: the store. SQL is written here and nowhere else; no rusqlite type leaves.
//!
//! One thread writes ([`Store`]), any number of threads read ([`Reads`]). The store never knows where feeds come from (`fetch`)
//! or who asks (`serve`, `cli`).
//!
//! A directory for each kind of thing:
//!
//! | module | what it holds |
//! |---|---|
//! | `feeds` | subscriptions, their health and events, what is known of their texts |
//! | `leases` | which feeds may be polled, and by which process |
//! | `polls` | what a document lists and what the store has of it; drafts made ready to be written |
//! | `articles` | writing, reading and removing articles |
//! | `stories` | which copies are one story, by the rules and by the user's decisions |
//! | `topics` | definitions and memberships, and the backfill of stored articles |
//! | `search` | selections: the word index, and the evaluator for what SQL cannot answer |
//! | `outbox` | notifications that wait to be sent, and their targets |
//! | `hosts`, `hubs` | how each host was treated; WebSub subscriptions |
//! | `changes` | what changed, for followers: removals, epoch, cursor |
//! | `settings`, `sequence`, `status` | values of the store as a whole |
//! | `maintenance` | retention, backup, restore, the write-ahead log, a clock that was set |
//! | `writer` | the thread that writes |
//! | `file` | opening the file, its schema and its owner |
//! | `handle`, `connections` | the handle that sends commands to the writer; the connections that read |
//! | `error`, `options`, `sql`, `stored_json`, `stop` | what all of them use |

mod articles;
mod changes;
mod connections;
mod error;
mod feeds;
mod file;
mod handle;
mod hosts;
mod hubs;
mod leases;
mod maintenance;
mod options;
mod outbox;
mod polls;
mod search;
mod sequence;
mod settings;
mod sql;
mod status;
mod stop;
mod stored_json;
mod stories;
#[cfg(test)]
mod tests;
mod topics;
mod writer;

pub use articles::article_views::Lineage;
pub use articles::removal::Pruned;
pub use articles::standings::Standing;
pub use changes::{
    Change, ChangeKind, ChangeOf, Changes, ChangesEnd, Cursor, CursorError, Epoch, RenamedFeed,
};
pub use connections::Reads;
pub use error::{StoreError, io_reason};
pub use feeds::activity::Activity;
pub use feeds::events::{EventKind, FeedEvent};
pub use feeds::feed_settings::{FeedChange, FeedSettings, NewFeed, Subscribed};
pub use feeds::feed_views::{FeedDetail, PollRecord};
pub use feeds::health::{HealthPage, HealthQuery};
pub use feeds::outlines::{Outline, OutlinePlace};
pub use file::opening::exists;
pub use file::owner::create_new;
pub use file::place::place_of;
pub use handle::Store;
pub use hosts::{HostStatus, PollTotals};
pub use hubs::websub::{HubAsk, HubLease, HubOffer, HubRow, HubStatus};
pub use leases::claim::{Candidate, Claim, ClaimScope, DueLimits, Rest, Skipped};
pub use maintenance::restore::{Restored, restore};
pub use options::{DedupSettings, StoreOptions};
pub use outbox::digests::{NewDigest, StoredDigest};
pub use outbox::events::{EventOutcome, LogQuery, LoggedEvent, OutboxEvent, SettledEvent};
pub use outbox::planning::{OutboxPlan, WAITING_MAX};
pub use outbox::targets::{OutboxTarget, TargetStatus};
pub use polls::committing::ReadyCommit;
pub use polls::listing::{Item, Listed, Listing, Partial};
pub use polls::poll_commit::{
    ArchiveCommit, Committed, DocumentCommit, HubChange, PlanCommit, PollCommit,
};
pub use search::find::RANKED_MAX;
pub use search::selection::{Order, RiverPlace, Selection};
pub use status::{Overview, Status, size_warning};
pub use stop::Stop;
pub use stories::copies::Nearest;
pub use stories::decisions::{Decided, DecisionCounts, DecisionKind};
pub use stories::most_copied::Copied;
pub use stories::regroup::{Regroup, RegroupOutcome, Regrouped};
pub use stories::walk::Walk;
pub use topics::definition::{TopicDefinition, TopicFeed, TopicHead, TopicInfo};
pub use writer::upcoming::OnItsWay;

use std::sync::{Arc, mpsc};

use crate::clock::Clock;
use file::opening;
use search::word_index::WordIndex;
use stories::grouping::Grouping;
use topics::tagging::{Published, Tagger};
use writer::Writer;

impl Store {
    /// Opens or creates, migrates, starts the writer.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] if the file cannot be opened or written, is damaged, foreign or newer;
    /// [`StoreError::Busy`] if another process holds it for longer than twenty seconds.
    pub fn open(options: &StoreOptions, clock: Clock) -> Result<Self, StoreError> {
        let conn = opening::writer(&options.path, options.synchronous_full)?;
        Self::writing_to(conn, options, clock)
    }

    /// Starts the writer on a connection that is open.
    fn writing_to(
        conn: rusqlite::Connection,
        options: &StoreOptions,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        settings::note_creation(&conn, clock.now())
            .map_err(|e| StoreError::from_sqlite(&options.path, &e))?;
        let reads = Reads::open(&options.path)?;
        let (requests, queue) = mpsc::channel();
        let topics = Published::default();
        let upcoming = Arc::default();
        let writer = Writer {
            conn,
            path: options.path.clone(),
            grouping: Grouping::new(DedupSettings {
                window: options.dedup_window,
                near: options.dedup_near,
            }),
            tagger: Tagger::default(),
            published: topics.clone(),
            index: WordIndex::default(),
            clock: clock.clone(),
            may_backfill: true,
            settling: Vec::new(),
            maintenance: maintenance::idle::IdleMaintenance::default(),
            log: maintenance::log::Log::default(),
            run: leases::runs::Run::default(),
            upcoming: Arc::clone(&upcoming),
            cache_kib: 0,
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(&queue))
            .map_err(|e| StoreError::Internal(format!("cannot start the writer thread: {e}")))?;
        Ok(Self {
            requests: Some(requests),
            writer: Some(thread),
            reads,
            topics,
            upcoming,
            clock,
        })
    }
}
