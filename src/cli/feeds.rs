//! `newswire feeds`: the subscriptions with their health.

use std::collections::HashMap;

use clap::Args;

use super::candidates;
use super::columns::Column;
use super::context::Context;
use super::exit::Failure;
use super::table::Table;
use super::{explain_plan, facts, feed_state, lookup};
use crate::api::{FeedLine, WhyNext};
use crate::model::{Feed, FeedRow, FeedState};
use crate::schedule::PlanExplanation;

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
            let why_next = match explanations {
                Some(all) => WhyNext::Of(all.remove(&f.row)),
                None => WhyNext::LeftOut,
            };
            cx.out.json(&FeedLine::new(f.clone(), why_next))
        }),
        (false, Some(explanations)) => plan(cx, explanations, &feeds),
        (false, None) if args.failing => failing(cx, &feeds),
        (false, None) => health(cx, &feeds),
    }
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
        facts.extend(feed_state::trouble(f, &cx.times));
        facts::print(cx, facts)?;
    }
    Ok(())
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
            feed_state::name(f.state).to_owned(),
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
