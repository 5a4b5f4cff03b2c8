//! Subscriptions: making and changing them, and how a poll leaves its mark on a feed. Which feeds may be asked is `claims`.

use std::collections::HashSet;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::{Extent, FeedId, FeedRow, Outcome, Secret, Time, Validators, WebUrl};
use crate::store::feeds::{events, secrets};
use crate::store::hubs;
use crate::store::leases::claims::Before;
use crate::store::records::{
    ArchiveCommit, Claim, Committed, DocumentCommit, FeedChange, FeedSettings, NewFeed, PollCommit,
    Subscribed,
};
use crate::store::sql::{Sql, from_json, json, millis};
use crate::text::language::Votes;
use crate::text::plain;

/// Polls kept in the history of a feed, and how many more until the oldest go.
const HISTORY: i64 = 50;
const HISTORY_SPARE: i64 = 8;

/// An archive page that fails for a passing reason is asked for so often.
const ARCHIVE_TRIES: i64 = 3;

/// Archive pages of one feed that are remembered. Only the newest is ever asked for: those before it come up again only if
/// the publisher goes back to them.
const ARCHIVES: i64 = 64;

/// URLs of one feed whose validators are kept (a redirect chain and its past).
const VALIDATORS: i64 = 8;

pub(in crate::store) fn subscribe(
    conn: &Connection,
    feeds: &[NewFeed],
    now: Time,
) -> Sql<Vec<Subscribed>> {
    feeds
        .iter()
        .map(|feed| subscribe_one(conn, feed, now))
        .collect()
}

fn subscribe_one(conn: &Connection, feed: &NewFeed, now: Time) -> Sql<Subscribed> {
    let url = feed.url.without_fragment();
    let id = FeedId::of(url);
    // The feed that bears the id was there once and has moved (ET-36): it is the same one.
    let known: Option<(FeedRow, [u8; 16], bool)> = conn
        .prepare_cached(
            "SELECT feed, id, subscribed FROM feeds WHERE url = ?1 OR id = ?2 ORDER BY url = ?1 DESC LIMIT 1",
        )?
        .query_row(params![url, &id.0.as_bytes()[..]], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?))
        })
        .optional()?;
    if known.is_none_or(|(.., subscribed)| !subscribed) {
        crate::store::sequence::next(conn)?; // whoever lists the feeds must look again
    }
    match known {
        Some((row, id, subscribed)) => {
            if !subscribed {
                conn.prepare_cached(
                    "UPDATE feeds SET subscribed = 1, gone = 0, failures = 0, last_error = NULL, last_kind = NULL,
                            next_at = coalesce(floor_until, ?2) WHERE feed = ?1",
                )?
                .execute(params![row, now.millis()])?;
                describe(conn, row, feed)?;
            }
            Ok(Subscribed {
                row,
                id: FeedId(uuid::Uuid::from_bytes(id)),
                new: !subscribed,
            })
        }
        None => {
            conn.prepare_cached(
                "INSERT INTO feeds (id, url, title_own, subscribed, declared, tags, headers, paused, gone, schedule,
                                    next_at, lease, failures, repairs)
                 VALUES (?1, ?2, ?4, 1, 0, '[]', '[]', 0, 0, x'', ?3, 0, 0, '[]')",
            )?
            .execute(params![&id.0.as_bytes()[..], url, now.millis(), feed.url.host()])?;
            let row = conn.last_insert_rowid();
            describe(conn, row, feed)?;
            Ok(Subscribed { row, id, new: true })
        }
    }
}

/// Writes what the user says about a feed.
fn describe(conn: &Connection, row: FeedRow, feed: &NewFeed) -> Sql<()> {
    let s = &feed.settings;
    conn.prepare_cached(
        "UPDATE feeds SET declared = ?2, title_user = ?3, folder = ?4, tags = ?5, auth_user = ?6, auth_password = ?7,
                interval_ms = ?8, user_agent = ?9, headers = ?10, paused = ?11, near_dedup = ?12, full_text = ?13,
                keep_boilerplate = ?14, outline = coalesce(?15, outline), secrets_for = ?16
         WHERE feed = ?1",
    )?
    .execute(params![
        row,
        feed.declared,
        feed.title.as_deref().and_then(told),
        feed.folder.as_deref().and_then(told),
        json(&tags_told(&feed.tags)),
        s.auth.as_ref().map(|(user, _)| user),
        s.auth.as_ref().map(|(_, password)| password.reveal()),
        s.interval.map(millis),
        s.user_agent,
        json(&s.headers),
        s.paused,
        s.near_dedup,
        s.full_text,
        s.keep_boilerplate,
        (!s.outline.is_empty()).then(|| json(&s.outline)),
        secrets::origin_of(s, &feed.url),
    ])?;
    Ok(())
}

