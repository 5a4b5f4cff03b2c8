//! `newswire fetch`: one pass over the feeds, beside the daemon or without one.

use std::collections::BTreeMap;

use clap::Args;

use super::complete;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::humanize::{bytes, count};
use super::{lookup, progress, runtime};
use crate::ingest::PassReport;
use crate::store::{ClaimScope, Rest, Skipped};

/// Failures shown one by one.
const SHOWN_MAX: usize = 20;

/// Skipped feeds shown one by one; more are counted by reason.
const SKIPPED_SHOWN_MAX: usize = 3;

/// `newswire fetch`.
#[derive(Debug, Args)]
pub struct FetchArgs {
    /// Only these feeds, due or not: ids, URLs or unique parts of titles
    #[arg(value_name = "FEED", add = complete::feeds(), conflicts_with_all = ["all", "due"])]
    pub feeds: Vec<String>,
    /// All feeds, due or not; what a server asked for is kept all the same
    #[arg(long, conflicts_with = "due")]
    pub all: bool,
    /// Only the feeds that are due (the default)
    #[arg(long)]
    pub due: bool,
    /// Print what was done as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Runs `newswire fetch`.
pub fn fetch(cx: &mut Context, args: &FetchArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    let store = cx.store(&config)?;
    let feeds = store.reads().feeds()?;
    let manual_interval = config.schedule.manual_interval;
    let scope = if !args.feeds.is_empty() {
        let meant = lookup::feeds(&feeds, &args.feeds)?;
        ClaimScope::These {
            feeds: meant.iter().map(|f| f.row).collect(),
            manual_interval,
        }
    } else if args.all {
        ClaimScope::All { manual_interval }
    } else {
        ClaimScope::Due
    };
    let ingest = runtime::ingest(cx, &config, store)?;
    let bar = progress::bar(cx);
    let runtime = runtime::runtime()?;
    let (report, stopped) = runtime.block_on(async {
        let cancel = runtime::stopped_by_signals()?;
        let show = |progress| progress::show(&bar, progress);
        let report = ingest.pass(scope, &cancel, &show).await?;
        Ok::<_, Failure>((report, cancel.is_cancelled()))
    })?;
    bar.finish_and_clear();
    runtime.shutdown_background();
    if args.json {
        cx.out.json(&report)?;
    } else if feeds.is_empty() {
        cx.out.note(
            "there are no feeds yet; `newswire add URL` or `newswire import FILE` subscribes",
        );
    } else if report.feeds == 0 {
        cx.out.note("no feed is due; `newswire feeds --why-next` tells when and why, `newswire fetch --all` asks sooner");
    } else {
        tell(cx, &report, !args.feeds.is_empty());
    }
    let asked = report.fetched + report.not_modified + report.failed + report.skipped;
    if stopped && asked < report.feeds {
        return Err(Failure::new(
            Exit::Failed,
            format!("stopped; not read: {}", count(report.feeds - asked, "feed")),
        ));
    }
    if is_elsewhere(&report) {
        return Err(Failure::new(
            Exit::Busy,
            "another newswire process is polling just now what was to be asked; try again when it is done",
        ));
    }
    if report.failed > 0 {
        return Err(Failure::Quiet(Exit::SomeFeeds));
    }
    Ok(())
}

/// What was left alone: each feed with its reason if it was named or there are few, else a line a reason.
fn skipped(skipped: &[Skipped], are_named: bool) -> Vec<String> {
    if skipped.len() <= SKIPPED_SHOWN_MAX || (are_named && skipped.len() <= SHOWN_MAX) {
        let line = |s: &Skipped| format!("left alone: {}: {}", s.url, s.reason);
        return skipped.iter().map(line).collect();
    }
    let mut counts: BTreeMap<Rest, usize> = BTreeMap::new();
    for skipped in skipped {
        *counts.entry(skipped.rest).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(rest, n)| format!("left alone: {}, {}", count(n, "feed"), rest.in_words()))
        .collect()
}

/// Whether no feed could be polled because another process is polling all of them.
fn is_elsewhere(report: &PassReport) -> bool {
    let skipped = &report.skipped_feeds;
    !skipped.is_empty()
        && skipped.len() == report.feeds
        && skipped.iter().all(|s| s.rest == Rest::Leased)
}

fn tell(cx: &Context, report: &PassReport, are_named: bool) {
    for line in skipped(&report.skipped_feeds, are_named) {
        cx.out.note(&line);
    }
    for failure in report.failures.iter().take(SHOWN_MAX) {
        cx.out
            .failed(&format!("failed: {}: {}", failure.url, failure.error));
    }
    if let Some(more) = report.failures.len().checked_sub(SHOWN_MAX + 1) {
        cx.out.failed(&format!(
            "and {} failed; --json lists all",
            count(more + 1, "more feed")
        ));
    }
    if report.offline {
        cx.out
            .note("the network is down: no failure was counted against its feed");
    }
    cx.out.note(&format!(
        "{}: {} read, {} unchanged, {} failed, {} left alone; {}, {} changed; {} in {:.1} s",
        count(report.feeds, "feed"),
        report.fetched,
        report.not_modified,
        report.failed,
        report.skipped,
        count(report.articles_new, "new article"),
        report.articles_changed,
        bytes(report.bytes),
        report.seconds
    ));
}
