//! One visit to one feed, from the answer to the commit. Whatever a document does, the visit ends with a commit that says
//! so (REL-04); what goes wrong elsewhere is caught in `fault`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use tokio::sync::OnceCell;

use super::archive::Archived;
use super::document::{self, Document, Normalized};
use super::full_text::{self, Wanted, Wants};
use super::outage::is_this_machine;
use super::{Ingest, archive, push};
use crate::clock::{Clock, Moment};
use crate::fetch::{FetchRequest, Turn};
use crate::memory::{Body, Reserved};
use crate::model::{
    Extent, Failure, FailureKind, FeedRow, Hints, Outcome, Poll, Secret, Time, WebUrl,
};
use crate::normalize::Drafted;
use crate::normalize::draft::take_pages;
use crate::normalize::page::Page;
use crate::parse::{ParseContext, ParseError};
use crate::schedule::{self, Observation, Policy, PollResult, State};
use crate::store::{
    Claim, Committed, DocumentCommit, FeedSettings, HubChange, PlanCommit, PollCommit, ReadyCommit,
    Store, StoreError,
};
use crate::text::language::Votes;

/// A visit that is committed.
#[derive(Debug)]
pub(super) struct Settled {
    /// The feed as subscribed.
    pub(super) url: String,
    /// Whether it is on another machine, so that an answer says that there is a network.
    pub(super) is_remote: bool,
    /// The visit; a document that could not be read is a failure here.
    pub(super) poll: Poll,
    /// What the store made of it.
    pub(super) committed: Committed,
}

/// What the fetcher is asked for.
pub(super) fn request_of(claim: &Claim) -> FetchRequest {
    FetchRequest {
        validators: claim.validators.clone(),
        has_neighbours: claim.has_neighbours,
        is_proven: claim.last_poll.is_some() && claim.failures == 0,
        ..first_request(claim.feed, claim.url.clone(), &claim.settings)
    }
}

/// The same for a URL of which nothing is known yet.
pub(super) fn first_request(feed: FeedRow, url: WebUrl, settings: &FeedSettings) -> FetchRequest {
    let headers = settings.headers.iter();
    FetchRequest {
        feed,
        url,
        validators: Vec::new(),
        auth: settings.auth.clone(),
        headers: headers
            .map(|(name, value)| (name.clone(), Secret::new(value.clone())))
            .collect(),
        user_agent: settings.user_agent.clone(),
        // If it turns out to be a page, its feeds are on the same host.
        has_neighbours: true,
        is_proven: false,
    }
}

/// A feed that was asked, and all that came. Kept until the store has taken it: nobody is asked twice because a disk was
/// full (REL-02).
pub(super) struct Visited {
    pub(super) claim: Arc<Claim>,
    pub(super) poll: Poll,
    /// Its document.
    body: Option<Body>,
    /// The turn of its request, until the document is read.
    turn: Mutex<Option<Turn>>,
    /// When it ended: on the clock that nobody sets, and as the other one showed then.
    ended: (Moment, Time),
    /// The articles of pages, by their place in the document, once they were asked for.
    pub(super) pages: OnceCell<Vec<(usize, Reserved<Page>)>>,
    /// The archive page, once it was asked for.
    pub(super) archive: OnceCell<Archived>,
}

/// A document of more bytes is a large one.
const LARGE: usize = 1 << 20;

impl Visited {
    /// A visit of which nothing is read yet.
    pub(super) fn new(
        claim: impl Into<Arc<Claim>>,
        poll: Poll,
        body: Option<Body>,
        clock: &Clock,
    ) -> Arc<Self> {
        let moment = clock.moment();
        Arc::new(Self {
            ended: (moment, clock.at(moment)),
            claim: claim.into(),
            poll,
            body,
            turn: Mutex::default(),
            pages: OnceCell::new(),
            archive: OnceCell::new(),
        })
    }

    /// Keeps the turn of the request until the document is read: feeds are not asked faster than their documents are read, which
    /// would wait in memory. Large ones wait for one another, and must not hold up others.
    pub(super) fn keep(&self, turn: Option<Turn>) {
        let turn = turn.filter(|_| self.has_document() && !self.is_large());
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = turn;
    }

    /// The turn, if it was kept.
    pub(super) fn turn(&self) -> Option<Turn> {
        let mut turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        turn.take()
    }