/// What a user, or another reader's list, calls something: one clean line (SEC-14), or nothing.
fn told(text: &str) -> Option<String> {
    Some(plain::line(text)).filter(|line| !line.is_empty())
}

fn tags_told(tags: &[String]) -> Vec<String> {
    tags.iter().filter_map(|tag| told(tag)).collect()
}

pub(in crate::store) fn unsubscribe(conn: &Connection, feed: FeedRow, now: Time) -> Sql<()> {
    crate::store::sequence::next(conn)?;
    // Without validators the next document must be read even if its body is the same.
    conn.execute(
        "UPDATE feeds SET subscribed = 0, declared = 0, auth_user = NULL, auth_password = NULL, headers = '[]',
                secrets_for = NULL, holder = NULL,
                body_digest = NULL, archive = NULL, next_at = NULL, lease = lease + 1, leased_until = NULL WHERE feed = ?1",
        [feed],
    )?;
    conn.execute("DELETE FROM validators WHERE feed = ?1", [feed])?;
    hubs::leave(conn, feed, now)
}

pub(in crate::store) fn change(
    conn: &Connection,
    feed: FeedRow,
    change: &FeedChange,
    now: Time,
) -> Sql<()> {
    crate::store::sequence::next(conn)?;
    let text = |column: &str, value: &Option<String>| -> Sql<()> {
        if let Some(value) = value {
            conn.execute(
                &format!("UPDATE feeds SET {column} = ?2 WHERE feed = ?1"),
                params![feed, told(value)],
            )?;
        }
        Ok(())
    };
    text("title_user", &change.title)?;
    text("folder", &change.folder)?;
    if let Some(tags) = &change.tags {
        conn.execute(
            "UPDATE feeds SET tags = ?2 WHERE feed = ?1",
            params![feed, json(&tags_told(tags))],
        )?;
    }
    if let Some(interval) = change.interval {
        let interval = Some(interval).filter(|i| !i.is_zero()).map(millis);
        conn.execute(
            "UPDATE feeds SET interval_ms = ?2 WHERE feed = ?1",
            params![feed, interval],
        )?;
    }
    let switch = |column: &str, value: Option<bool>| -> Sql<()> {
        if let Some(value) = value {
            conn.execute(
                &format!("UPDATE feeds SET {column} = ?2 WHERE feed = ?1"),
                params![feed, value],
            )?;
        }
        Ok(())
    };
    switch("full_text", change.full_text)?;
    switch("near_dedup", change.near_dedup)?;
    switch("keep_boilerplate", change.keep_boilerplate)?;
    if let Some(paused) = change.paused {
        // A feed that was withdrawn gets another chance when its user resumes it.
        conn.execute(
            "UPDATE feeds SET paused = ?2, gone = CASE WHEN ?2 THEN gone ELSE 0 END,
                    next_at = CASE WHEN ?2 OR next_at IS NOT NULL THEN next_at ELSE coalesce(floor_until, ?3) END
             WHERE feed = ?1",
            params![feed, paused, now.millis()],
        )?;
    }
    Ok(())
}

