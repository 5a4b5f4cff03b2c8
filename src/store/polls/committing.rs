//! Committing a poll: its articles, validators, plan and health in one transaction (ET-08, REL-01). What takes long is done
//! before, without a lock.

use std::any::Any;

use crate::store::articles::removal;
use crate::store::articles::writing::{self, DocumentWriter};
use crate::store::error::StoreError;
use crate::store::feeds::subscriptions;
use crate::store::handle::Store;
use crate::store::hubs::websub;
use crate::store::leases::held;
use crate::store::polls::poll_commit::{Committed, HubChange, PollCommit};
use crate::store::polls::prepare::{self, Prepared};
use crate::store::polls::recording;
use crate::store::sequence::{self, Numbers};
use crate::store::sql::Sql;
use crate::store::topics::tagging::Tagger;
use crate::store::writer::command::{WriteCommand, WriteContext};
use crate::store::writer::upcoming::OnItsWay;

/// A poll of more articles is a transaction of its own, without a savepoint. Behind one SQLite keeps every page that is
/// changed, in a list which each statement walks to its end: ten thousand edits took six seconds that way, and one without.
pub(in crate::store) const ALONE_MIN: usize = 300;

/// A poll that is ready to be committed.
pub struct ReadyCommit {
    commit: PollCommit,
    pub(in crate::store) drafts: Vec<Prepared>,
    is_alone: bool,
    /// What is held until the poll is written.
    held: Option<Box<dyn Any + Send>>,
}

impl std::fmt::Debug for ReadyCommit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadyCommit").finish_non_exhaustive()
    }
}

impl ReadyCommit {
    /// To be committed in a transaction of its own, so that what fails is its own fault.
    #[must_use]
    pub fn alone(self) -> Self {
        Self {
            is_alone: true,
            ..self
        }
    }

    /// Holds `what` until the poll is written: its drafts take no memory from then on, though it is not committed yet.
    #[must_use]
    pub fn holding(self, what: impl Send + 'static) -> Self {
        Self {
            held: Some(Box::new(what)),
            ..self
        }
    }
}

impl Store {
    /// To be held while a poll is being prepared: what is committed meanwhile waits a moment for it, to share a transaction.
    pub fn is_coming(&self) -> OnItsWay {
        OnItsWay::new(&self.upcoming)
    }

    /// Makes a poll ready to be committed: the costly part of a write, which needs no lock.
    pub fn prepare(&self, mut commit: PollCommit) -> ReadyCommit {
        let mut drafts = prepare::prepare(&mut commit);
        // Without topics (the store is busy) the writer reads the texts before it takes the lock.
        if !drafts.is_empty()
            && let Ok(topics) = self.reads().topics_in_force(&self.topics)
        {
            drafts.iter_mut().for_each(|p| p.read_topics(&topics));
        }
        ReadyCommit {
            commit,
            drafts,
            is_alone: false,
            held: None,
        }
    }

    /// Commits one poll.
    pub fn commit(&self, ready: ReadyCommit) -> Result<Committed, StoreError> {
        self.ask(ready)
    }

    /// Commits one poll; no thread waits for it. It is on its way at once: dropping the future only misses the answer.
    pub fn commit_soon(
        &self,
        ready: ReadyCommit,
    ) -> impl Future<Output = Result<Committed, StoreError>> + Send + use<> {
        self.ask_soon(ready)
    }
}

impl WriteCommand for ReadyCommit {
    type Output = Committed;

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<Committed> {
        let Self {
            commit,
            drafts,
            held,
            ..
        } = self;
        let done = write(context, &commit, drafts)?;
        drop(held);
        Ok(done)
    }

    fn is_poll(&self) -> bool {
        true
    }

    fn articles(&self) -> usize {
        self.drafts.len()
    }

    fn is_alone(&self) -> bool {
        self.is_alone || self.drafts.len() > ALONE_MIN
    }

    fn is_read_for(&self, tagger: &Tagger) -> bool {
        let mut drafts = self.drafts.iter();
        drafts.all(|p| tagger.knows(p.topics.as_ref()))
    }

    fn read_topics(&mut self, tagger: &Tagger) {
        for p in &mut self.drafts {
            let is_read = tagger.knows(p.topics.as_ref());
            if let Some(topics) = tagger.topics().filter(|_| !is_read) {
                p.read_topics(topics);
            }
        }
    }
}

/// Writes one poll: its articles, validators, plan and health.
fn write(
    context: &mut WriteContext<'_>,
    commit: &PollCommit,
    prepared: Vec<Prepared>,
) -> Sql<Committed> {
    let conn = context.conn;
    let Some(before) = held::held(conn, &commit.claim)? else {
        return Ok(Committed {
            lease_lost: true,
            sequence: sequence::current(conn)?,
            ..Committed::default()
        });
    };
    let now = commit.poll.finished;
    let mut done = Committed {
        sequence: before.sequence,
        ..Committed::default()
    };
    let feed = commit.claim.feed;
    #[cfg(test)]
    crate::faults::at("commit", commit.claim.url.host())?;
    if let Some(document) = &commit.document {
        #[cfg(test)]
        crate::faults::at("name", commit.claim.url.host())?;
        if subscriptions::renames(conn, feed, || recording::name(conn, feed, document))? {
            context.tagger.feeds_changed(conn, &[feed], now)?;
        }
        context.tagger.refresh(conn, now)?;
        // The window is for what is new or edited; to fill it for nothing takes long.
        let is_compared = !prepared.is_empty();
        if is_compared {
            context.grouping.catch_up(conn, now, prepared.len())?;
        }
        let mut writer = DocumentWriter {
            conn,
            grouping: context.grouping,
            tagger: context.tagger,
            index: context.index,
            numbers: Numbers::default(),
            last_row: None,
        };
        #[cfg(test)]
        crate::faults::at("window", commit.claim.url.host())?;
        let listed;
        (done, listed) =
            writing::write(&mut writer, &commit.claim, prepared, &document.listed, now)?;
        #[cfg(test)]
        crate::faults::at("articles", commit.claim.url.host())?;
        if document.is_complete {
            done.withdrawn =
                removal::withdraw(conn, context.grouping, context.tagger, feed, &listed, now)?;
        }
        #[cfg(test)]
        crate::faults::at("withdrawn", commit.claim.url.host())?;
        done.sequence = sequence::current(conn)?;
        if is_compared {
            context.grouping.seen(done.sequence);
        }
    }
    recording::record(conn, commit, &before, &done)?;
    match &commit.hub {
        HubChange::Unchanged => {}
        HubChange::Offered(hub) => websub::offer(conn, feed, hub, now)?,
        HubChange::Removed => websub::leave(conn, feed, now)?,
    }
    #[cfg(test)]
    crate::faults::at("recorded", commit.claim.url.host())?;
    Ok(done)
}