    /// How long ago it ended.
    pub(super) fn age(&self, clock: &Clock) -> Duration {
        clock.elapsed(self.ended.0)
    }

    /// Whether there is a document to read.
    pub(super) fn has_document(&self) -> bool {
        matches!(self.poll.outcome, Outcome::Document { .. })
    }

    /// Whether its document, with the archive page that belongs to it, is a large one.
    pub(super) fn is_large(&self) -> bool {
        is_large(self.document_bytes())
    }

    /// How much it holds, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let pages = self.pages.get().into_iter().flatten();
        let pages: usize = pages.map(|(_, page)| page.html.len()).sum();
        self.document_bytes() + pages
    }

    fn document_bytes(&self) -> usize {
        let document = self.body.as_ref().map_or(0, |body| body.len());
        let archive = self.archive.get().and_then(Archived::page);
        document + archive.map_or(0, |page| page.body.len())
    }
}

/// Whether a document of so many bytes is a large one, of which one is read at a time.
pub(super) fn is_large(bytes: usize) -> bool {
    bytes > LARGE
}

/// A visit that is read and planned.
pub(super) struct Read {
    commit: PollCommit,
    wants: Wants,
    archive: Option<WebUrl>,
}

/// A visit that is ready to be committed.
pub(super) struct Ready {
    commit: ReadyCommit,
    url: String,
    is_remote: bool,
    title: String,
    failures_before: u32,
    offline: bool,
    poll: Poll,
}

/// Reads and plans. Blocks if there is a document to read; call it from a thread that may. `offline`: the failure is the
/// network's. Takes nothing away, so that it can be done again when the store does not take the result.
pub(super) fn read(
    store: &Store,
    policy: &Policy,
    visited: &Visited,
    offline: bool,
) -> Result<Read, StoreError> {
    let claim: &Claim = &visited.claim;
    let mut poll = visited.poll.clone();
    let mut made = Made::default();
    if let (Outcome::Document { content_type, .. }, Some(body)) =
        (&visited.poll.outcome, &visited.body)
    {
        match read_document(store, claim, &visited.poll, body, content_type.clone())? {
            Ok(done) => made = done,
            // ET-08, ET-35: a body that is no feed stores neither articles nor validators.
            Err(failure) => poll.outcome = Outcome::Failed(failure),
        }
    }
    let mut wants = Wants::default();
    if let Some(document) = made.document.as_ref().filter(|_| claim.settings.full_text) {
        let standings = store
            .reads()
            .standings(claim, &document.drafts, &document.listed)?;
        let others = document.listed.iter().filter_map(|l| l.url.as_ref());
        wants = full_text::wants(&document.drafts, others, standings);
    }
    let plan = plan(policy, claim, &poll, &made, offline);
    #[cfg(test)]
    crate::faults::at("read", claim.url.host())?;
    let hub = hub_change(claim, &poll, &made);
    Ok(Read {
        archive: made.archive,
        commit: PollCommit {
            claim: claim.clone(),
            poll,
            document: made.document,
            plan,
            hub,
            offline,
        },
        wants,
    })
}

/// A visit that failed after all, planned and ready to be committed; nothing else of it is.
pub(super) fn failed(
    store: &Store,
    policy: &Policy,
    visited: &Visited,
    poll: Poll,
    clock: &Clock,
) -> Ready {
    let claim: &Claim = &visited.claim;
    let plan = plan(policy, claim, &poll, &Made::default(), false);
    let read = Read {
        commit: PollCommit {
            claim: claim.clone(),
            poll,
            document: None,
            plan,
            hub: HubChange::Unchanged,
            offline: false,
        },
        wants: Wants::default(),
        archive: None,
    };
    read.ready(store, visited, clock)
}

impl Ready {
    /// Holds `what` until it is written; see [`ReadyCommit::holding`].
    pub(super) fn holding(self, what: impl Send + 'static) -> Self {
        Self {
            commit: self.commit.holding(what),
            ..self
        }
    }

    /// To be committed by itself; see [`ReadyCommit::alone`].
    pub(super) fn alone(self) -> Self {
        Self {
            commit: self.commit.alone(),
            ..self
        }
    }
}

impl Read {
    /// Whether there was nothing to read.
    pub(super) fn has_failed(&self) -> bool {
        matches!(self.commit.poll.outcome, Outcome::Failed(_))
    }

    /// The archive page that is wanted.
    pub(super) fn archive(&self) -> Option<&WebUrl> {
        self.archive.as_ref()
    }

