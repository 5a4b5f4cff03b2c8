//! `newswire topic explain`: why a story is or is not in a topic.

use clap::Args;
use serde::Serialize;

use crate::cli::candidates;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure};
use crate::cli::lookup;
use crate::cli::matches::{EvaluatedCopy, Match};
use crate::query;

/// `newswire topic explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Name of the topic
    #[arg(value_name = "TOPIC", add = candidates::topics())]
    pub topic: String,
    /// Id of a story or copy or its first characters, or URL of a copy
    #[arg(value_name = "ID|URL")]
    pub story: String,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

/// The output of `topic explain --json`.
#[derive(Serialize)]
struct Verdict {
    topic: String,
    #[serde(rename = "match")]
    source: String,
    id: String,
    title: String,
    member: bool,
    copies: Vec<CopyVerdict>,
}

#[derive(Serialize)]
struct CopyVerdict {
    feed_title: String,
    title: String,
    member: bool,
    found: Vec<Match>,
    unwanted: Vec<Match>,
}

/// Runs `newswire topic explain`.
pub fn explain(cx: &mut Context, args: &ExplainArgs) -> Result<(), Failure> {
    let reads = cx.reads()?;
    let source = lookup::topic(&reads, &args.topic)?.source;
    let expr = query::parse(&source).map_err(|e| {
        Failure::new(
            Exit::Internal,
            format!("the stored topic {:?}: {e}", args.topic),
        )
    })?;
    let story = lookup::story_view(&reads, &args.story)?;
    let (copies, now) = (reads.copies(story.id)?, cx.clock.now());
    let verdict = Verdict {
        member: story.topics.contains(&args.topic),
        copies: copies
            .iter()
            .map(|copy| {
                let (found, unwanted) = EvaluatedCopy::of(copy, &copies, now).matches(&expr);
                CopyVerdict {
                    feed_title: copy.feed.title.clone(),
                    title: copy.title.clone(),
                    member: copy.topics.contains(&args.topic),
                    found,
                    unwanted,
                }
            })
            .collect(),
        topic: args.topic.clone(),
        source,
        id: story.id.to_string(),
        title: story.content.title,
    };
    if args.json {
        cx.out.json(&verdict)
    } else {
        print_verdict(cx, &verdict)
    }
}

fn print_verdict(cx: &mut Context, verdict: &Verdict) -> Result<(), Failure> {
    let is = if verdict.member { "is" } else { "is not" };
    cx.out.line(&format!(
        "{:?} {is} in {}: {}",
        verdict.title, verdict.topic, verdict.source
    ))?;
    for copy in &verdict.copies {
        let mark = if copy.member { "+" } else { "-" };
        let listed = |found: &[Match]| {
            let words: Vec<String> = found.iter().map(Match::in_words).collect();
            words.join(", ")
        };
        let mut reason = match copy.found.is_empty() {
            true if copy.member => "no excluded terms".to_owned(),
            true => "no matching terms".to_owned(),
            false => format!("found {}", listed(&copy.found)),
        };
        if !copy.member && !copy.unwanted.is_empty() {
            reason.push_str(&format!("; excluded by {}", listed(&copy.unwanted)));
        }
        cx.out
            .line(&format!("{mark} {}: {}", copy.feed_title, reason))?;
    }
    Ok(())
}
