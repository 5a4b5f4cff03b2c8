//! `newswire topic test`: what an expression matches among the stored articles, and the difference to a stored topic.

use std::collections::HashSet;

use clap::Args;
use serde::Serialize;

use crate::cli::candidates;
use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::expression::{self, EXPRESSIONS};
use crate::cli::humanize::{count, point};
use crate::cli::lookup;
use crate::config::Config;
use crate::model::{StoryRow, Time};
use crate::query::{self, Expr};
use crate::store::{Reads, Selection};

/// Maximum number of stories printed of each kind.
const SHOWN: usize = 10;

/// `newswire topic test`.
#[derive(Debug, Args)]
#[command(after_help = EXPRESSIONS)]
pub struct TestArgs {
    /// The expression
    #[arg(value_name = "EXPR", required = true)]
    pub expr: Vec<String>,
    /// Only articles that arrived since TIME: 24h, 7d, yesterday, monday or a date
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Topic to compare with [default: the topic that has this expression in the configuration]
    #[arg(long, value_name = "NAME", add = candidates::topics())]
    pub topic: Option<String>,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

/// The output of `topic test --json`.
#[derive(Serialize)]
struct Trial {
    #[serde(rename = "match")]
    source: String,
    since: Option<Time>,
    stories: usize,
    articles: usize,
    newest: Vec<StoryLine>,
    topic: Option<Difference>,
}

/// The difference to a stored topic, over the same time.
#[derive(Serialize)]
struct Difference {
    name: String,
    stories: usize,
    added: usize,
    removed: usize,
    added_newest: Vec<StoryLine>,
    removed_newest: Vec<StoryLine>,
}

/// A story, printed as one line.
#[derive(Serialize)]
struct StoryLine {
    id: String,
    arrived: Time,
    feed_title: String,
    title: String,
}

/// Runs `newswire topic test`.
pub fn test(cx: &mut Context, args: &TestArgs) -> Result<(), Failure> {
    let source = expression::joined(&args.expr);
    let expr = query::parse(&source)?;
    let now = cx.clock.now();
    let since = args
        .since
        .as_deref()
        .map(|t| point("--since", t, now))
        .transpose()?;
    let config = cx.config()?;
    let reads = Reads::open(&config.store.path)?;
    let topic = compared_with(&config, &reads, args, &expr)?;
    let window = Selection {
        since,
        now,
        ..Selection::default()
    };
    let matching = Selection {
        expr: Some(expr),
        ..window.clone()
    };
    let rows = reads.find_stories(&matching)?;
    let trial = Trial {
        since,
        stories: rows.len(),
        articles: reads.find_articles(&matching)?.len(),
        newest: story_lines(&reads, &rows)?,
        topic: topic
            .map(|name| difference(&reads, name, &rows, window))
            .transpose()?,
        source,
    };
    if args.json {
        cx.out.json(&trial)
    } else {
        print(cx, &trial)
    }
}

/// The topic that was named, or else the one that has this expression in the configuration.
fn compared_with(
    config: &Config,
    reads: &Reads,
    args: &TestArgs,
    expr: &Expr,
) -> Result<Option<String>, Failure> {
    if let Some(name) = &args.topic {
        return Ok(Some(lookup::topic(reads, name)?.name));
    }
    let named = config
        .topics()
        .into_iter()
        .find(|t| t.expr == *expr)
        .map(|t| t.name);
    let stored = reads.topic_heads()?;
    Ok(named.filter(|name| stored.iter().any(|t| t.name == *name)))
}

fn difference(
    reads: &Reads,
    name: String,
    rows: &[StoryRow],
    window: Selection,
) -> Result<Difference, Failure> {
    let current = reads.find_stories(&Selection {
        topic: Some(name.clone()),
        ..window
    })?;
    let difference_of = |a: &[StoryRow], b: &[StoryRow]| -> Vec<StoryRow> {
        let b: HashSet<&StoryRow> = b.iter().collect();
        a.iter().filter(|row| !b.contains(row)).copied().collect()
    };
    let (added, removed) = (difference_of(rows, &current), difference_of(&current, rows));
    Ok(Difference {
        name,
        stories: current.len(),
        added: added.len(),
        removed: removed.len(),
        added_newest: story_lines(reads, &added)?,
        removed_newest: story_lines(reads, &removed)?,
    })
}

fn story_lines(reads: &Reads, rows: &[StoryRow]) -> Result<Vec<StoryLine>, Failure> {
    let shown = rows.get(..SHOWN).unwrap_or(rows);
    let stories = reads.stories_at(shown, false)?;
    Ok(stories
        .into_iter()
        .map(|s| StoryLine {
            id: s.id.to_string(),
            arrived: s.arrived,
            feed_title: s.content.feed.title,
            title: s.content.title,
        })
        .collect())
}

fn print(cx: &mut Context, trial: &Trial) -> Result<(), Failure> {
    let since = trial
        .since
        .map_or_else(String::new, |t| format!(" since {}", cx.times.exact(t)));
    cx.out.line(&format!(
        "{}, {} match{since}",
        count(trial.stories, "story"),
        count(trial.articles, "article")
    ))?;
    print_stories(cx, " ", &trial.newest)?;
    let Some(topic) = &trial.topic else {
        return Ok(());
    };
    cx.out.line("")?;
    cx.out.line(&format!(
        "topic {} has {} now; this expression would add {} and remove {}",
        topic.name,
        count(topic.stories, "story"),
        topic.added,
        topic.removed
    ))?;
    print_stories(cx, "+", &topic.added_newest)?;
    print_stories(cx, "-", &topic.removed_newest)
}

fn print_stories(cx: &mut Context, mark: &str, story_lines: &[StoryLine]) -> Result<(), Failure> {
    for b in story_lines {
        let text = format!("{}: {}", b.feed_title, b.title);
        cx.out.line(&format!(
            "{mark} {}  {}  {}",
            lookup::short(&b.id),
            cx.times.exact(b.arrived),
            text
        ))?;
    }
    Ok(())
}
