//! What a poll says about its feed: health, validators, plan and history.

use rusqlite::{Connection, params};

use crate::model::{Extent, FeedRow, Outcome, Time, Validators, WebUrl};
use crate::store::changes::marks;
use crate::store::feeds::archives::record_archive;
use crate::store::feeds::events;
use crate::store::hosts::record_host;
use crate::store::leases::claim::Claim;
use crate::store::leases::held::Before;
use crate::store::polls::poll_commit::{Committed, DocumentCommit, PollCommit, counts_as_failure};
use crate::store::sql::{Sql, json, millis};
use crate::text::language::Votes;

/// Polls kept in the history of a feed, and how many more until the oldest go.
const HISTORY: i64 = 50;
const HISTORY_SPARE: i64 = 8;

/// URLs of one feed whose validators are kept (a redirect chain and its past).
const VALIDATORS: i64 = 8;

/// Writes what a poll says about the feed itself: health, validators, plan, history. `before` is what was known of it, `done`
/// what came of its articles.
pub(in crate::store) fn record(
    conn: &Connection,
    commit: &PollCommit,
    before: &Before,
    done: &Committed,
) -> Sql<()> {
    let poll = &commit.poll;
    let feed = commit.claim.feed;
    #[cfg(test)]
    crate::faults::at("record", commit.claim.url.host())?;
    record_health_and_plan(conn, commit)?;
    // ET-36, but what the user gave for the old origin does not go to another (SEC-08): then the old one is asked on. What
    // belongs elsewhere already is not in the claim (SEC-23).
    let settings = &commit.claim.settings;
    let has_secrets = settings.auth.is_some() || !settings.headers.is_empty();
    let may_move = |to: &WebUrl| !has_secrets || to.origin() == commit.claim.url.origin();
    let mut url = before.url.as_str();
    if let Some(target) = commit.plan.moved_to.as_ref().filter(|to| may_move(to)) {
        // A subscription to the target that exists already stays the one that is asked.
        let target = target.without_fragment();
        let moved = conn
            .prepare_cached("UPDATE OR IGNORE feeds SET url = ?2 WHERE feed = ?1")?
            .execute(params![feed, target])?;
        if moved > 0 {
            url = target;
            marks::feed_renamed(conn, feed)?;
        }
    }
    if poll.extent != Extent::Push {
        record_validators(conn, commit)?;
        record_host(conn, commit)?;
    }
    if let Some(document) = commit.document.as_ref()
        && poll.extent == Extent::Whole
    {
        record_archive(conn, commit, document)?;
    }
    record_history(conn, commit, done.new)?;
    events::note(conn, commit, before, url, done)
}

/// Writes how the feed does and when it is asked next: in one step, for each writes its row and indexes again.
fn record_health_and_plan(conn: &Connection, commit: &PollCommit) -> Sql<()> {
    const PLAN: &str = "schedule = ?2, why_next = ?3, next_at = ?4, floor_until = ?5, floor_reason = ?6, gone = ?7,
        leased_until = NULL, holder = NULL, freed = 0, last_poll = ?8";
    let (feed, plan, poll) = (commit.claim.feed, &commit.plan, &commit.poll);
    let at = poll.finished.millis();
    let next_at = plan.next_at.map(Time::millis);
    let floor = plan.floor.as_ref();
    let floor_at = floor.map(|(t, _)| t.millis());
    let why = floor.map(|(_, why)| why);
    let explanation = plan.explanation.to_stored();
    let is_gone = plan.next_at.is_none();
    match &poll.outcome {
        Outcome::Failed(failure) if counts_as_failure(commit) => conn
            .prepare_cached(&format!(
                "UPDATE feeds SET {PLAN}, failures = failures + 1, last_error = ?9, last_kind = ?10 WHERE feed = ?1"
            ))?
            .execute(params![
                feed,
                plan.state,
                explanation,
                next_at,
                floor_at,
                why,
                is_gone,
                at,
                failure.message,
                failure.kind.as_str()
            ])?,
        outcome => {
            let health = match outcome {
                Outcome::Failed(_) => "",
                _ if poll.extent == Extent::Push => "",
                // The first document is the backlog of its feed, and no news (store::outbox).
                _ => {
                    ", failures = 0, last_error = NULL, last_kind = NULL, last_success = ?8,
                       backlog = coalesce(backlog, (SELECT coalesce(max(article), 0) FROM articles))"
                }
            };
            conn.prepare_cached(&format!(
                "UPDATE feeds SET {PLAN}{health} WHERE feed = ?1"
            ))?
            .execute(params![
                feed, plan.state, explanation, next_at, floor_at, why, is_gone, at
            ])?
        }
    };
    // ET-10: a part is never taken for the whole.
    let whole = poll.extent == Extent::Whole;
    if let Some(document) = commit.document.as_ref().filter(|_| whole) {
        conn.prepare_cached("UPDATE feeds SET body_digest = ?2, repairs = ?3 WHERE feed = ?1")?
            .execute(params![feed, document.digest, json(&document.repairs)])?;
    }
    Ok(())
}