/// Makes the declared feeds these. Gives those that are called or filed otherwise since.
pub(in crate::store) fn reconcile(
    conn: &Connection,
    declared: &[NewFeed],
    now: Time,
) -> Sql<Vec<FeedRow>> {
    let mut rows = Vec::with_capacity(declared.len());
    let mut renamed = Vec::new();
    let urls: HashSet<&str> = declared.iter().map(|f| f.url.without_fragment()).collect();
    for feed in declared {
        let row = subscribe_one(conn, feed, now)?.row;
        // A feed that has moved may stand in the file under both URLs: what is said of the present one holds.
        let present: String = conn
            .prepare_cached("SELECT url FROM feeds WHERE feed = ?1")?
            .query_row([row], |r| r.get(0))?;
        if feed.url.without_fragment() != present && urls.contains(present.as_str()) {
            rows.push(row);
            continue;
        }
        if renames(conn, row, || describe(conn, row, feed))? {
            renamed.push(row);
        }
        rows.push(row);
    }
    let mut stale = conn.prepare("SELECT feed FROM feeds WHERE declared = 1 AND subscribed = 1")?;
    let stale: Vec<FeedRow> = stale
        .query_map([], |r| r.get(0))?
        .collect::<Sql<Vec<FeedRow>>>()?;
    let kept: HashSet<FeedRow> = rows.iter().copied().collect();
    for row in stale.into_iter().filter(|row| !kept.contains(row)) {
        unsubscribe(conn, row, now)?;
    }
    Ok(renamed)
}

/// Does `write`; tells whether the feed is called or filed otherwise since.
pub(in crate::store) fn renames(
    conn: &Connection,
    row: FeedRow,
    write: impl FnOnce() -> Sql<()>,
) -> Sql<bool> {
    let name = || -> Sql<Option<String>> {
        conn.prepare_cached(
            "SELECT json_array(coalesce(title_user, title_own), url, folder, tags, site) FROM feeds WHERE feed = ?1",
        )?
        .query_row([row], |r| r.get(0))
        .optional()
    };
    let before = name()?;
    write()?;
    Ok(name()? != before)
}

pub(in crate::store) fn settings(r: &Row<'_>, at: usize) -> Sql<FeedSettings> {
    let user: Option<String> = r.get(at)?;
    let password: Option<String> = r.get(at + 1)?;
    Ok(FeedSettings {
        auth: user.map(|u| (u, Secret::new(password.unwrap_or_default()))),
        interval: r
            .get::<_, Option<i64>>(at + 2)?
            .map(|ms| Duration::from_millis(ms.max(0).cast_unsigned())),
        user_agent: r.get(at + 3)?,
        headers: from_json(&r.get::<_, String>(at + 4)?),
        paused: r.get(at + 5)?,
        near_dedup: r.get(at + 6)?,
        full_text: r.get(at + 7)?,
        keep_boilerplate: r.get(at + 8)?,
        outline: outline(r, at + 9)?,
    })
}

/// Attributes of an OPML outline.
pub(in crate::store) fn outline(r: &Row<'_>, at: usize) -> Sql<Vec<(String, String)>> {
    let kept: Option<String> = r.get(at)?;
    Ok(kept.map_or_else(Vec::new, |kept| from_json(&kept)))
}

/// Whether this archive page was read, or given up.
pub(in crate::store) fn is_archive_done(conn: &Connection, feed: FeedRow, url: &str) -> Sql<bool> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM archives WHERE feed = ?1 AND url = ?2)")?
        .query_row(params![feed, url], |r| r.get(0))
}

/// Notes what came of the archive page of a whole document. One that was missed makes the feed's next answer a whole
/// document that is read: what fell out of the feed is not known otherwise.
fn record_archive(conn: &Connection, commit: &PollCommit, document: &DocumentCommit) -> Sql<()> {
    let feed = commit.claim.feed;
    let want = |url: Option<&str>, tries: i64| {
        conn.prepare_cached("UPDATE feeds SET archive = ?2, archive_tries = ?3 WHERE feed = ?1")?
            .execute(params![feed, url, tries])
    };
    let done = match &document.archive {
        None if commit.claim.archive.is_none() => return Ok(()),
        None => None,
        Some(ArchiveCommit::Done(url)) => Some(url),
        Some(ArchiveCommit::Missed(url)) => {
            let tries: i64 = conn
                .prepare_cached(
                    "SELECT CASE WHEN archive = ?2 THEN archive_tries ELSE 0 END FROM feeds WHERE feed = ?1",
                )?
                .query_row(params![feed, url], |r| r.get(0))?;
            if tries + 1 < ARCHIVE_TRIES {
                conn.prepare_cached("UPDATE feeds SET body_digest = NULL WHERE feed = ?1")?
                    .execute([feed])?;
                conn.prepare_cached("DELETE FROM validators WHERE feed = ?1")?
                    .execute([feed])?;
                want(Some(url), tries + 1)?;
                return Ok(());
            }
            Some(url)
        }
    };
    if let Some(url) = done {
        conn.prepare_cached("INSERT OR IGNORE INTO archives (feed, url) VALUES (?1, ?2)")?
            .execute(params![feed, url])?;
        // A feed that names another page at every poll must not be remembered without bound.
        conn.prepare_cached(
            "DELETE FROM archives WHERE feed = ?1 AND url <> ?2 AND
               (SELECT count(*) FROM archives WHERE feed = ?1) > ?3",
        )?
        .execute(params![feed, url, ARCHIVES])?;
    }
    want(None, 0)?;
    Ok(())
}

