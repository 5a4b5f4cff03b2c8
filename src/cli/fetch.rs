//! `newswire fetch`: one pass over the feeds, beside the daemon or without one.

use clap::Args;

use super::complete;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::human::{bytes, count};
use super::{progress, which, work};
use crate::ingest::PassReport;
use crate::store::{ClaimScope, Rest};

/// Failures and skipped feeds told one by one to a person.
const TOLD_MAX: usize = 20;

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
        let meant = which::feeds(&feeds, &args.feeds)?;
        ClaimScope::These {
            feeds: meant.iter().map(|f| f.row).collect(),
            manual_interval,
        }
    } else if args.all {
        ClaimScope::All { manual_interval }
    } else {
        ClaimScope::Due
    };
    let ingest = work::ingest(cx, &config, store)?;
    let bar = progress::bar(cx);
    let runtime = work::runtime()?;
    let (report, stopped) = runtime.block_on(async {
        let cancel = work::stopped_by_signals()?;
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
        tell(cx, &report);
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

/// Whether no feed could be asked because another process is polling all of them.
fn is_elsewhere(report: &PassReport) -> bool {
    let skipped = &report.skipped_feeds;
    !skipped.is_empty()
        && skipped.len() == report.feeds
        && skipped.iter().all(|s| s.rest == Rest::Leased)
}

fn tell(cx: &Context, report: &PassReport) {
    let skipped = report
        .skipped_feeds
        .iter()
        .map(|s| format!("left alone: {}: {}", s.url, s.reason));
    let failed = report
        .failures
        .iter()
        .map(|f| format!("failed: {}: {}", f.url, f.error));
    for lines in [skipped.collect::<Vec<_>>(), failed.collect()] {
        for line in lines.iter().take(TOLD_MAX) {
            cx.out.note(line);
        }
        if lines.len() > TOLD_MAX {
            cx.out.note(&format!(
                "and {} more; --json tells all",
                lines.len() - TOLD_MAX
            ));
        }
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