/// Writes what a document calls its feed and which languages it is in: before its articles, which are tagged by it.
pub(in crate::store) fn name(
    conn: &Connection,
    feed: FeedRow,
    document: &DocumentCommit,
) -> Sql<()> {
    conn.prepare_cached(
        "UPDATE feeds SET title_own = coalesce(nullif(?2, ''), title_own), site = coalesce(?3, site),
                languages = coalesce(?4, languages) WHERE feed = ?1",
    )?
    .execute(params![
        feed,
        document.title,
        document.site.as_ref().map(WebUrl::as_str),
        document.votes.as_ref().map(Votes::to_text),
    ])?;
    Ok(())
}

/// Whether a 304 brought validators that are not known of this URL.
fn says_anew(new: &Validators, claim: &Claim, url: &WebUrl) -> bool {
    let known = claim
        .validators
        .iter()
        .find(|(known, _)| known == url.as_str());
    let is_new =
        |new: &Option<Vec<u8>>, known: Option<&Vec<u8>>| new.is_some() && new.as_ref() != known;
    let known = known.map(|(_, known)| known);
    is_new(&new.etag, known.and_then(|k| k.etag.as_ref()))
        || is_new(
            &new.last_modified,
            known.and_then(|k| k.last_modified.as_ref()),
        )
}

/// ET-05, ET-06, ET-08: a document's validators replace all that was known of that URL; a 304's only what it brought.
fn record_validators(conn: &Connection, commit: &PollCommit) -> Sql<()> {
    let feed = commit.claim.feed;
    let url = commit.poll.final_url.as_ref().unwrap_or(&commit.claim.url);
    match &commit.poll.outcome {
        Outcome::Document { validators, .. } => {
            if validators.is_empty() {
                conn.prepare_cached("DELETE FROM validators WHERE feed = ?1 AND url = ?2")?
                    .execute(params![feed, url.as_str()])?;
                return Ok(());
            }
            conn.prepare_cached(
                "INSERT INTO validators (feed, url, etag, last_modified) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET etag = excluded.etag, last_modified = excluded.last_modified",
            )?
            .execute(params![feed, url.as_str(), validators.etag, validators.last_modified])?;
        }
        Outcome::NotModified { validators } if says_anew(validators, &commit.claim, url) => {
            conn.prepare_cached(
                "UPDATE validators SET etag = coalesce(?3, etag), last_modified = coalesce(?4, last_modified)
                 WHERE feed = ?1 AND url = ?2",
            )?
            .execute(params![feed, url.as_str(), validators.etag, validators.last_modified])?;
        }
        Outcome::NotModified { .. } | Outcome::Failed(_) => return Ok(()),
    }
    // The claim has all of them, and this is one of them or one more.
    if (commit.claim.validators.len() as i64) < VALIDATORS {
        return Ok(());
    }
    conn.prepare_cached(
        "DELETE FROM validators WHERE feed = ?1 AND url <> ?2 AND
           (SELECT count(*) FROM validators WHERE feed = ?1) > ?3",
    )?
    .execute(params![feed, url.as_str(), VALIDATORS])?;
    Ok(())
}

fn record_history(conn: &Connection, commit: &PollCommit, new: usize) -> Sql<()> {
    let poll = &commit.poll;
    let feed = commit.claim.feed;
    let (outcome, error) = match &poll.outcome {
        Outcome::Document { .. } if poll.extent == Extent::Push => ("push", None),
        Outcome::Document { .. } if poll.extent == Extent::Delta => ("delta", None),
        Outcome::Document { .. } if commit.document.is_some() => ("document", None),
        Outcome::Document { .. } => ("unchanged", None),
        Outcome::NotModified { .. } => ("not_modified", None),
        Outcome::Failed(f) => (f.kind.as_str(), Some(&f.message)),
    };
    let bytes = i64::try_from(poll.bytes_wire).unwrap_or(i64::MAX);
    conn.prepare_cached(
        "INSERT INTO polls (feed, at, outcome, status, bytes, elapsed_ms, new, error)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        feed,
        poll.finished.millis(),
        outcome,
        poll.status,
        bytes,
        millis(poll.finished.since(poll.started)),
        i64::try_from(new).unwrap_or(i64::MAX),
        error,
    ])?;
    // Now and then is enough: the history may be a little longer than HISTORY, never without bound. By the feed's own count:
    // feeds that are polled in turn would meet the same row numbers again and again.
    if commit.claim.lease % HISTORY_SPARE == 0 {
        conn.prepare_cached(
            "DELETE FROM polls WHERE feed = ?1 AND poll <=
               (SELECT poll FROM polls WHERE feed = ?1 ORDER BY poll DESC LIMIT 1 OFFSET ?2)",
        )?
        .execute(params![feed, HISTORY])?;
    }
    Ok(())
}
