//! The store about itself: feeds and their health, topics with counts, numbers, integrity.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::model::{
    FailureKind, Feed, FeedId, FeedRow, FeedState, Network, Time, Validators, WebUrl,
};
use crate::store::feeds::subscriptions::outline;
use crate::store::feeds::{activity, secrets};
use crate::store::hubs;
use crate::store::records::{
    FeedDetail, HostStatus, Overview, PollRecord, PollTotals, Status, TopicFeed, TopicHead,
    TopicInfo,
};
use crate::store::sql::{Sql, from_json};
use crate::store::stories::decisions;

use crate::schedule::PlanExplanation;

/// Days told of in a status.
const DAYS: usize = 14;
/// Hosts named in a status.
const HOSTS: i64 = 20;

const DAY_MS: i64 = 86_400_000;

pub(super) const COLUMNS: &str = "f.feed, f.id, f.url, coalesce(f.title_user, f.title_own), f.site, f.folder, f.tags, f.paused,
    f.gone, f.last_poll, f.last_success, f.next_at, f.failures, f.last_error, f.last_kind, f.declared, f.interval_ms,
    f.repairs, (SELECT count(*) FROM articles a WHERE a.feed = f.feed),
    (SELECT p.status FROM polls p WHERE p.feed = f.feed ORDER BY p.poll DESC LIMIT 1), f.outline,
    f.auth_user IS NOT NULL OR f.headers <> '[]', f.secrets_for";

pub(super) fn feeds(conn: &Connection) -> Sql<Vec<Feed>> {
    let mut feeds: Vec<Feed> = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM feeds f WHERE f.subscribed = 1"
        ))?
        .query_map([], feed_of)?
        .collect::<Sql<_>>()?;
    feeds.sort_by_cached_key(|f| (f.title.to_lowercase(), f.url.clone()));
    Ok(feeds)
}

pub(super) fn explanations(conn: &Connection) -> Sql<HashMap<FeedRow, PlanExplanation>> {
    conn.prepare_cached(
        "SELECT feed, why_next FROM feeds WHERE subscribed = 1 AND why_next IS NOT NULL",
    )?
    .query_map([], |r| {
        let stored: String = r.get(1)?;
        Ok((r.get(0)?, PlanExplanation::from_stored(&stored)))
    })?
    .collect()
}

pub(super) fn feed_of(r: &Row<'_>) -> Sql<Feed> {
    let time =
        |i: usize| -> Sql<Option<Time>> { Ok(r.get::<_, Option<i64>>(i)?.map(Time::from_millis)) };
    let (paused, gone, failures): (bool, bool, u32) = (r.get(7)?, r.get(8)?, r.get(12)?);
    let last_success = time(10)?;
    let state = match (paused, gone, failures, last_success) {
        (true, ..) => FeedState::Paused,
        (_, true, ..) => FeedState::Gone,
        (_, _, 0, None) => FeedState::New,
        (_, _, 0, Some(_)) => FeedState::Ok,
        _ => FeedState::Failing,
    };
    let url: String = r.get(2)?;
    let id = FeedId(Uuid::from_bytes(r.get(1)?));
    let (has_secrets, given_for): (bool, Option<String>) = (r.get(21)?, r.get(22)?);
    let withheld = WebUrl::parse(&url)
        .ok()
        .filter(|_| has_secrets)
        .and_then(|url| secrets::withheld(given_for.as_deref(), id, &url));
    let kind: Option<String> = r.get(14)?;
    Ok(Feed {
        row: r.get(0)?,
        id,
        title: r.get(3)?,
        site: r.get(4)?,
        folder: r.get(5)?,
        tags: from_json(&r.get::<_, String>(6)?),
        state,
        last_poll: time(9)?,
        last_success,
        next_poll: if paused || gone { None } else { time(11)? },
        failures,
        last_error: r.get(13)?,
        articles: r.get::<_, i64>(18)?.cast_unsigned(),
        failure_kind: kind.as_deref().and_then(FailureKind::from_name),
        http_status: r.get(19)?,
        declared: r.get(15)?,
        interval_s: r
            .get::<_, Option<i64>>(16)?
            .map(|ms| ms.max(0).cast_unsigned() / 1000),
        secrets_withheld_for: withheld,
        repairs: from_json(&r.get::<_, String>(17)?),
        outline: outline(r, 20)?,
        url,
    })
}

