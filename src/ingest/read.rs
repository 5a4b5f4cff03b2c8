//! From a poll to a commit that is ready for the writer, in two steps: [`read`] reads the document and plans the next poll;
//! after pages and archive were requested, [`ReadPoll::prepare`] adds them. Both block, and neither changes the poll, so that
//! they can be repeated.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::archive;
use super::full_text::{self, PagePlan, PageRequest};
use super::outage::is_this_machine;
use super::plan::plan;
use super::read_document::{Contents, read_document};
use super::visited::Visited;
use super::websub::offer;
use crate::clock::Clock;
use crate::model::{Outcome, Poll, Validators, WebUrl};
use crate::normalize::Drafted;
use crate::normalize::draft::take_pages;
use crate::normalize::page::Page;
use crate::schedule::{Policy, State};
use crate::store::{Claim, HubChange, PollCommit, ReadyCommit, Store, StoreError};
use crate::text::language::Votes;

/// A poll that is read and planned.
pub(super) struct ReadPoll {
    commit: PollCommit,
    pages: PagePlan,
    archive: Option<WebUrl>,
}

/// A poll that is ready to be committed.
pub(super) struct ReadyPoll {
    pub(super) commit: ReadyCommit,
    pub(super) url: String,
    pub(super) is_remote: bool,
    pub(super) title: String,
    pub(super) failures_before: u32,
    pub(super) offline: bool,
    pub(super) poll: Poll,
}

/// Reads the document, if there is one, and plans the next poll. `offline`: the failure is the network's.
pub(super) fn read(
    store: &Store,
    policy: &Policy,
    visited: &Visited,
    offline: bool,
) -> Result<ReadPoll, StoreError> {
    let claim: &Claim = &visited.claim;
    let mut poll = visited.poll.clone();
    let mut contents = Contents::default();
    if let (Outcome::Document { content_type, .. }, Some(body)) =
        (&visited.poll.outcome, &visited.body)
    {
        match read_document(store, claim, &visited.poll, body, content_type.clone())? {
            Ok(read) => {
                contents = read;
                if let (true, Outcome::Document { validators, .. }) =
                    (contents.breaks_off, &mut poll.outcome)
                {
                    *validators = Validators::default();
                }
            }
            // A body that is not a feed stores neither articles nor validators (ET-08, ET-35).
            Err(failure) => poll.outcome = Outcome::Failed(failure),
        }
    }
    let mut pages = PagePlan::default();
    if let Some(document) = contents
        .document
        .as_ref()
        .filter(|_| claim.settings.full_text)
    {
        let standings = store
            .reads()
            .standings(claim, &document.drafts, &document.listed)?;
        let others = document.listed.iter().filter_map(|l| l.url.as_ref());
        pages = full_text::plan(&document.drafts, others, standings);
    }
    let plan = plan(policy, claim, &poll, &contents, offline);
    #[cfg(test)]
    crate::faults::at("read", claim.url.host())?;
    let hub = offer::change(claim, &poll, &contents);
    Ok(ReadPoll {
        archive: contents.archive,
        commit: PollCommit {
            claim: claim.clone(),
            poll,
            document: contents.document,
            plan,
            hub,
            offline,
        },
        pages,
    })
}

/// A failed poll, ready to be committed without anything that the feed sent.
pub(super) fn failed(
    store: &Store,
    policy: &Policy,
    visited: &Visited,
    poll: Poll,
    clock: &Clock,
) -> ReadyPoll {
    let claim: &Claim = &visited.claim;
    let plan = plan(policy, claim, &poll, &Contents::default(), false);
    let read = ReadPoll {
        commit: PollCommit {
            claim: claim.clone(),
            poll,
            document: None,
            plan,
            hub: HubChange::Unchanged,
            offline: false,
        },
        pages: PagePlan::default(),
        archive: None,
    };
    read.prepare(store, visited, clock)
}

impl ReadPoll {
    /// Whether the poll failed, or its document could not be read.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.commit.poll.outcome, Outcome::Failed(_))
    }

    /// The archive document to request.
    pub(super) fn archive(&self) -> Option<&WebUrl> {
        self.archive.as_ref()
    }

    /// The pages to request.
    pub(super) fn pages(&self) -> &[PageRequest] {
        &self.pages.requests
    }

    /// Adds pages and archive, and prepares the commit. If the system clock was set since the poll, the times of poll and plan
    /// are moved accordingly (ET-24).
    pub(super) fn prepare(mut self, store: &Store, visited: &Visited, clock: &Clock) -> ReadyPoll {
        #[cfg(test)]
        crate::faults::panic_at("ready", self.commit.claim.url.host());
        let (moment, shown) = visited.ended;
        let by = clock.at(moment).millis().saturating_sub(shown.millis());
        if by != 0 {
            move_times(&mut self.commit, by);
        }
        self.add_pages(visited);
        let claim = &self.commit.claim;
        let archive = self.archive.as_ref().zip(visited.archive.get());
        if let (Some(document), Some(archive)) = (self.commit.document.as_mut(), archive) {
            archive::add(document, archive, &claim.boilerplate);
        }
        ReadyPoll {
            url: claim.url.to_string(),
            is_remote: !is_this_machine(claim.url.host()),
            title: claim.title.clone(),
            failures_before: claim.failures,
            offline: self.commit.offline,
            poll: self.commit.poll.clone(),
            commit: store.prepare(self.commit),
        }
    }

    /// Replaces the bodies of drafts by those from pages.
    fn add_pages(&mut self, visited: &Visited) {
        let pages = visited.pages.get().into_iter().flatten();
        let mut pages: Vec<(usize, Page)> =
            pages.map(|(at, page)| (*at, Page::clone(page))).collect();
        pages.append(&mut self.pages.stored);
        let claim = &self.commit.claim;
        let Some(document) = self.commit.document.as_mut().filter(|_| !pages.is_empty()) else {
            return;
        };
        let mut drafted = Drafted {
            drafts: std::mem::take(&mut document.drafts),
            paragraphs: std::mem::take(&mut document.paragraphs),
            votes: Votes::default(),
        };
        // After a panic the remaining drafts keep the text of the feed (REL-04).
        let _ = catch_unwind(AssertUnwindSafe(|| {
            #[cfg(test)]
            crate::faults::panic_at("take_pages", claim.url.host());
            take_pages(&mut drafted, pages, &claim.boilerplate);
        }));
        document.drafts = drafted.drafts;
        document.paragraphs = drafted.paragraphs;
    }
}

impl ReadyPoll {
    /// Holds `what` until the poll is written; see [`ReadyCommit::holding`].
    pub(super) fn holding(self, what: impl Send + 'static) -> Self {
        Self {
            commit: self.commit.holding(what),
            ..self
        }
    }

    /// To be committed in a transaction of its own; see [`ReadyCommit::alone`].
    pub(super) fn alone(self) -> Self {
        Self {
            commit: self.commit.alone(),
            ..self
        }
    }
}

fn move_times(commit: &mut PollCommit, by: i64) {
    let (poll, plan) = (&mut commit.poll, &mut commit.plan);
    poll.started = poll.started.moved(by);
    poll.finished = poll.finished.moved(by);
    plan.next_at = plan.next_at.map(|t| t.moved(by));
    plan.floor = plan.floor.take().map(|(t, why)| (t.moved(by), why));
    plan.state = State::from_bytes(&plan.state).moved(by).to_bytes();
}