/// Whether a feed is subscribed to.
pub(in crate::store) fn is_subscribed(conn: &Connection, feed: FeedRow) -> Sql<bool> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM feeds WHERE feed = ?1 AND subscribed = 1)")?
        .query_row([feed], |r| r.get(0))
}

/// Whether a poll counts as a failure of its feed. Not if the whole network is down (ET-30), and a push says nothing of the
/// feed's own server.
pub(in crate::store) fn counts_as_failure(commit: &PollCommit) -> bool {
    let is_own = !commit.offline && commit.poll.extent != Extent::Push;
    is_own && matches!(commit.poll.outcome, Outcome::Failed(_))
}

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
                _ => ", failures = 0, last_error = NULL, last_kind = NULL, last_success = ?8",
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
        .execute([feed, HISTORY])?;
    }
    Ok(())
}

/// Counts the poll for the feed's host, and keeps what the host that answered asked for. Behind a redirect that is another
/// host: neither speaks for the other (ET-26, ET-28).
fn record_host(conn: &Connection, commit: &PollCommit) -> Sql<()> {
    let poll = &commit.poll;
    let failed = matches!(poll.outcome, Outcome::Failed(_));
    let throttled = poll.status == Some(429);
    // A 429 speaks for the host, and so does a rate limit that is used up; a 503 for its own document.
    let is_hosts_word = !failed || throttled;
    let rest = poll.hints.retry_after.filter(|_| is_hosts_word);
    let own = HostRecord {
        host: commit.claim.url.host(),
        polls: 1,
        not_modified: matches!(poll.outcome, Outcome::NotModified { .. }),
        failed,
        throttled: false,
        bytes: poll.bytes_wire,
        rest_until: None,
    };
    let answered = poll.final_url.as_ref().unwrap_or(&commit.claim.url).host();
    let word = HostRecord {
        host: answered,
        throttled,
        rest_until: rest.map(|rest| poll.finished.plus(rest)),
        ..HostRecord::default()
    };
    if answered == own.host {
        HostRecord {
            throttled,
            rest_until: word.rest_until,
            ..own
        }
        .add(conn)
    } else {
        own.add(conn)?;
        // A feed may be led to another host at every poll: what says nothing is not noted.
        match word.throttled || word.rest_until.is_some() {
            true => word.add(conn),
            false => Ok(()),
        }
    }
}

/// What is added to a host's row.
#[derive(Default)]
struct HostRecord<'a> {
    host: &'a str,
    polls: i64,
    not_modified: bool,
    failed: bool,
    throttled: bool,
    bytes: u64,
    rest_until: Option<Time>,
}

impl HostRecord<'_> {
    fn add(&self, conn: &Connection) -> Sql<()> {
        conn.prepare_cached(
            "INSERT INTO hosts (host, polls, not_modified, failed, throttled, bytes, rest_until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT DO UPDATE SET polls = polls + excluded.polls,
                not_modified = not_modified + excluded.not_modified, failed = failed + excluded.failed,
                throttled = throttled + excluded.throttled, bytes = bytes + excluded.bytes,
                rest_until = coalesce(excluded.rest_until, rest_until)",
        )?
        .execute(params![
            self.host,
            self.polls,
            self.not_modified,
            self.failed,
            self.throttled,
            i64::try_from(self.bytes).unwrap_or(i64::MAX),
            self.rest_until.map(Time::millis),
        ])?;
        Ok(())
    }
}