fn host_of(url: &str) -> String {
    crate::model::WebUrl::parse(url).map_or_else(|_| url.to_owned(), |u| u.host().to_owned())
}

pub(super) fn feed(conn: &Connection, row: FeedRow) -> Sql<Option<FeedDetail>> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS}, f.why_next, f.floor_until, f.floor_reason, f.full_text, f.keep_boilerplate
             FROM feeds f WHERE f.feed = ?1"
        ))?
        .query_row([row], |r| {
            let floor: Option<i64> = r.get(24)?;
            let reason: Option<String> = r.get(25)?;
            Ok((
                feed_of(r)?,
                r.get::<_, Option<String>>(23)?,
                floor.map(|t| (Time::from_millis(t), reason.unwrap_or_default())),
                r.get::<_, bool>(26)?,
                r.get::<_, bool>(27)?,
            ))
        })
        .optional()?;
    let Some((feed, why_next, floor, full_text, keep_boilerplate)) = found else {
        return Ok(None);
    };
    let text = |bytes: Option<Vec<u8>>| bytes.map(|b| String::from_utf8_lossy(&b).into_owned());
    let validators = conn
        .prepare_cached(
            "SELECT url, iif(length(etag) <= ?2, etag, NULL), iif(length(last_modified) <= ?2, last_modified, NULL)
             FROM validators WHERE feed = ?1",
        )?
        .query_map((row, Validators::BYTES_MAX), |r| Ok((r.get(0)?, text(r.get(1)?), text(r.get(2)?))))?
        .collect::<Sql<_>>()?;
    let polls = conn
        .prepare_cached(
            "SELECT at, outcome, status, bytes, elapsed_ms, new, error FROM polls WHERE feed = ?1
             ORDER BY poll DESC LIMIT 20",
        )?
        .query_map([row], |r| {
            Ok(PollRecord {
                at: Time::from_millis(r.get(0)?),
                outcome: r.get(1)?,
                status: r.get(2)?,
                bytes: count(r, 3)?,
                elapsed_ms: count(r, 4)?,
                new: count(r, 5)?,
                error: r.get(6)?,
            })
        })?
        .collect::<Sql<_>>()?;
    let hub = hubs::status(conn, row)?;
    let host = host(conn, &feed.url)?;
    Ok(Some(FeedDetail {
        hub,
        host,
        repairs: feed.repairs.clone(),
        feed,
        validators,
        why_next: why_next.map(|stored| PlanExplanation::from_stored(&stored)),
        floor,
        full_text,
        keep_boilerplate,
        polls,
    }))
}

fn count(r: &Row<'_>, i: usize) -> Sql<u64> {
    Ok(r.get::<_, Option<i64>>(i)?
        .unwrap_or(0)
        .max(0)
        .cast_unsigned())
}

pub(super) fn topics(conn: &Connection) -> Sql<Vec<TopicInfo>> {
    conn.prepare_cached(
        "SELECT name, title, source, (SELECT count(*) FROM story_topics s WHERE s.topic = t.topic),
                (SELECT count(*) FROM article_topics a WHERE a.topic = t.topic),
                (SELECT max(arrived) FROM story_topics s WHERE s.topic = t.topic)
         FROM topics t ORDER BY name",
    )?
    .query_map([], |r| {
        Ok(TopicInfo {
            name: r.get(0)?,
            title: r.get(1)?,
            source: r.get(2)?,
            stories: count(r, 3)?,
            articles: count(r, 4)?,
            newest: r.get::<_, Option<i64>>(5)?.map(Time::from_millis),
        })
    })?
    .collect()
}

