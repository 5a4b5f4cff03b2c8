//! `newswire dedup test`: how other settings would change the stories, and how well stories agree with labels.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{ArgAction, Args};
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::humanize::{count, point};
use crate::cli::labels::{self, Label, Score};
use crate::cli::lookup;
use crate::dedup::Changes;
use crate::model::{ArticleRow, ArticleView, StoryRow, Time, span};
use crate::store::{DedupSettings, Reads};

/// Maximum number of groups printed of each kind.
const SHOWN: usize = 10;

/// `newswire dedup test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Only copies first seen since TIME: 24h, 7d, yesterday, monday or a date [default: 7d; all copies with --labels]
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Compare with labels: a file with the id of a copy, a tab and the name of its story on each line; - for stdin
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// How long a story accepts new copies [default: dedup.window]
    #[arg(long, value_name = "SPAN", value_parser = span::parse)]
    pub window: Option<Duration>,
    /// Whether to join near copies, not only equal ones [default: dedup.near]
    #[arg(long, value_name = "BOOL", action = ArgAction::Set)]
    pub near: Option<bool>,
    /// Ignore manual splits and joins
    #[arg(long)]
    pub rules_only: bool,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

/// The output of `dedup test --json`.
#[derive(Serialize)]
struct Trial {
    since: Time,
    window_seconds: u64,
    near: bool,
    copies: usize,
    stories: usize,
    stories_then: usize,
    /// Stories that would be joined.
    joined: Vec<Vec<GroupLine>>,
    /// Stories that would be split: the first copy of each.
    parted: Vec<Vec<GroupLine>>,
    /// How well the stories agree with the labels, if labels were given.
    #[serde(skip_serializing_if = "Option::is_none")]
    agreement: Option<Agreement>,
}

/// How well the stories agree with labels, as stored and with the other settings.
#[derive(Serialize)]
struct Agreement {
    /// Labelled copies that are not stored or were first seen too long ago.
    unknown: usize,
    stored: Score,
    then: Score,
}

/// A story or a part of one, printed as one line.
#[derive(Serialize)]
struct GroupLine {
    id: String,
    arrived: Time,
    feed_title: String,
    title: String,
    copies: usize,
}

/// Runs `newswire dedup test`.
pub fn test(cx: &mut Context, args: &TestArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    let labels = args.labels.as_deref().map(read_labels).transpose()?;
    let since = match &args.since {
        Some(since) => point("--since", since, cx.clock.now())?,
        None if labels.is_some() => Time::from_millis(0),
        None => point("--since", "7d", cx.clock.now())?,
    };
    let settings = DedupSettings {
        window: args.window.unwrap_or(config.dedup.window),
        near: args.near.unwrap_or(config.dedup.near),
    };
    let reads = Reads::open(&config.store.path)?;
    let changes = reads.replay(settings, since, !args.rules_only)?;
    let joined = changes.joined.iter().map(|rows| stories(&reads, rows));
    let parted = changes.parted.iter().map(|(_, of)| parts(&reads, of));
    let trial = Trial {
        since,
        window_seconds: settings.window.as_secs(),
        near: settings.near,
        copies: changes.copies,
        stories: changes.stories,
        stories_then: changes.stories_then,
        joined: joined.collect::<Result<_, _>>()?,
        parted: parted.collect::<Result<_, _>>()?,
        agreement: labels
            .map(|labels| agreement(&reads, labels, &changes))
            .transpose()?,
    };
    if args.json {
        cx.out.json(&trial)
    } else {
        print(cx, &trial)
    }
}

fn read_labels(path: &Path) -> Result<Vec<Label>, Failure> {
    let text = match path.to_str() {
        Some("-") => std::io::read_to_string(std::io::stdin()),
        _ => std::fs::read_to_string(path),
    };
    let text =
        text.map_err(|e| Failure::missing(format!("cannot read {}: {e}", path.display())))?;
    labels::read(&text)
}

