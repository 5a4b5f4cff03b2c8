//! `newswire feed`: one subscription in detail.

use clap::Args;

use super::candidates;
use super::columns::Column;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::humanize::{bytes, count};
use super::table::Table;
use super::times::Times;
use super::{explain_plan, facts, feed_state, lookup};
use crate::model::{Time, span};
use crate::schedule::remedy;
use crate::store::{FeedDetail, HostStatus, HubStatus};

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

/// An explanation of several lines, unchanged. A single line says no more than its sentence.
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
    let trouble = feed_state::trouble(f, &cx.times);
    if trouble.is_empty() {
        facts.push(("state", feed_state::name(f.state).to_owned()));
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
    facts::print(cx, facts)?;
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
