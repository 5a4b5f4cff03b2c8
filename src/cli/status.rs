//! `newswire status`: the store in numbers, on one screen.

use clap::Args;
use serde::Serialize;

use super::columns::Column;
use super::context::Context;
use super::exit::Failure;
use super::feeds::facts_table;
use super::humanize::{bytes, count, sparkline};
use super::table::Table;
use super::times::Times;
use super::why;
use crate::daemon::lock::DaemonInfo;
use crate::model::Network;
use crate::store::{HostStatus, Overview, Reads, Status, size_warning};

/// `newswire status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// As one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct StatusLine<'s> {
    #[serde(flatten)]
    overview: &'s Overview,
    /// The daemon that runs on this store; null if none does.
    daemon: Option<DaemonInfo>,
    /// What the operator should look at, a line each.
    warnings: Vec<String>,
}

/// Runs `newswire status`.
pub fn status(cx: &mut Context, args: &StatusArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    let overview = Reads::open(&config.store.path)?.overview(cx.clock.now())?;
    let status = &overview.status;
    let daemon = DaemonInfo::of(&config.store.path);
    let bytes_max = config.store.size_warning;
    let warning = size_warning(status.db_bytes + status.wal_bytes, bytes_max);
    if args.json {
        let warnings = warning.into_iter().collect();
        return cx.out.json(&StatusLine {
            overview: &overview,
            daemon,
            warnings,
        });
    }
    let mut facts = vec![
        ("configuration", config.source()),
        (
            "store",
            format!(
                "{}, {} and {} WAL",
                config.store.path.display(),
                bytes(status.db_bytes),
                bytes(status.wal_bytes)
            ),
        ),
        ("daemon", daemon_in_words(daemon.as_ref(), &cx.times)),
        ("feeds", feeds(status)),
        ("next poll", next_poll(cx, status)),
        ("network", network(cx, overview.network)),
        (
            "articles",
            format!(
                "{}, {} in the last 24 hours{}",
                status.articles,
                status.articles_today,
                plot(cx, &overview.articles_daily)
            ),
        ),
        (
            "stories",
            format!("{}{}", stories(status), plot(cx, &overview.joined_daily)),
        ),
    ];
    facts.extend(by_hand(status).map(|told| ("by hand", told)));
    facts.push(("topics", status.topics.to_string()));
    facts.push(("sequence", status.sequence.to_string()));
    facts_table(cx, facts)?;
    if let Some(warning) = warning {
        cx.out.line("")?;
        cx.out.line(&warning)?;
    }
    if overview.hosts.is_empty() {
        return Ok(());
    }
    cx.out.line("")?;
    hosts(cx, &overview.hosts)?;
    match overview.hosts_more {
        0 => Ok(()),
        more => cx.out.line(&format!(
            "and {}; `newswire feed FEED` shows its own",
            count(more, "more host")
        )),
    }
}

fn daemon_in_words(daemon: Option<&DaemonInfo>, times: &Times) -> String {
    let Some(daemon) = daemon else {
        return "not running".to_owned();
    };
    let mut text = format!("running, process {}", daemon.pid);
    if let Some(version) = &daemon.version {
        text = format!("{text}, version {version}");
    }
    if let Some(since) = daemon.since {
        text = format!("{text}, since {}", times.full(since));
    }
    for address in &daemon.addresses {
        let scheme = if address.starts_with("unix:") {
            ""
        } else {
            "http://"
        };
        text = format!("{text}, {scheme}{address}");
    }
    text
}

/// The last days as a line of blocks; on a terminal only.
fn plot(cx: &Context, daily: &[u64]) -> String {
    if cx.out.is_terminal() && daily.iter().any(|n| *n > 0) {
        format!("  {}", sparkline(daily))
    } else {
        String::new()
    }
}

fn feeds(status: &Status) -> String {
    let kinds = [
        ("new", status.feeds_new),
        ("failing", status.feeds_failing),
        ("gone", status.feeds_gone),
        ("paused", status.feeds_paused),
        (
            "without their credentials",
            status.feeds_without_credentials,
        ),
    ];
    let ailing: Vec<String> = kinds
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(what, n)| format!("{n} {what}"))
        .collect();
    if ailing.is_empty() {
        status.feeds.to_string()
    } else {
        format!("{} ({})", status.feeds, ailing.join(", "))
    }
}

fn next_poll(cx: &Context, status: &Status) -> String {
    match (status.feeds_due, status.next_poll) {
        (0, None) => "none planned".to_owned(),
        (0, Some(next)) => cx.times.full(next),
        (due, _) => format!("now: {due} due"),
    }
}

fn network(cx: &Context, seen: Network) -> String {
    match (seen, seen.down_since(cx.clock.now())) {
        (_, Some(since)) => format!(
            "none since {}: nothing can be reached; stored articles are served",
            cx.times.full(since)
        ),
        (Network::Unknown, _) => "not known: no other machine was asked yet".to_owned(),
        (Network::Up, _) => "ok".to_owned(),
        (Network::Down { tried, .. }, _) => {
            format!("none when last tried, {}", cx.times.full(tried))
        }
    }
}

fn stories(status: &Status) -> String {
    format!(
        "{}, in {}; {} joined in the last 24 hours",
        status.stories,
        count(status.articles, "copy"),
        status.joined_today
    )
}

/// What the user decided about stories; none if that is nothing.
fn by_hand(status: &Status) -> Option<String> {
    let decisions = status.decisions;
    let kinds = [("split", decisions.splits), ("join", decisions.joins)];
    let kinds = kinds.iter().filter(|(_, n)| *n > 0);
    let kinds: Vec<String> = kinds.map(|(what, n)| count(*n, what)).collect();
    (!kinds.is_empty()).then(|| {
        let copies = count(decisions.copies, "copy");
        format!(
            "{} of {copies}; see `newswire dedup decisions`",
            kinds.join(" and ")
        )
    })
}

/// What decides when the host is asked next.
fn why_then(h: &HostStatus, times: &Times) -> String {
    match h.rest_until.filter(|until| *until > times.now) {
        Some(until) => format!(
            "The server asked to be left alone until {}.",
            times.full(until)
        ),
        None => h
            .next_why
            .as_deref()
            .map_or_else(String::new, why::of_constraint),
    }
}

fn hosts(cx: &mut Context, hosts: &[HostStatus]) -> Result<(), Failure> {
    let mut table = Table::new([
        Column::place("HOST"),
        Column::number("FEEDS"),
        Column::number("POLLS"),
        Column::number("304 %"),
        Column::number("FAILED"),
        Column::number("429"),
        Column::number("RECEIVED"),
        Column::value(cx.times.near_heading("NEXT POLL")),
        Column::reason("WHY THEN"),
    ]);
    for h in hosts {
        let cells = vec![
            h.host.clone(),
            h.feeds.to_string(),
            h.polls.to_string(),
            (h.not_modified * 100 / h.polls.max(1)).to_string(),
            h.failed.to_string(),
            h.throttled.to_string(),
            bytes(h.bytes),
            cx.times.ahead(h.next_poll, "-"),
            why_then(h, &cx.times),
        ];
        table.row(&mut cx.out, cells)?;
    }
    table.finish(&mut cx.out)
}
