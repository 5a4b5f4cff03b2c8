//! `newswire feeds` and `newswire feed`: the subscriptions and their health.

use std::collections::HashMap;

use clap::Args;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::candidates;
use super::columns::Column;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::humanize::{bytes, count};
use super::lines::broken;
use super::table::Table;
use super::times::Times;
use super::trouble;
use super::{explain_plan, lookup, terminal_escape};
use crate::model::{Feed, FeedRow, FeedState, Time, span};
use crate::schedule::{PlanExplanation, remedy};
use crate::store::{FeedDetail, HostStatus, HubStatus};

/// `newswire feeds`.
#[derive(Debug, Args)]
pub struct FeedsArgs {
    /// Print one JSON object per line
    #[arg(long)]
    pub json: bool,
    /// Only feeds that are failing or gone
    #[arg(long)]
    pub failing: bool,
    /// Show when each feed is polled next, and why
    #[arg(long)]
    pub why_next: bool,
    /// Only feeds with this tag or in this folder
    #[arg(long, value_name = "TAG", add = candidates::tags())]
    pub tag: Option<String>,
    /// Only feeds in this folder or its subfolders, for example news/world
    #[arg(long, value_name = "FOLDER", add = candidates::folders())]
    pub folder: Option<String>,
}

/// `newswire feed`.
#[derive(Debug, Args)]
pub struct FeedArgs {
    /// Id, URL or unique part of the title
    #[arg(value_name = "FEED", add = candidates::feeds())]
    pub feed: String,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

/// Runs `newswire feeds`.
pub fn feeds(cx: &mut Context, args: &FeedsArgs) -> Result<(), Failure> {
    let reads = cx.reads()?;
    let all = reads.feeds()?;
    let feeds = lookup::filed(&all, args.tag.as_deref(), args.folder.as_deref())?;
    let mut feeds: Vec<Feed> = feeds.into_iter().cloned().collect();
    if args.failing {
        feeds.retain(|f| matches!(f.state, FeedState::Failing | FeedState::Gone));
    }
    let mut explanations = match args.why_next {
        true => Some(reads.explanations()?),
        false => None,
    };
    match (args.json, &mut explanations) {
        (true, explanations) => feeds.iter().try_for_each(|f| {
            cx.out.json(&FeedLine {
                feed: f,
                why_next: match explanations {
                    Some(all) => WhyNext::Of(all.remove(&f.row)),
                    None => WhyNext::LeftOut,
                },
                what_to_do: remedy::what_to_do(f),
            })
        }),
        (false, Some(explanations)) => plan(cx, explanations, &feeds),
        (false, None) if args.failing => failing(cx, &feeds),
        (false, None) => health(cx, &feeds),
    }
}

/// `why_next` of a feed. Serialized as the explanation or null.
#[derive(Serialize)]
#[serde(untagged)]
enum WhyNext {
    /// Without `--why-next`.
    LeftOut,
    /// With it; `None` if the feed has no plan.
    Of(Option<PlanExplanation>),
}

impl WhyNext {
    fn is_left_out(&self) -> bool {
        matches!(self, Self::LeftOut)
    }
}

/// A line of `newswire feeds --json`.
#[derive(Serialize)]
struct FeedLine<'a> {
    #[serde(flatten)]
    feed: &'a Feed,
    #[serde(skip_serializing_if = "WhyNext::is_left_out")]
    why_next: WhyNext,
    #[serde(skip_serializing_if = "Option::is_none")]
    what_to_do: Option<String>,
}

/// One paragraph per failing feed: the reason, the next attempt, and what to do.
fn failing(cx: &mut Context, feeds: &[Feed]) -> Result<(), Failure> {
    for (n, f) in feeds.iter().enumerate() {
        if n > 0 {
            cx.out.line("")?;
        }
        cx.out.heading(&f.title)?;
        let id = lookup::short(&f.id.to_string()).to_owned();
        let mut facts = vec![("feed", format!("{id}  {}", f.url))];
        facts.extend(trouble(f, &cx.times));
        facts_table(cx, facts)?;
    }
    Ok(())
}

/// What is wrong with a feed, as rows of a table; empty if nothing is.
fn trouble(f: &Feed, times: &Times) -> Vec<(&'static str, String)> {
    let Some(what) = remedy::what_to_do(f) else {
        return Vec::new();
    };
    let error = f.last_error.clone().unwrap_or_default();
    vec![
        ("state", format!("{}: {error}", state(f.state))),
        ("failed", trouble::since(f, times)),
        ("next try", trouble::next_try(f, times)),
        ("what to do", what),
    ]
}

