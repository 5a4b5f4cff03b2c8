//! What the writer can be asked for. A command is a typed value that says what it means; it is applied inside an open
//! transaction and never begins or ends one. The queue holds commands as [`Job`]s, each with the place where its answer goes.

use std::path::Path;

use rusqlite::Connection;

use crate::model::Time;
use crate::store::error::StoreError;
use crate::store::leases::runs::Run;
use crate::store::search::word_index::WordIndex;
use crate::store::sql::Sql;
use crate::store::stories::grouping::Grouping;
use crate::store::topics::tagging::Tagger;
use crate::store::writer::fault::{Fault, guarded};

/// What a command works with: the connection with its open transaction, and what the writer remembers.
pub(in crate::store) struct WriteContext<'a> {
    pub(in crate::store) conn: &'a Connection,
    pub(in crate::store) grouping: &'a mut Grouping,
    pub(in crate::store) tagger: &'a mut Tagger,
    pub(in crate::store) index: &'a mut WordIndex,
    /// What this process's leases name as their holder.
    pub(in crate::store) run: &'a mut Run,
    /// The database file.
    pub(in crate::store) path: &'a Path,
    /// When the transaction began.
    pub(in crate::store) now: Time,
}

/// A command to the writer.
pub(in crate::store) trait WriteCommand: Send + 'static {
    /// What is answered after the commit.
    type Output: Send + 'static;

    /// Does it. An error or a panic undoes what it did and nothing else (REL-12).
    fn apply(self, context: &mut WriteContext<'_>) -> Sql<Self::Output>;

    /// Whether it is a poll. Words are written at the end of a group, so that polls share groups with polls only: what
    /// fails there is no other command's error.
    fn is_poll(&self) -> bool {
        false
    }

    /// How many articles are to be compared with those of the window.
    fn articles(&self) -> usize {
        0
    }

    /// Whether it is a transaction of its own, so that what fails is its own fault.
    fn is_alone(&self) -> bool {
        false
    }

    /// Whether the texts of its articles were read for the topics that this tagger knows.
    fn is_read_for(&self, _tagger: &Tagger) -> bool {
        true
    }

    /// Reads the texts that were not read for these topics: they were redefined since, or could not be seen.
    fn read_topics(&mut self, _tagger: &Tagger) {}
}

/// Takes the answer to where it is waited for; never blocks.
pub(in crate::store) type Reply<T> = Box<dyn FnOnce(Result<T, StoreError>) + Send>;

/// An answer that waits for the commit.
pub(in crate::store) type Pending = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// What the queue of the writer holds.
pub(in crate::store) enum Request {
    /// A command, to be applied in a transaction.
    Write(Box<dyn Job>),
    /// To be answered when the backfill of topics has ended. It is part of no transaction.
    SettleTopics(Reply<()>),
}

impl Request {
    /// A command, and what its answer goes to.
    pub(in crate::store) fn write<C: WriteCommand>(command: C, reply: Reply<C::Output>) -> Self {
        Self::Write(Box::new(Asked { command, reply }))
    }
}

/// A command of any kind with the place where its answer goes; see [`WriteCommand`] for what its properties mean.
pub(in crate::store) trait Job: Send {
    fn is_poll(&self) -> bool;
    fn articles(&self) -> usize;
    fn is_alone(&self) -> bool;
    fn is_read_for(&self, tagger: &Tagger) -> bool;
    fn read_topics(&mut self, tagger: &Tagger);
    /// Applies it. The answer is sent after the commit; a fault: what it did is to be undone.
    fn execute(self: Box<Self>, context: &mut WriteContext<'_>) -> (Pending, Option<Fault>);
    /// Answers a command that could not even begin.
    fn refuse(self: Box<Self>, error: StoreError);
}

struct Asked<C: WriteCommand> {
    command: C,
    reply: Reply<C::Output>,
}

impl<C: WriteCommand> Job for Asked<C> {
    fn is_poll(&self) -> bool {
        self.command.is_poll()
    }

    fn articles(&self) -> usize {
        self.command.articles()
    }

    fn is_alone(&self) -> bool {
        self.command.is_alone()
    }

    fn is_read_for(&self, tagger: &Tagger) -> bool {
        self.command.is_read_for(tagger)
    }

    fn read_topics(&mut self, tagger: &Tagger) {
        self.command.read_topics(tagger);
    }

    fn execute(self: Box<Self>, context: &mut WriteContext<'_>) -> (Pending, Option<Fault>) {
        let Self { command, reply } = *self;
        let path = context.path;
        match guarded(|| command.apply(context)) {
            Ok(done) => {
                let answer = move |committed: Result<(), StoreError>| {
                    reply(committed.map(|()| done));
                };
                (Box::new(answer), None)
            }
            Err(fault) => {
                let error = fault.told(path);
                let answer = move |_| {
                    reply(Err(error));
                };
                (Box::new(answer), Some(fault))
            }
        }
    }

    fn refuse(self: Box<Self>, error: StoreError) {
        (self.reply)(Err(error));
    }
}