    /// The pages that full text wants.
    pub(super) fn wanted(&self) -> &[Wanted] {
        &self.wants.pages
    }

    /// Puts the bodies of pages in place and makes all of it ready. Blocks for the time of some computing if there is a
    /// document.
    /// If the machine's clock was set since the visit, the times of poll and plan move along (ET-24).
    pub(super) fn ready(mut self, store: &Store, visited: &Visited, clock: &Clock) -> Ready {
        #[cfg(test)]
        crate::faults::panic_at("ready", self.commit.claim.url.host());
        let (moment, shown) = visited.ended;
        let by = clock.at(moment).millis().saturating_sub(shown.millis());
        if by != 0 {
            move_times(&mut self.commit, by);
        }
        let claim = &self.commit.claim;
        let pages = visited.pages.get().into_iter().flatten();
        let mut pages: Vec<(usize, Page)> =
            pages.map(|(at, page)| (*at, Page::clone(page))).collect();
        pages.append(&mut self.wants.stored);
        if let Some(document) = self.commit.document.as_mut().filter(|_| !pages.is_empty()) {
            let mut drafted = Drafted {
                drafts: std::mem::take(&mut document.drafts),
                paragraphs: std::mem::take(&mut document.paragraphs),
                votes: Votes::default(),
            };
            // A page that makes it panic leaves what the feed gave, as far as it came (REL-04).
            let _ = catch_unwind(AssertUnwindSafe(|| {
                #[cfg(test)]
                crate::faults::panic_at("take_pages", claim.url.host());
                take_pages(&mut drafted, pages, &claim.boilerplate);
            }));
            document.drafts = drafted.drafts;
            document.paragraphs = drafted.paragraphs;
        }
        let archive = self.archive.as_ref().zip(visited.archive.get());
        if let (Some(document), Some((url, archived))) = (self.commit.document.as_mut(), archive) {
            archive::add(document, (url, archived), &claim.boilerplate);
        }
        Ready {
            url: claim.url.to_string(),
            is_remote: !is_this_machine(claim.url.host()),
            title: claim.title.clone(),
            failures_before: claim.failures,
            offline: self.commit.offline,
            poll: self.commit.poll.clone(),
            commit: store.prepare(self.commit),
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

/// What a poll changes about the feed's hub. Headers override the document (ET-50). A part of a feed, or a failure, says
/// nothing.
fn hub_change(claim: &Claim, poll: &Poll, made: &Made) -> HubChange {
    if matches!(poll.outcome, Outcome::Failed(_)) || poll.extent != Extent::Whole {
        return HubChange::Unchanged;
    }
    let offer = push::offered(&claim.url, &hub_hints(poll, made));
    let known = claim.hub.as_ref().filter(|known| !known.leaving);
    match (offer, known) {
        (Some(offer), Some(known))
            if offer.hub.as_str() == known.hub && offer.topic.as_str() == known.topic =>
        {
            HubChange::Unchanged
        }
        (Some(offer), _) => HubChange::Offered(Box::new(offer)),
        // A document that is unchanged is not read, and so is its hub.
        (None, Some(_)) if made.document.is_some() => HubChange::Removed,
        (None, _) => HubChange::Unchanged,
    }
}

fn hub_hints(poll: &Poll, made: &Made) -> Hints {
    let (head, document) = (&poll.hints, &made.hints);
    Hints {
        hub: head.hub.clone().or_else(|| document.hub.clone()),
        topic: match head.hub {
            Some(_) => head.topic.clone().or_else(|| document.topic.clone()),
            None => document.topic.clone().or_else(|| head.topic.clone()),
        },
        ..Hints::default()
    }
}

/// Commits what is ready.
pub(super) async fn commit(ingest: &Ingest, ready: Ready) -> Result<Settled, StoreError> {
    let committed = ingest.store.commit_soon(ready.commit).await?;
    let duration = ready.poll.finished.since(ready.poll.started);
    ingest.durations.observe(duration.as_secs_f64());
    // ET-30: that the network is down is told once, not by every feed.
    if !ready.offline {
        tell(
            &ready.url,
            &ready.title,
            &ready.poll,
            &committed,
            ready.failures_before,
        );
    }
    Ok(Settled {
        is_remote: ready.is_remote,
        url: ready.url,
        poll: ready.poll,
        committed,
    })
}

/// What a document came to.
#[derive(Default)]
struct Made {
    /// None: the same bytes as last time (ET-09).
    document: Option<DocumentCommit>,
    /// The claimed dates of articles that were not there before.
    new: Vec<Option<Time>>,
    window: usize,
    hints: Hints,
    /// The archive page that holds what fell out of the document, if it overflowed.
    archive: Option<WebUrl>,
}

impl Made {
    /// Whether all is new although some had been seen before: more may have been missed.
    fn overflowed(&self, claim: &Claim) -> bool {
        claim.last_poll.is_some() && self.window > 0 && self.new.len() == self.window
    }
}

fn read_document(
    store: &Store,
    claim: &Claim,
    poll: &Poll,
    body: &[u8],
    content_type: Option<String>,
) -> Result<Result<Made, Failure>, StoreError> {
    let sum = digest(&SHA256, body).as_ref().to_vec();
    let whole = poll.extent == Extent::Whole;
    if whole && claim.body_digest.as_ref() == Some(&sum) {
        return Ok(Ok(Made::default()));
    }
    let context = ParseContext {
        url: poll.final_url.clone(),
        content_type,
    };
    // After an upgrade nothing is known of the language of a feed: then its document is read whole, once.
    let normalized = match claim.votes {
        Some(_) => Normalized::Unknown,
        None => Normalized::All,
    };
    let made = catch_unwind(AssertUnwindSafe(|| {
        #[cfg(test)]
        crate::faults::panic_at("parse", claim.url.host());
        document::read(store, claim, body, &context, normalized)
    }));
    let read = match made {
        Ok(made) => match made? {
            Ok(read) => read,
            Err(e) => return Ok(Err(failure_of(claim, &e))),
        },
        Err(_) => {
            return Ok(Err(Failure {
                kind: FailureKind::Internal,
                message: "newswire failed to read this document; please report the feed".to_owned(),
            }));
        }
    };
    tracing::debug!(
        feed.url = claim.url.as_str(),
        items = read.items,
        normalized = read.normalized,
        "document read"
    );
    #[cfg(test)]
    crate::faults::at("known", claim.url.host())?;
    let Document { feed, .. } = &read;
    if whole && read.items == 0 {
        // Neither validators nor digest are kept: it heals as soon as the publisher or newswire is mended.
        if feed.lost_entries {
            let unreadable = ParseError::Unreadable("none of its items can be read".to_owned());
            return Ok(Err(failure_of(claim, &unreadable)));
        }
        if store.reads().has_articles(claim.feed)? {
            return Ok(Err(Failure {
                kind: FailureKind::Empty,
                message: format!(
                    "{} sent a feed without items; it had some before",
                    claim.url.host()
                ),
            }));
        }
    }
    let mut made = Made {
        new: read.new.clone(),
        window: if whole { read.items } else { 0 },
        hints: Hints {
            hub: feed.hub.clone(),
            topic: feed.feed_url.clone(),
            ..feed.hints.clone()
        },
        ..Made::default()
    };
    let archive = match made.overflowed(claim) {
        true => feed.prev_archive.clone(),
        false => None,
    };
    let missed = claim.archive.as_deref().filter(|_| whole);
    let base = poll.final_url.as_ref().unwrap_or(&claim.url);
    made.archive = archive
        .or_else(|| missed.and_then(|url| WebUrl::parse(url).ok()))
        .filter(|url| url.origin() == base.origin());
    let mut document = document_of(read, sum);
    document.is_complete &= whole;
    if let Some(coding) = &poll.hints.unknown_coding {
        document.repairs.push(format!(
            "its Content-Encoding {coding:?} is none; the document was read as it came"
        ));
    }
    made.document = Some(match poll.extent {
        // What a hub calls the feed is not what the feed calls itself.
        Extent::Push => DocumentCommit {
            title: None,
            site: None,
            ..document
        },
        Extent::Whole | Extent::Delta => document,
    });
    Ok(Ok(made))
}

fn document_of(read: Document, digest: Vec<u8>) -> DocumentCommit {
    let Document {
        feed,
        drafted,
        listed,
        items,
        ..
    } = read;
    DocumentCommit {
        // An accident, such as a list without its items or one that needed repair, withdraws nothing.
        is_complete: feed.is_complete && feed.warnings.is_empty() && items > 0,
        drafts: drafted.drafts,
        listed,
        votes: Some(drafted.votes),
        title: feed.title.filter(|t| !t.is_empty()),
        site: feed.link,
        digest,
        repairs: feed.warnings,
        archive: None,
        paragraphs: drafted.paragraphs,
    }
}

fn failure_of(claim: &Claim, error: &ParseError) -> Failure {
    let (kind, what) = match error {
        ParseError::NotAFeed(what) => (FailureKind::NotAFeed, what),
        ParseError::Unreadable(what) => (FailureKind::Parse, what),
    };
    let verb = match kind {
        FailureKind::NotAFeed => "sent something that is no feed",
        _ => "sent a feed that cannot be read",
    };
    Failure {
        kind,
        message: format!("{} {verb}: {what}", claim.url.host()),
    }
}

fn plan(policy: &Policy, claim: &Claim, poll: &Poll, made: &Made, offline: bool) -> PlanCommit {
    #[cfg(test)]
    crate::faults::panic_at("plan", claim.url.host());
    let result = match &poll.outcome {
        Outcome::Document { .. } if poll.extent == Extent::Push => PollResult::Pushed {
            new: made.new.clone(),
        },
        Outcome::Document { validators, .. } => PollResult::Document {
            window_full: made.overflowed(claim),
            new: made.new.clone(),
            window: made.window,
            validators: !validators.is_empty(),
        },
        Outcome::NotModified { .. } => PollResult::NotModified,
        Outcome::Failed(f) => PollResult::Failed(f.kind),
    };
    let was_read = !matches!(result, PollResult::Failed(_));
    let observation = Observation {
        at: poll.finished,
        hints: Hints {
            fresh_for: poll.hints.fresh_for,
            no_cache: poll.hints.no_cache,
            retry_after: poll.hints.retry_after,
            ..made.hints.clone()
        },
        moved_to: poll
            .final_url
            .clone()
            .filter(|_| was_read && poll.moved_permanently),
        interval: claim.settings.interval,
        bytes: poll.bytes_wire,
        leased: claim.hub.as_ref().and_then(|hub| hub.since(poll.finished)),
        offline,
        feed: claim.id.0.as_u64_pair().0,
        https: claim.url.is_https(),
        result,
    };
    let (state, plan) = schedule::next(&State::from_bytes(&claim.schedule), &observation, policy);
    PlanCommit {
        state: state.to_bytes(),
        next_at: plan.next_at,
        explanation: plan.explanation,
        floor: plan.floor,
        moved_to: plan.moved_to,
    }
}

/// One event a poll: quiet if nothing is new, loud when the feed's health changes.
fn tell(url: &str, title: &str, poll: &Poll, committed: &Committed, failures_before: u32) {
    // A u64 is a number in JSON; a u128 would be a text.
    let elapsed = poll.finished.since(poll.started).as_millis();
    let elapsed_ms = u64::try_from(elapsed).unwrap_or(u64::MAX);
    let status = poll.status;
    match &poll.outcome {
        Outcome::Failed(f) if failures_before == 0 => {
            tracing::warn!(
                feed.url = url,
                http.status = status,
                poll.outcome = f.kind.as_str(),
                elapsed_ms,
                "feed \"{title}\": {}",
                f.message
            );
        }
        Outcome::Failed(f) => {
            tracing::debug!(
                feed.url = url,
                http.status = status,
                poll.outcome = f.kind.as_str(),
                elapsed_ms,
                "feed \"{title}\": {} ({} times now)",
                f.message,
                failures_before + 1
            );
        }
        _ if failures_before > 0 => {
            tracing::info!(
                feed.url = url,
                http.status = status,
                articles.new = committed.new,
                elapsed_ms,
                "feed \"{title}\" works again"
            );
        }
        _ if committed.new > 0 || committed.withdrawn > 0 => {
            let gone = match committed.withdrawn {
                0 => String::new(),
                n => format!(", {n} withdrawn by the publisher"),
            };
            tracing::info!(
                feed.url = url,
                http.status = status,
                articles.new = committed.new,
                articles.joined = committed.joined,
                articles.withdrawn = committed.withdrawn,
                elapsed_ms,
                "feed \"{title}\": {} new{gone}",
                committed.new
            );
        }
        _ => {
            tracing::debug!(
                feed.url = url,
                http.status = status,
                articles.changed = committed.changed,
                elapsed_ms,
                "feed \"{title}\": nothing new"
            );
        }
    }
}
