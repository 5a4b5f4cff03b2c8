//! Hosts: how each was treated, and until when it asks to be left alone.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::model::{FeedRow, Outcome, Time, WebUrl};
use crate::schedule::PlanExplanation;
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::polls::poll_commit::PollCommit;
use crate::store::sql::{Sql, count};

const HOST_COLUMNS: &str = "host, polls, not_modified, failed, throttled, bytes, rest_until";

/// Hosts named in a status.
pub(in crate::store) const HOSTS: i64 = 20;

/// How one host was treated.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct HostStatus {
    /// The host.
    pub host: String,
    /// Feeds there.
    pub feeds: u64,
    /// Polls made.
    pub polls: u64,
    /// Answered 304.
    pub not_modified: u64,
    /// Failed.
    pub failed: u64,
    /// Answered 429.
    pub throttled: u64,
    /// Bytes received for bodies.
    pub bytes: u64,
    /// The next poll planned.
    pub next_poll: Option<Time>,
    /// Of which feed, by its title.
    pub next_feed: Option<String>,
    /// Why that one is due then.
    #[serde(serialize_with = "binding_text")]
    #[schemars(with = "Option<String>")]
    pub next_why: Option<PlanExplanation>,
    /// Until when the host wants to be left alone.
    pub rest_until: Option<Time>,
}

/// Polls over all hosts, since the store was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PollTotals {
    /// Polls made.
    pub polls: u64,
    /// Answered 304.
    pub not_modified: u64,
    /// Failed.
    pub failed: u64,
    /// Answered 429; they count as failed too.
    pub throttled: u64,
    /// Bytes received for bodies.
    pub bytes: u64,
}

/// What is planned for a host: its feeds, and the one that is due first.
#[derive(Default)]
struct Plan {
    feeds: u64,
    next: Option<(i64, FeedRow)>,
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

impl Reads {
    /// How many polls were ever made.
    pub fn polls_ever(&self) -> Result<u64, StoreError> {
        self.read(|conn| {
            conn.query_row("SELECT coalesce(sum(polls), 0) FROM hosts", [], |r| {
                r.get::<_, i64>(0).map(i64::cast_unsigned)
            })
        })
    }

    /// Hosts that asked to be left alone until later than `now`, with that time.
    pub fn resting_hosts(&self, now: Time) -> Result<Vec<(String, Time)>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached("SELECT host, rest_until FROM hosts WHERE rest_until > ?1")?
                .query_map([now.millis()], |r| {
                    Ok((r.get(0)?, Time::from_millis(r.get(1)?)))
                })?
                .collect()
        })
    }

    /// All polls ever made, by outcome.
    pub fn poll_totals(&self) -> Result<PollTotals, StoreError> {
        self.read(poll_totals)
    }
}

/// The constraint that decides, as text.
fn binding_text<S: Serializer>(why: &Option<PlanExplanation>, to: S) -> Result<S::Ok, S::Error> {
    let binding = why.as_ref().map(|why| why.binding().to_string());
    binding.serialize(to)
}

/// What is planned for every host.
fn plans(conn: &Connection) -> Sql<HashMap<String, Plan>> {
    let mut plans: HashMap<String, Plan> = HashMap::new();
    let mut feeds = conn.prepare_cached(
        "SELECT url, next_at, feed, paused, gone FROM feeds WHERE subscribed = 1",
    )?;
    let mut rows = feeds.query([])?;
    while let Some(r) = rows.next()? {
        let plan = plans.entry(host_of(&r.get::<_, String>(0)?)).or_default();
        plan.feeds += 1;
        if let (Some(at), false, false) = (r.get::<_, Option<i64>>(1)?, r.get(3)?, r.get(4)?) {
            let this = (at, r.get(2)?);
            plan.next = Some(plan.next.map_or(this, |known| known.min(this)));
        }
    }
    Ok(plans)
}

pub(in crate::store) fn hosts(conn: &Connection) -> Sql<Vec<HostStatus>> {
    let plans = plans(conn)?;
    let mut found: Vec<HostStatus> = conn
        .prepare_cached(&format!(
            "SELECT {HOST_COLUMNS} FROM hosts ORDER BY polls DESC, host LIMIT ?1"
        ))?
        .query_map(params![HOSTS], host_of_row)?
        .collect::<Sql<_>>()?;
    for host in &mut found {
        if let Some(plan) = plans.get(&host.host) {
            tell_plan(conn, host, plan)?;
        }
    }
    Ok(found)
}

fn host_of_row(r: &Row<'_>) -> Sql<HostStatus> {
    Ok(HostStatus {
        host: r.get(0)?,
        feeds: 0,
        polls: count(r, 1)?,
        not_modified: count(r, 2)?,
        failed: count(r, 3)?,
        throttled: count(r, 4)?,
        bytes: count(r, 5)?,
        rest_until: r.get::<_, Option<i64>>(6)?.map(Time::from_millis),
        next_poll: None,
        next_feed: None,
        next_why: None,
    })
}

fn tell_plan(conn: &Connection, host: &mut HostStatus, plan: &Plan) -> Sql<()> {
    host.feeds = plan.feeds;
    let Some((at, feed)) = plan.next else {
        return Ok(());
    };
    let (title, why): (String, Option<String>) = conn
        .prepare_cached(
            "SELECT coalesce(title_user, title_own), why_next FROM feeds WHERE feed = ?1",
        )?
        .query_row([feed], |r| Ok((r.get(0)?, r.get(1)?)))?;
    host.next_poll = Some(Time::from_millis(at));
    host.next_feed = Some(title);
    host.next_why = why.as_deref().map(PlanExplanation::from_stored);
    Ok(())
}

/// The host of one feed.
pub(in crate::store) fn host(conn: &Connection, url: &str) -> Sql<Option<HostStatus>> {
    let mut found = conn
        .prepare_cached(&format!("SELECT {HOST_COLUMNS} FROM hosts WHERE host = ?1"))?
        .query_row([host_of(url)], host_of_row)
        .optional()?;
    if let Some(host) = &mut found
        && let Some(plan) = plans(conn)?.get(&host.host)
    {
        tell_plan(conn, host, plan)?;
    }
    Ok(found)
}

fn host_of(url: &str) -> String {
    WebUrl::parse(url).map_or_else(|_| url.to_owned(), |u| u.host().to_owned())
}

pub(in crate::store) fn poll_totals(conn: &Connection) -> Sql<PollTotals> {
    conn.prepare_cached(
        "SELECT sum(polls), sum(not_modified), sum(failed), sum(throttled), sum(bytes) FROM hosts",
    )?
    .query_row([], |r| {
        Ok(PollTotals {
            polls: count(r, 0)?,
            not_modified: count(r, 1)?,
            failed: count(r, 2)?,
            throttled: count(r, 3)?,
            bytes: count(r, 4)?,
        })
    })
}

/// Counts the poll for the feed's host, and keeps what the host that answered asked for. Behind a redirect that is another
/// host: neither speaks for the other (ET-26, ET-28).
pub(in crate::store) fn record_host(conn: &Connection, commit: &PollCommit) -> Sql<()> {
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

/// Forgets hosts that no feed was asked at, and that want to be left alone no longer: feeds were led there.
pub(in crate::store) fn forget_hosts(conn: &Connection, now: Time) -> Sql<()> {
    conn.prepare_cached("DELETE FROM hosts WHERE polls = 0 AND coalesce(rest_until, 0) <= ?1")?
        .execute([now.millis()])?;
    Ok(())
}