fn agreement(reads: &Reads, labels: Vec<Label>, changes: &Changes) -> Result<Agreement, Failure> {
    let all = labels.len();
    let mut labelled = Vec::with_capacity(all);
    for label in labels {
        let row = reads.article_row(label.0)?;
        labelled.extend(row.map(|row| (row, label)));
    }
    let stored = labels::score(&labelled, |row| Some(changes.stories_of.get(&row)?.0));
    let then = labels::score(&labelled, |row| Some(changes.stories_of.get(&row)?.1));
    Ok(Agreement {
        unknown: all - stored.copies,
        stored,
        then,
    })
}

fn print_agreement(cx: &mut Context, agreement: &Agreement) -> Result<(), Failure> {
    cx.out.line("")?;
    for (what, score) in [
        ("as stored", &agreement.stored),
        ("with these settings", &agreement.then),
    ] {
        let percent = |share: Option<f64>| {
            share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0))
        };
        cx.out.line(&format!(
            "Labels, {what}: precision {}, recall {}; {} right, {} wrong, {} missed",
            percent(score.precision),
            percent(score.recall),
            count(score.right, "pair"),
            score.wrong,
            score.missed
        ))?;
        let wrong = score.wrong_pairs.iter().map(|pair| ("wrong", pair));
        let missed = score.missed_pairs.iter().map(|pair| ("missed", pair));
        for (kind, [one, other]) in wrong.chain(missed) {
            cx.out.line(&format!("  {kind}  {one}  {other}"))?;
        }
    }
    if agreement.unknown > 0 {
        let copies = count(agreement.unknown, "labelled copy");
        cx.out.line(&format!("{copies} not found in the store"))?;
    }
    Ok(())
}

fn stories(reads: &Reads, rows: &[StoryRow]) -> Result<Vec<GroupLine>, Failure> {
    let stories = reads.stories_at(rows, false)?.into_iter();
    Ok(stories
        .map(|s| GroupLine {
            id: s.id.to_string(),
            arrived: s.arrived,
            feed_title: s.content.feed.title,
            title: s.content.title,
            copies: usize::try_from(s.copies).unwrap_or(usize::MAX),
        })
        .collect())
}

fn parts(reads: &Reads, parts: &[Vec<ArticleRow>]) -> Result<Vec<GroupLine>, Failure> {
    let mut lines = Vec::new();
    for part in parts {
        let first = part.get(..1).unwrap_or_default();
        let line = |a: ArticleView| GroupLine {
            id: a.id.to_string(),
            arrived: a.arrived,
            feed_title: a.content.feed.title,
            title: a.content.title,
            copies: part.len(),
        };
        lines.extend(reads.articles_at(first, false)?.into_iter().map(line));
    }
    Ok(lines)
}

fn print(cx: &mut Context, trial: &Trial) -> Result<(), Failure> {
    cx.out.line(&format!(
        "{} first seen since {}: {} now, {} with a window of {} and near copies {}",
        count(trial.copies, "copy"),
        cx.times.exact(trial.since),
        count(trial.stories, "story"),
        count(trial.stories_then, "story"),
        span::two_units(Duration::from_secs(trial.window_seconds)),
        if trial.near { "joined" } else { "not joined" }
    ))?;
    print_groups(cx, "Stories that would be joined", &trial.joined)?;
    print_groups(cx, "Stories that would be split", &trial.parted)?;
    match &trial.agreement {
        Some(agreement) => print_agreement(cx, agreement),
        None => Ok(()),
    }
}

fn print_groups(cx: &mut Context, what: &str, groups: &[Vec<GroupLine>]) -> Result<(), Failure> {
    if groups.is_empty() {
        return Ok(());
    }
    cx.out.line("")?;
    cx.out.line(&format!("{what} ({}):", groups.len()))?;
    for group in groups.iter().take(SHOWN) {
        for (n, line) in group.iter().enumerate() {
            cx.out.line(&format!(
                "{} {}  {}  {}: {} ({})",
                if n == 0 { "-" } else { " " },
                lookup::short(&line.id),
                cx.times.exact(line.arrived),
                line.feed_title,
                line.title,
                count(line.copies, "copy")
            ))?;
        }
    }
    if groups.len() > SHOWN {
        cx.out
            .line(&format!("  and {} more", groups.len() - SHOWN))?;
    }
    Ok(())
}
