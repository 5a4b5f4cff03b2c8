//! `newswire status`: an overview of feeds, articles, stories and hosts.

use clap::Args;

use super::columns::Column;
use super::context::Context;
use super::exit::Failure;
use super::humanize::{bytes, count, sparkline};
use super::table::Table;
use super::times::Times;
use super::{explain_plan, facts};
use crate::api::StatusReport;
use crate::model::{DaemonInfo, Network};
use crate::store::{HostStatus, Reads, Status, TargetStatus};

/// `newswire status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

/// Runs `newswire status`.
pub fn status(cx: &mut Context, args: &StatusArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    let reads = Reads::open(&config.store.path)?;
    let daemon = DaemonInfo::of(&config.store.path);
    let report = StatusReport::load(&reads, cx.clock.now(), daemon, config.store.size_warning)?;
    if args.json {
        return cx.out.json(&report);
    }
    let StatusReport {
        overview,
        daemon,
        notify: targets,
        warnings,
    } = report;
    let status = &overview.status;
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
    facts.extend(manual_decisions(status).map(|text| ("manual", text)));
    facts.push(("topics", status.topics.to_string()));
    facts.extend(targets.iter().map(|target| ("notify", notify(target))));
    facts.push(("sequence", status.sequence.to_string()));
    facts::print(cx, facts)?;
    if !warnings.is_empty() {
        cx.out.line("")?;
    }
    for warning in &warnings {
        cx.out.line(warning)?;
    }
    if overview.hosts.is_empty() {
        return Ok(());
    }
    cx.out.line("")?;
    hosts(cx, &overview.hosts)?;
    match overview.hosts_more {
        0 => Ok(()),
        more => cx.out.line(&format!(
            "and {}; `newswire feed FEED` shows the host of a feed",
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

/// The last days as a bar chart, on a terminal only.
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
        ("without credentials", status.feeds_without_credentials),
    ];
    let unhealthy: Vec<String> = kinds
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(what, n)| format!("{n} {what}"))
        .collect();
    if unhealthy.is_empty() {
        status.feeds.to_string()
    } else {
        format!("{} ({})", status.feeds, unhealthy.join(", "))
    }
}

fn next_poll(cx: &Context, status: &Status) -> String {
    match (status.feeds_due, status.next_poll) {
        (0, None) => "none planned".to_owned(),
        (0, Some(next)) => cx.times.full(next),
        (due, _) => format!("{due} due now"),
    }
}

fn network(cx: &Context, state: Network) -> String {
    match (state, state.down_since(cx.clock.now())) {
        (_, Some(since)) => format!(
            "down since {}; stored articles are still served",
            cx.times.full(since)
        ),
        (Network::Unknown, _) => "unknown: no request to another host yet".to_owned(),
        (Network::Up, _) => "ok".to_owned(),
        (Network::Down { tried, .. }, _) => {
            format!("down at the last attempt, {}", cx.times.full(tried))
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

/// The number of manual decisions; `None` if there are none.
fn manual_decisions(status: &Status) -> Option<String> {
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

/// How a target of notifications is doing.
fn notify(target: &TargetStatus) -> String {
    let kinds = [
        ("waiting", target.waiting),
        ("sent", target.sent),
        ("failed", target.failed),
        ("dropped", target.dropped),
    ];
    let numbers = kinds.iter().filter(|(what, n)| *n > 0 || *what == "sent");
    let numbers: Vec<String> = numbers.map(|(what, n)| format!("{n} {what}")).collect();
    let state = match target.state {
        "on" => String::new(),
        state => format!(" ({state})"),
    };
    format!("{}{state}: {}", target.name, numbers.join(", "))
}

/// Why the host is polled next at its planned time.
fn next_poll_reason(h: &HostStatus, times: &Times) -> String {
    match h.rest_until.filter(|until| *until > times.now) {
        Some(until) => format!(
            "The server asked for no requests until {}.",
            times.full(until)
        ),
        None => h
            .next_why
            .as_ref()
            .map_or_else(String::new, |why| explain_plan::of_binding(&why.binding())),
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
        Column::reason("WHY"),
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
            next_poll_reason(h, &cx.times),
        ];
        table.row(&mut cx.out, cells)?;
    }
    table.finish(&mut cx.out)
}
