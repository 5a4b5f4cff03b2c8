//! Claims: which feeds may be asked, and the leases of those that are.
//!
//! A claim is a lease in the table, not a timer: it moves `next_at` forward and raises a fencing number, so that
//! a restart loses nothing and a late worker cannot overwrite a newer one.

use std::collections::HashMap;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::model::site::site_of;
use crate::model::{FailureKind, FeedId, FeedRow, Time, Validators, WebUrl};
use crate::normalize::boilerplate::Boilerplate;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::feeds::feed_settings::settings;
use crate::store::feeds::{paragraphs, secrets};
use crate::store::hubs::websub;
use crate::store::leases::claim::{Candidate, Claim, ClaimScope, DueLimits, Rest, Skipped};
use crate::store::leases::runs;
use crate::store::sql::{Sql, wrong_type};
use crate::store::writer::fault::{Fault, guarded};
use crate::text::language::Votes;
use crate::text::plain;

/// So long a feed is left alone whose row cannot be read.
const PUT_ASIDE: Duration = Duration::from_secs(86_400);

/// How long a claim holds a feed; a worker that died gives it back after that.
const LEASE: Duration = Duration::from_secs(15 * 60);

/// Overdue feeds are asked at most so far apart, and all within [`SPREAD_MAX_MS`] (ET-22).
const SPREAD_STEP_MS: i64 = 1000;
const SPREAD_MAX_MS: i64 = 15 * 60 * 1000;

const DUE: &str =
    "SELECT feed, url FROM feeds WHERE subscribed = 1 AND paused = 0 AND gone = 0 AND next_at <= ?1
                   ORDER BY next_at, feed";

/// What a claim is made of; the columns are read by their names.
const CLAIM: &str =
    "SELECT id, url, coalesce(title_user, title_own) AS title, lease + 1 AS next_lease, body_digest, schedule, last_poll, failures,
            next_at, auth_user, auth_password, interval_ms, user_agent, headers, paused, near_dedup, full_text,
            keep_boilerplate, outline, secrets_for, archive, languages, hub, topic, leaving, verified_at, lease_until
     FROM feeds LEFT JOIN hubs USING (feed) WHERE feed = ?1";

impl Reads {
    /// Which feeds a claim of `scope` would take now, in the order in which they are to be asked, and what it would leave
    /// alone.
    pub fn claimable(
        &self,
        now: Time,
        scope: &ClaimScope,
    ) -> Result<(Vec<Candidate>, Vec<Skipped>), StoreError> {
        self.read(|conn| claimable(conn, now, scope))
    }

    /// The feeds that are due, the longest overdue first, within `limits`.
    pub fn due(&self, now: Time, limits: &DueLimits) -> Result<Vec<Candidate>, StoreError> {
        self.read(|conn| due(conn, now, limits))
    }
}

/// The feeds that are due, the longest overdue first, within `limits`: enough for what can be asked next. Reads the index of
/// due feeds alone, past the feeds of sites that have enough.
pub(in crate::store) fn due(
    conn: &Connection,
    now: Time,
    limits: &DueLimits,
) -> Sql<Vec<Candidate>> {
    let mut look = conn.prepare_cached(DUE)?;
    let mut rows = look.query([now.millis()])?;
    // Finding the site of a host costs more than all the rest of a row.
    let mut of_host: HashMap<String, usize> = HashMap::new();
    let mut of_site: HashMap<String, usize> = HashMap::new();
    let mut counts: Vec<usize> = Vec::new();
    let mut found: Vec<Candidate> = Vec::new();
    while found.len() < limits.all
        && let Some(row) = rows.next()?
    {
        let host = host_of(row.get_ref(1)?.as_str()?);
        let number = match of_host.get(host) {
            Some(number) => *number,
            None => {
                let site = site_of(host).to_owned();
                let number = *of_site.entry(site).or_insert(counts.len());
                counts.resize(counts.len().max(number + 1), 0);
                of_host.insert(host.to_owned(), number);
                number
            }
        };
        let Some(count) = counts.get_mut(number).filter(|n| **n < limits.site) else {
            continue;
        };
        *count += 1;
        let site = site_of(host).to_owned();
        found.push(Candidate {
            feed: row.get(0)?,
            site,
        });
    }
    Ok(found)
}

/// The host in a URL as it is stored: serialized, without userinfo.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// Which feeds a scope contains now, and which of them must not be polled yet.
pub(in crate::store) fn claimable(
    conn: &Connection,
    now: Time,
    scope: &ClaimScope,
) -> Sql<(Vec<Candidate>, Vec<Skipped>)> {
    let (rows, skipped) = by_host(conn, now, scope)?;
    let by_site = |c: Candidate| Candidate {
        site: site_of(&c.site).to_owned(),
        ..c
    };
    Ok((rows.into_iter().map(by_site).collect(), skipped))
}