pub(super) fn topic_heads(conn: &Connection) -> Sql<Vec<TopicHead>> {
    conn.prepare_cached("SELECT name, title, source, feed FROM topics ORDER BY name")?
        .query_map([], |r| {
            Ok(TopicHead {
                name: r.get(0)?,
                title: r.get(1)?,
                source: r.get(2)?,
                feed: from_json(&r.get::<_, String>(3)?),
            })
        })?
        .collect()
}

pub(super) fn topic_feed(conn: &Connection, name: &str) -> Sql<Option<TopicFeed>> {
    conn.prepare_cached("SELECT feed FROM topics WHERE name = ?1")?
        .query_row([name], |r| Ok(from_json(&r.get::<_, String>(0)?)))
        .optional()
}

pub(super) fn next_poll(conn: &Connection) -> Sql<Option<Time>> {
    conn.prepare_cached(
        "SELECT min(next_at) FROM feeds WHERE subscribed = 1 AND paused = 0 AND gone = 0",
    )?
    .query_row([], |r| r.get::<_, Option<i64>>(0))
    .map(|at| at.map(Time::from_millis))
}

pub(super) fn poll_totals(conn: &Connection) -> Sql<PollTotals> {
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

pub(super) fn status(conn: &Connection, now: Time) -> Sql<Status> {
    let one = |sql: &str| -> Sql<u64> { conn.prepare_cached(sql)?.query_row([], |r| count(r, 0)) };
    let (articles_today, joined_today) = seen_since(conn, now.millis() - DAY_MS)?;
    // One walk over the feeds: their rows are long.
    let of_feeds = conn
        .prepare_cached(
            "SELECT count(*), count(*) FILTER (WHERE failures > 0 AND paused = 0 AND gone = 0),
               count(*) FILTER (WHERE last_success IS NULL AND failures = 0 AND paused = 0 AND gone = 0),
               count(*) FILTER (WHERE paused = 1), count(*) FILTER (WHERE gone = 1),
               count(*) FILTER (WHERE paused = 0 AND gone = 0 AND next_at <= ?1), max(last_success)
             FROM feeds WHERE subscribed = 1",
        )?
        .query_row([now.millis()], |r| {
            Ok(Status {
                feeds: count(r, 0)?,
                feeds_failing: count(r, 1)?,
                feeds_new: count(r, 2)?,
                feeds_paused: count(r, 3)?,
                feeds_gone: count(r, 4)?,
                feeds_due: count(r, 5)?,
                last_success: r.get::<_, Option<i64>>(6)?.map(Time::from_millis),
                ..Status::default()
            })
        })?;
    Ok(Status {
        articles: one("SELECT count(*) FROM articles")?,
        stories: one("SELECT count(*) FROM stories")?,
        topics: one("SELECT count(*) FROM topics")?,
        sequence: crate::store::sequence::current(conn)?,
        feeds_without_credentials: withheld(conn)?,
        decisions: decisions::counts(conn)?,
        articles_today,
        joined_today,
        next_poll: next_poll(conn)?,
        ..of_feeds
    })
}

/// How many feeds have secrets that are not sent to where they are now.
fn withheld(conn: &Connection) -> Sql<u64> {
    let mut with_secrets = conn.prepare_cached(
        "SELECT id, url, secrets_for FROM feeds
         WHERE subscribed = 1 AND (auth_user IS NOT NULL OR headers <> '[]')",
    )?;
    let mut rows = with_secrets.query([])?;
    let mut count = 0;
    while let Some(r) = rows.next()? {
        let (id, url) = (FeedId(Uuid::from_bytes(r.get(0)?)), r.get::<_, String>(1)?);
        let given_for: Option<String> = r.get(2)?;
        let url = WebUrl::parse(&url).ok();
        count += u64::from(
            url.is_some_and(|url| secrets::withheld(given_for.as_deref(), id, &url).is_some()),
        );
    }
    Ok(count)
}

/// Adds what is looked at by people only, not at every reading of the metrics.
pub(super) fn overview(conn: &Connection, status: Status, now: Time) -> Sql<Overview> {
    let (articles_daily, joined_daily) = activity::daily_of_all(conn, DAYS, now)?;
    Ok(Overview {
        status,
        network: network(conn)?,
        articles_daily,
        joined_daily,
        hosts: hosts(conn)?,
        hosts_more: conn
            .prepare_cached("SELECT max(0, count(*) - ?1) FROM hosts")?
            .query_row([HOSTS], |r| count(r, 0))?,
    })
}

/// Under which name of `meta` stands what was seen of the network.
pub(super) const NETWORK: &str = "network";

/// What was last seen of the network.
pub(super) fn network(conn: &Connection) -> Sql<Network> {
    let text = conn
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([NETWORK], |r| r.get::<_, String>(0))
        .optional()?;
    Ok(text.map_or(Network::Unknown, |text| Network::from_text(&text)))
}

/// What is planned for a host: its feeds, and the one that is due first.
#[derive(Default)]
struct Plan {
    feeds: u64,
    next: Option<(i64, FeedRow)>,
}

/// How many articles were seen since, and how many of them joined a story: read off an index, for the articles of a day
/// may be all there are, and their bodies stand in the way.
fn seen_since(conn: &Connection, since: i64) -> Sql<(u64, u64)> {
    conn.prepare_cached("SELECT count(*), count(signal) FROM articles WHERE first_seen >= ?1")?
        .query_row([since], |r| Ok((count(r, 0)?, count(r, 1)?)))
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

fn hosts(conn: &Connection) -> Sql<Vec<HostStatus>> {
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

const HOST_COLUMNS: &str = "host, polls, not_modified, failed, throttled, bytes, rest_until";

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
fn host(conn: &Connection, url: &str) -> Sql<Option<HostStatus>> {
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

/// SQLite's own check of a store of any version.
pub(super) fn verify_pages(conn: &Connection) -> Sql<Vec<String>> {
    let mut found: Vec<String> = conn
        .prepare("PRAGMA integrity_check(20)")?
        .query_map([], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    found.retain(|line: &String| line != "ok");
    Ok(found)
}

/// SQLite's own check, and that every copy has its story and every story its copies.
pub(super) fn verify(conn: &Connection) -> Sql<Vec<String>> {
    let mut found = verify_pages(conn)?;
    let ours = [
        (
            "articles without a story",
            "SELECT count(*) FROM articles WHERE story NOT IN (SELECT story FROM stories)",
        ),
        (
            "stories whose shown copy is not theirs",
            "SELECT count(*) FROM stories s WHERE NOT EXISTS
               (SELECT 1 FROM articles a WHERE a.article = s.shown AND a.story = s.story)",
        ),
        (
            "stories with a wrong number of copies",
            "SELECT count(*) FROM stories s WHERE copies <>
               (SELECT count(*) FROM articles a WHERE a.story = s.story)",
        ),
        (
            "former ids of stories that are gone",
            "SELECT count(*) FROM story_ids WHERE story NOT IN (SELECT story FROM stories)",
        ),
        (
            "topic memberships of articles that are gone",
            "SELECT count(*) FROM article_topics WHERE article NOT IN (SELECT article FROM articles)",
        ),
    ];
    for (what, sql) in ours {
        let n: i64 = conn.query_row(sql, [], |r| r.get(0))?;
        if n > 0 {
            found.push(format!("{n} {what}"));
        }
    }
    let together = decisions::violations(conn)?;
    if together > 0 {
        found.push(format!(
            "{together} pairs of copies in one story that were split from each other"
        ));
    }
    Ok(found)
}