fn health(cx: &mut Context, feeds: &[Feed]) -> Result<(), Failure> {
    let mut table = Table::new([
        Column::value("ID").dimmed(),
        Column::value("STATE"),
        Column::number("ARTICLES"),
        Column::value(cx.times.near_heading("LAST POLL")),
        Column::value(cx.times.near_heading("NEXT POLL")),
        Column::text("TITLE"),
        Column::place("URL"),
    ]);
    for f in feeds {
        let cells = vec![
            lookup::short(&f.id.to_string()).to_owned(),
            state(f.state).to_owned(),
            f.articles.to_string(),
            cx.times.near(f.last_poll, "never"),
            cx.times.ahead(f.next_poll, "-"),
            f.title.clone(),
            f.url.clone(),
        ];
        table.row(&mut cx.out, cells)?;
    }
    table.finish(&mut cx.out)
}

fn plan(
    cx: &mut Context,
    explanations: &HashMap<FeedRow, PlanExplanation>,
    feeds: &[Feed],
) -> Result<(), Failure> {
    let mut table = Table::new([
        Column::value(cx.times.near_heading("NEXT POLL")),
        Column::text("TITLE"),
        Column::reason("WHY"),
    ]);
    for f in feeds {
        let cells = vec![
            cx.times.ahead(f.next_poll, "-"),
            f.title.clone(),
            plan_in_words(f.state, explanations.get(&f.row)),
        ];
        table.row(&mut cx.out, cells)?;
    }
    table.finish(&mut cx.out)
}

/// Why a feed is polled at its planned time.
fn plan_in_words(state: FeedState, explanation: Option<&PlanExplanation>) -> String {
    match (state, explanation) {
        (FeedState::Paused, _) => "Paused; `newswire resume` resumes polling.".to_owned(),
        (FeedState::Gone, _) => {
            "The publisher has withdrawn it (410); it is no longer polled.".to_owned()
        }
        (_, Some(explanation)) => explain_plan::sentences(explanation),
        (_, None) => "Not polled yet.".to_owned(),
    }
}

/// A state, spelled as in JSON.
fn state(state: FeedState) -> &'static str {
    match state {
        FeedState::New => "new",
        FeedState::Ok => "ok",
        FeedState::Failing => "failing",
        FeedState::Gone => "gone",
        FeedState::Paused => "paused",
    }
}

/// Runs `newswire feed`.
pub fn feed(cx: &mut Context, args: &FeedArgs) -> Result<(), Failure> {
    let reads = cx.reads()?;
    let feeds = reads.feeds()?;
    let row = lookup::feed(&feeds, &args.feed)?.row;
    let detail = reads.feed(row)?.ok_or_else(|| {
        Failure::new(
            Exit::NoInput,
            format!("the feed {:?} has just been removed", args.feed),
        )
    })?;
    if args.json {
        cx.out.json(&detail)
    } else {
        in_full(cx, &detail)
    }
}

/// An explanation of several lines, as it is; one of a single line says no more than its sentence.
fn details(explanation: &str) -> Vec<(&'static str, String)> {
    let lines = explanation.lines().enumerate();
    let facts = lines
        .filter(|_| explanation.contains('\n'))
        .map(|(n, line)| {
            let name = if n == 0 { "details" } else { "" };
            (name, line.to_owned())
        });
    facts.collect()
}