/// The same with hosts instead of sites, which take longer to find.
fn by_host(
    conn: &Connection,
    now: Time,
    scope: &ClaimScope,
) -> Sql<(Vec<Candidate>, Vec<Skipped>)> {
    let mut skipped = Vec::new();
    let limits = DueLimits {
        all: usize::MAX,
        site: usize::MAX,
    };
    let rows: Vec<Candidate> = match scope {
        ClaimScope::Due => due(conn, now, &limits)?,
        ClaimScope::StillDue(feeds) => still_due(conn, now, feeds)?,
        ClaimScope::All { manual_interval } => {
            let all: Vec<FeedRow> = conn
                .prepare_cached("SELECT feed FROM feeds WHERE subscribed = 1 ORDER BY next_at")?
                .query_map([], |r| r.get(0))?
                .collect::<Sql<_>>()?;
            free_of_floors(conn, now, &all, *manual_interval, &mut skipped)?
        }
        ClaimScope::These {
            feeds,
            manual_interval,
        } => free_of_floors(conn, now, feeds, *manual_interval, &mut skipped)?,
        ClaimScope::Pushed(feed) => conn
            .prepare_cached(
                "SELECT feed, url FROM feeds
                 WHERE feed = ?1 AND subscribed = 1 AND (coalesce(leased_until, 0) <= ?2 OR holder = ?3)",
            )?
            .query_map(params![feed, now.millis(), runs::ENDED], candidate)?
            .collect::<Sql<_>>()?,
    };
    Ok((rows, skipped))
}

/// A row of feed and URL; its host stands for the site.
fn candidate(r: &Row<'_>) -> Sql<Candidate> {
    let site = host_of(r.get_ref(1)?.as_str()?).to_owned();
    let feed = r.get(0)?;
    Ok(Candidate { feed, site })
}

fn still_due(conn: &Connection, now: Time, feeds: &[FeedRow]) -> Sql<Vec<Candidate>> {
    let mut look = conn.prepare_cached(
        "SELECT feed, url FROM feeds WHERE feed = ?1 AND subscribed = 1 AND paused = 0 AND gone = 0
           AND next_at <= ?2",
    )?;
    let mut due = Vec::with_capacity(feeds.len());
    for feed in feeds {
        let row = look.query_row(params![feed, now.millis()], candidate);
        due.extend(row.optional()?);
    }
    Ok(due)
}

pub(in crate::store) fn claim(
    conn: &Connection,
    now: Time,
    scope: &ClaimScope,
    limit: usize,
    holder: impl FnOnce() -> Option<i64>,
) -> Sql<(Vec<Claim>, Vec<Skipped>)> {
    let (rows, mut skipped) = by_host(conn, now, scope)?;
    let mut claims = Vec::with_capacity(rows.len().min(limit));
    if !rows.is_empty() && limit > 0 {
        let holder = holder();
        for row in rows.into_iter().take(limit) {
            match guarded(|| lease(conn, row.feed, now, holder)) {
                Ok(claim) => claims.push(claim),
                // The others must not wait for it (REL-12).
                Err(fault) => {
                    let fault = fault.unless_of_store()?;
                    skipped.push(put_aside(conn, row.feed, &fault, now)?);
                }
            }
        }
    }
    Ok((claims, skipped))
}

/// A feed of which the store holds something that cannot be read: it is tried again in [`PUT_ASIDE`].
fn put_aside(conn: &Connection, row: FeedRow, fault: &Fault, now: Time) -> Sql<Skipped> {
    let reason = format!(
        "newswire cannot read what it has stored of this feed ({}); please report it",
        plain::line(&fault.to_string())
    );
    note_fault(conn, row, None, &reason, now.plus(PUT_ASIDE), now)?;
    let url = conn
        .prepare_cached("SELECT url FROM feeds WHERE feed = ?1")?
        .query_row([row], |r| r.get(0))?;
    Ok(Skipped {
        url,
        reason,
        rest: Rest::Fault,
    })
}

/// A fault of newswire itself while this feed was visited, told as the feed's failure without the rest of a poll. It is due
/// again at `until`. Where there is a `lease`, only if that still holds.
pub(in crate::store) fn note_fault(
    conn: &Connection,
    feed: FeedRow,
    lease: Option<i64>,
    message: &str,
    until: Time,
    now: Time,
) -> Sql<()> {
    conn.prepare_cached(
        "UPDATE feeds SET failures = failures + 1, last_error = ?3, last_kind = ?4, leased_until = NULL, holder = NULL,
                freed = 0, next_at = ?5,
                why_next = ?3, last_poll = ?6
         WHERE feed = ?1 AND (?2 IS NULL OR lease = ?2)",
    )?
    .execute(params![
        feed,
        lease,
        message,
        FailureKind::Internal.as_str(),
        until.millis(),
        now.millis()
    ])?;
    Ok(())
}

