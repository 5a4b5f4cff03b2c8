//! `newswire topic`: what an expression would match (`test`), and why a story is or is not in a topic (`explain`). It never changes
//! the store.

use std::collections::HashSet;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::candidates;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::expression;
use super::expression::EXPRESSIONS;
use super::humanize::{count, point};
use super::lookup;
use super::matches::{EvaluatedCopy, Match};
use crate::config::Config;
use crate::model::{StoryRow, Time};
use crate::query::{self, Expr};
use crate::store::{Reads, Selection};

/// Maximum number of stories printed of each kind.
const SHOWN: usize = 10;

/// `newswire topic`.
#[derive(Debug, Subcommand)]
pub enum TopicCommand {
    /// Test an expression on the stored articles; nothing is changed
    Test(TestArgs),
    /// Explain why a story is in a topic, or why it is not
    Explain(TopicExplainArgs),
}

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

/// `newswire topic explain`.
#[derive(Debug, Args)]
pub struct TopicExplainArgs {
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

/// Runs `newswire topic test` and `newswire topic explain`.
pub fn topic(cx: &mut Context, command: &TopicCommand) -> Result<(), Failure> {
    match command {
        TopicCommand::Test(args) => test(cx, args),
        TopicCommand::Explain(args) => explain(cx, args),
    }
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

fn test(cx: &mut Context, args: &TestArgs) -> Result<(), Failure> {
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
            feed_title: s.feed.title,
            title: s.title,
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

fn explain(cx: &mut Context, args: &TopicExplainArgs) -> Result<(), Failure> {
    let reads = cx.reads()?;
    let source = lookup::topic(&reads, &args.topic)?.source;
    let expr = query::parse(&source).map_err(|e| {
        Failure::new(
            Exit::Internal,
            format!("the stored topic {:?}: {e}", args.topic),
        )
    })?;
    let id = lookup::story(&reads, &args.story)?;
    let story = reads
        .story(id)?
        .ok_or_else(|| Failure::missing(format!("the story {id} no longer exists")))?;
    let (copies, now) = (reads.copies(id)?, cx.clock.now());
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
        id: id.to_string(),
        title: story.title,
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