fn in_full(cx: &mut Context, detail: &FeedDetail) -> Result<(), Failure> {
    let f = &detail.feed;
    let now = cx.clock.now();
    cx.out.heading(&f.title)?;
    let mut facts: Vec<(&str, String)> = vec![("url", f.url.clone()), ("id", f.id.to_string())];
    facts.extend(f.site.clone().map(|site| ("site", site)));
    facts.extend(f.folder.clone().map(|folder| ("folder", folder)));
    if !f.tags.is_empty() {
        facts.push(("tags", f.tags.join(", ")));
    }
    let origin = if f.declared {
        "the configuration file"
    } else {
        "a command"
    };
    facts.push(("subscribed", format!("by {origin}")));
    facts.extend(remedy::withheld(f).map(|why| ("credentials", why)));
    facts.push(("articles", f.articles.to_string()));
    let trouble = trouble(f, &cx.times);
    if trouble.is_empty() {
        facts.push(("state", state(f.state).to_owned()));
    }
    let fails = !trouble.is_empty();
    facts.extend(trouble);
    facts.push(("last poll", full_or(f.last_poll, "never", &cx.times)));
    facts.push(("last success", full_or(f.last_success, "never", &cx.times)));
    if let Some(next) = f.next_poll.filter(|_| !fails) {
        let when = match next <= now {
            true => "due now".to_owned(),
            false => cx.times.full(next),
        };
        facts.push(("next poll", when));
    }
    if let Some(explanation) = &detail.why_next {
        facts.push(("why then", explain_plan::sentences(explanation)));
        facts.extend(details(&explanation.to_string()));
    }
    if let Some((until, why)) = detail.floor.as_ref().filter(|(until, _)| *until > now) {
        facts.push(("not before", format!("{}: {why}", cx.times.full(*until))));
    }
    if let Some(seconds) = f.interval_s {
        facts.push((
            "interval",
            span::exact(std::time::Duration::from_secs(seconds)),
        ));
    }
    facts.extend(
        detail
            .hub
            .as_ref()
            .map(|hub| ("hub", hub_in_words(hub, &cx.times))),
    );
    facts.extend(
        detail
            .host
            .as_ref()
            .map(|host| ("host", host_in_words(host, &cx.times))),
    );
    if detail.full_text {
        facts.push(("full text", "fetched from the articles' pages".to_owned()));
    }
    if detail.keep_boilerplate {
        facts.push(("boilerplate", "kept".to_owned()));
    }
    for (url, etag, last_modified) in &detail.validators {
        let etag = etag.as_deref().unwrap_or("no ETag");
        let last_modified = last_modified.as_deref().unwrap_or("no Last-Modified");
        facts.push(("validators", format!("{etag}; {last_modified} (for {url})")));
    }
    facts.extend(
        detail
            .repairs
            .iter()
            .map(|repair| ("repaired", repair.clone())),
    );
    facts_table(cx, facts)?;
    if detail.polls.is_empty() {
        return Ok(());
    }
    cx.out.line("")?;
    let mut table = Table::new([
        Column::value(cx.times.near_heading("POLLED")),
        Column::value("OUTCOME"),
        Column::number("STATUS"),
        Column::number("NEW"),
        Column::number("BYTES"),
        Column::number("MS"),
        Column::reason("ERROR"),
    ]);
    for p in &detail.polls {
        let cells = vec![
            cx.times.near(Some(p.at), "-"),
            p.outcome.clone(),
            p.status.map_or_else(|| "-".to_owned(), |s| s.to_string()),
            p.new.to_string(),
            p.bytes.to_string(),
            p.elapsed_ms.to_string(),
            p.error.clone().unwrap_or_default(),
        ];
        table.row(&mut cx.out, cells)?;
    }
    table.finish(&mut cx.out)
}

/// A time in a sentence, or the text for no time.
fn full_or(time: Option<Time>, none: &str, times: &Times) -> String {
    time.map_or_else(|| none.to_owned(), |time| times.full(time))
}

/// The state of the feed's subscription at a hub.
fn hub_in_words(hub: &HubStatus, times: &Times) -> String {
    let state = match (
        hub.lease_until.filter(|until| *until > times.now),
        hub.ask_at,
    ) {
        (Some(until), _) => format!("active until {}", times.full(until)),
        (None, None) => "not used: websub.callback_url is not set".to_owned(),
        (None, Some(at)) => format!("not active yet; next request {}", times.full(at)),
    };
    let error = hub.last_error.as_ref().map(|e| format!("; {e}"));
    format!("{} {state}{}", hub.url, error.unwrap_or_default())
}

/// The polls of the feed's host, and whether it asked for no requests.
fn host_in_words(host: &HostStatus, times: &Times) -> String {
    let share = host.not_modified * 100 / host.polls.max(1);
    let rest = match host.rest_until.filter(|until| *until > times.now) {
        Some(until) => format!("; asked for no requests until {}", times.full(until)),
        None => String::new(),
    };
    format!(
        "{}: {}, {share} % of them 304, {} failed, {} x 429, {} received{rest}",
        host.host,
        count(host.polls, "poll"),
        host.failed,
        host.throttled,
        bytes(host.bytes)
    )
}

/// Prints names and values in two columns. On a terminal, long values are wrapped.
pub fn facts_table(cx: &mut Context, facts: Vec<(&str, String)>) -> Result<(), Failure> {
    let width = facts
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    for (name, value) in facts {
        let room = cx.out.width.map(|all| all.saturating_sub(width + 2));
        let lines = match room.filter(|room| value.width() > *room) {
            Some(room) => {
                let text = value.trim_start();
                let indent = " ".repeat(value.len() - text.len());
                let lines = broken(
                    &terminal_escape::line(text),
                    room.saturating_sub(indent.len()),
                );
                lines
                    .into_iter()
                    .map(|line| format!("{indent}{line}"))
                    .collect()
            }
            None => vec![value],
        };
        for (n, line) in lines.iter().enumerate() {
            let name = if n == 0 { name } else { "" };
            cx.out.line(&format!("{name:width$}  {line}"))?;
        }
    }
    Ok(())
}