/// Makes leases last as long again from now on, each by its feed and fencing number. One that is lost stays lost.
pub(in crate::store) fn renew(conn: &Connection, leases: &[(FeedRow, i64)], now: Time) -> Sql<()> {
    let mut renew = conn.prepare_cached(
        "UPDATE feeds SET leased_until = ?3, next_at = max(coalesce(next_at, ?3), ?3)
         WHERE feed = ?1 AND lease = ?2 AND leased_until IS NOT NULL",
    )?;
    for (feed, lease) in leases {
        renew.execute(params![feed, lease, now.plus(LEASE).millis()])?;
    }
    Ok(())
}

/// Which of these feeds may be asked by hand: a server's floor and an earlier manual poll hold back.
fn free_of_floors(
    conn: &Connection,
    now: Time,
    feeds: &[FeedRow],
    manual_interval: Duration,
    skipped: &mut Vec<Skipped>,
) -> Sql<Vec<Candidate>> {
    let mut look = conn.prepare_cached(
        "SELECT feed, url, paused, gone, floor_until, floor_reason, last_poll, leased_until, holder
         FROM feeds WHERE feed = ?1",
    )?;
    let mut free = Vec::new();
    for feed in feeds {
        let found = look.query_row([feed], |r| {
            Ok(match rest(r, now, manual_interval)? {
                None => Ok(candidate(r)?),
                Some((rest, reason)) => Err(Skipped {
                    url: r.get(1)?,
                    reason,
                    rest,
                }),
            })
        });
        match found.optional()? {
            Some(Ok(candidate)) => free.push(candidate),
            Some(Err(left)) => skipped.push(left),
            None => {}
        }
    }
    Ok(free)
}

/// Why a feed may not be asked by hand; none: it may.
fn rest(r: &Row<'_>, now: Time, manual_interval: Duration) -> Sql<Option<(Rest, String)>> {
    let (is_paused, is_gone): (bool, bool) = (r.get("paused")?, r.get("gone")?);
    let floor: Option<i64> = r.get("floor_until")?;
    let why: Option<String> = r.get("floor_reason")?;
    let last: Option<i64> = r.get("last_poll")?;
    let leased: Option<i64> = r.get("leased_until")?;
    let leased = leased.filter(|&t| t > now.millis()).map(Time::from_millis);
    let is_ended = r.get::<_, Option<i64>>("holder")? == Some(runs::ENDED);
    let last = last.map(Time::from_millis);
    Ok(if is_paused {
        let reason = "it is paused; newswire resume sets it going";
        Some((Rest::Paused, reason.to_owned()))
    } else if is_gone {
        let reason = "it is gone (410); newswire resume asks once more";
        Some((Rest::Gone, reason.to_owned()))
    } else if let Some(until) = leased.filter(|_| !is_ended) {
        let reason = format!("it is being polled just now; that ends at {until} at the latest");
        Some((Rest::Leased, reason))
    } else if let Some(floor) = floor.filter(|&f| f > now.millis()) {
        let until = Time::from_millis(floor);
        let why = why.unwrap_or_else(|| "the server asks to wait".to_owned());
        Some((Rest::Floor, format!("not before {until}: {why}")))
    } else {
        // The lease of a run that has ended began when the server was asked.
        let asked = leased.map(|until| until.minus(LEASE));
        let then = asked.max(last).map(|t| t.plus(manual_interval));
        let too_soon = then.filter(|&t| t > now && !manual_interval.is_zero());
        too_soon.map(|then| {
            let what = match asked > last {
                true => "newswire was stopped while it waited for this feed's answer,",
                false => "it was polled",
            };
            let seconds = manual_interval.as_secs();
            let reason = format!(
                "not before {then}: {what} less than schedule.manual_interval ({seconds} s) ago"
            );
            (Rest::Polled, reason)
        })
    })
}

