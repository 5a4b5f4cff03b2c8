//! `newswire fetch`: polls feeds once, with or without a running daemon.

use std::collections::BTreeMap;

use clap::Args;

use super::candidates;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::humanize::{bytes, count};
use super::{lookup, progress, runtime};
use crate::ingest::PassReport;
use crate::store::{ClaimScope, Rest, Skipped};

/// Maximum number of failures listed.
const SHOWN_MAX: usize = 20;

/// Maximum number of skipped feeds listed; more are counted by reason.
const SKIPPED_SHOWN_MAX: usize = 3;

/// `newswire fetch`.
#[derive(Debug, Args)]
pub struct FetchArgs {
    /// Only these feeds, due or not: ids, URLs or unique parts of titles
    #[arg(value_name = "FEED", add = candidates::feeds(), conflicts_with_all = ["all", "due"])]
    pub feeds: Vec<String>,
    /// All feeds, due or not; waiting times set by servers still apply
    #[arg(long, conflicts_with = "due")]
    pub all: bool,
    /// Only feeds that are due (the default)
    #[arg(long)]
    pub due: bool,
    /// Print the result as a JSON object
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
        let selected = lookup::feeds(&feeds, &args.feeds)?;
        ClaimScope::These {
            feeds: selected.iter().map(|f| f.row).collect(),
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
            "there are no feeds yet; subscribe with `newswire add URL` or `newswire import FILE`",
        );
    } else if report.feeds == 0 {
        cx.out.note("no feed is due; `newswire feeds --why-next` shows when each is due and why, `newswire fetch --all` polls now");
    } else {
        print_report(cx, &report, !args.feeds.is_empty());
    }
    let asked = report.fetched + report.not_modified + report.failed + report.skipped;
    if stopped && asked < report.feeds {
        return Err(Failure::new(
            Exit::Failed,
            format!(
                "stopped before all feeds were polled; remaining: {}",
                count(report.feeds - asked, "feed")
            ),
        ));
    }
    if all_polled_elsewhere(&report) {
        return Err(Failure::new(
            Exit::Busy,
            "another newswire process is polling these feeds; try again when it has finished",
        ));
    }
    if report.failed > 0 {
        return Err(Failure::Quiet(Exit::SomeFeeds));
    }
    Ok(())
}

/// The skipped feeds: each with its reason if they were named or there are few of them, otherwise one line per reason.
fn skipped(skipped: &[Skipped], are_named: bool) -> Vec<String> {
    if skipped.len() <= SKIPPED_SHOWN_MAX || (are_named && skipped.len() <= SHOWN_MAX) {
        let line = |s: &Skipped| format!("skipped: {}: {}", s.url, s.reason);
        return skipped.iter().map(line).collect();
    }
    let mut counts: BTreeMap<Rest, usize> = BTreeMap::new();
    for skipped in skipped {
        *counts.entry(skipped.rest).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(rest, n)| format!("skipped: {}, {}", count(n, "feed"), rest.in_words()))
        .collect()
}

/// Whether no feed could be polled because another process is polling all of them.
fn all_polled_elsewhere(report: &PassReport) -> bool {
    let skipped = &report.skipped_feeds;
    !skipped.is_empty()
        && skipped.len() == report.feeds
        && skipped.iter().all(|s| s.rest == Rest::Leased)
}

fn print_report(cx: &Context, report: &PassReport, are_named: bool) {
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
            .note("the network is down; failures were not counted against the feeds");
    }
    cx.out.note(&format!(
        "{}: {} read, {} unchanged, {} failed, {} skipped; {}, {} changed; {} in {:.1} s",
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