fn lease(conn: &Connection, row: FeedRow, now: Time, holder: Option<i64>) -> Sql<Claim> {
    let validators = conn
        .prepare_cached(
            "SELECT url, iif(length(etag) <= ?2, etag, NULL), iif(length(last_modified) <= ?2, last_modified, NULL)
             FROM validators WHERE feed = ?1",
        )?
        .query_map(params![row, Validators::BYTES_MAX], |r| {
            Ok((
                r.get(0)?,
                Validators {
                    etag: r.get(1)?,
                    last_modified: r.get(2)?,
                },
            ))
        })?
        .collect::<Sql<_>>()?;
    let claim = conn.prepare_cached(CLAIM)?.query_row([row], |r| {
        let url: String = r.get("url")?;
        let url = WebUrl::parse(&url).map_err(|e| wrong_type(1, &e.to_string()))?;
        let id = FeedId(uuid::Uuid::from_bytes(r.get("id")?));
        let mut settings = settings(r)?;
        let given_for: Option<String> = r.get("secrets_for")?;
        Ok(Claim {
            feed: row,
            id,
            secrets_withheld: secrets::withhold(&mut settings, given_for.as_deref(), id, &url),
            has_neighbours: has_neighbours(conn, row, &url)?,
            url,
            title: r.get("title")?,
            lease: r.get("next_lease")?,
            due: r.get::<_, Option<i64>>("next_at")?.map(Time::from_millis),
            validators,
            body_digest: r.get("body_digest")?,
            boilerplate: match settings.keep_boilerplate {
                true => Boilerplate::kept(),
                false => paragraphs::learned(conn, row)?,
            },
            votes: r
                .get::<_, Option<String>>("languages")?
                .map(|kept| Votes::of_text(&kept)),
            schedule: r.get("schedule")?,
            last_poll: r.get::<_, Option<i64>>("last_poll")?.map(Time::from_millis),
            failures: r.get("failures")?,
            hub: websub::lease_of(r)?,
            settings,
            archive: r.get("archive")?,
        })
    })?;
    #[cfg(test)]
    crate::faults::at("claim", claim.url.host())?;
    let until = now.plus(LEASE).millis();
    conn.prepare_cached(
        "UPDATE feeds SET lease = ?2, leased_until = ?3, next_at = max(coalesce(next_at, ?3), ?3), holder = ?4
         WHERE feed = ?1",
    )?
    .execute(params![row, claim.lease, until, holder])?;
    Ok(claim)
}

/// Whether another feed is subscribed at the same origin. URLs are stored as they are serialized, so those of one origin
/// stand together in their index, between its `/` and what follows that character.
fn has_neighbours(conn: &Connection, row: FeedRow, url: &WebUrl) -> Sql<bool> {
    let origin = url.origin();
    conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM feeds WHERE url >= ?1 AND url < ?2 AND subscribed = 1 AND feed <> ?3)",
    )?
    .query_row(params![format!("{origin}/"), format!("{origin}0"), row], |r| {
        r.get(0)
    })
}

/// Ends a lease without a poll. Without `why` the plan stays the one it was.
pub(in crate::store) fn give_back(
    conn: &Connection,
    (feed, lease): (FeedRow, i64),
    due: Option<Time>,
    why: Option<&str>,
) -> Sql<()> {
    conn.prepare_cached(
        "UPDATE feeds SET next_at = ?3, why_next = coalesce(?4, why_next), leased_until = NULL,
                holder = NULL
         WHERE feed = ?1 AND lease = ?2",
    )?
    .execute(params![feed, lease, due.map(Time::millis), why])?;
    Ok(())
}

pub(in crate::store) fn spread_overdue(conn: &Connection, now: Time) -> Sql<usize> {
    let rows: Vec<FeedRow> = conn
        .prepare_cached(
            "SELECT feed FROM feeds WHERE subscribed = 1 AND paused = 0 AND gone = 0 AND next_at < ?1
               AND last_poll IS NOT NULL ORDER BY next_at, feed",
        )?
        .query_map([now.millis()], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX).max(1);
    let step = SPREAD_STEP_MS.min(SPREAD_MAX_MS / count);
    let mut at = now.millis();
    for row in &rows {
        conn.prepare_cached("UPDATE feeds SET next_at = ?2 WHERE feed = ?1")?
            .execute(params![row, at])?;
        at += step;
    }
    Ok(rows.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_stored_url_is_found_without_parsing_it() {
        for (url, host) in [
            ("https://a.example/feed?x=1:2", "a.example"),
            ("http://a.example:8080/", "a.example"),
            ("http://[2001:db8::1]/", "[2001:db8::1]"),
            ("http://[2001:db8::1]:81/x", "[2001:db8::1]"),
            ("http://192.0.2.7/", "192.0.2.7"),
        ] {
            assert_eq!(host_of(url), host);
            assert_eq!(WebUrl::parse(url).unwrap().host(), host);
        }
    }

    #[test]
    fn due_feeds_are_read_off_an_index_alone() {
        let dir = tempfile::tempdir().unwrap();
        let conn =
            crate::store::file::opening::writer(&dir.path().join("store.db"), false).unwrap();
        let plan: String = conn
            .query_row(&format!("EXPLAIN QUERY PLAN {DUE}"), [0], |r| r.get(3))
            .unwrap();
        assert!(plan.contains("COVERING INDEX feeds_due"), "{plan}");
    }
}
