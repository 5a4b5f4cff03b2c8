//! `newswire split` and `newswire join`: manual corrections to the grouping of copies into stories. The decisions are applied by
//! the store; this file resolves the arguments and prints the result.

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Failure};
use super::humanize::count;
use super::lookup;
use crate::model::StoryId;
use crate::store::{Reads, Regroup, RegroupOutcome, Regrouped, Store};

/// `newswire split`.
#[derive(Debug, Args)]
pub struct SplitArgs {
    /// Story to split: its id or the first characters of it, or the URL of a copy. It keeps its id
    #[arg(value_name = "STORY")]
    pub story: String,
    /// Copies to split off: their ids or the first characters of them, or their URLs. They become one new story
    #[arg(value_name = "COPY", required_unless_present = "each")]
    pub copies: Vec<String>,
    /// Make each copy a story of its own; without COPY, all copies but the first
    #[arg(long)]
    pub each: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `newswire join`.
#[derive(Debug, Args)]
pub struct JoinArgs {
    /// Stories to join: their ids or the first characters of them, or URLs of copies. The oldest keeps its id; the other ids
    /// lead to it
    #[arg(value_name = "STORY", required = true, num_args = 2..)]
    pub stories: Vec<String>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// The options of both.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Show what would be done, without doing it
    #[arg(long)]
    pub dry_run: bool,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

/// The output of `--json`.
#[derive(Serialize)]
struct RegroupResult<'r> {
    decision: &'static str,
    /// False if the stories were already so.
    changed: bool,
    dry_run: bool,
    /// The story that keeps its id, then the new ones.
    stories: &'r [RegroupOutcome],
}

/// Runs `newswire split`.
pub fn split(cx: &mut Context, args: &SplitArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    let store = cx.existing_store(&config)?;
    let reads = store.reads();
    let story = lookup::story(reads, &args.story)?;
    let mut copies = Vec::with_capacity(args.copies.len());
    for given in &args.copies {
        copies.push(lookup::copy(reads, story, given)?);
    }
    if copies.is_empty() {
        copies.extend(reads.copies(story)?.iter().map(|copy| copy.id));
    }
    let change = Regroup::Split {
        story,
        copies,
        each: args.each,
    };
    let (stories, changed) = regroup(&store, story, change, args.output.dry_run)?;
    let new = stories.get(1..).unwrap_or_default();
    let copies: u64 = new.iter().map(|s| s.copies).sum();
    let what = match (new, changed) {
        (_, false) => "already split; nothing to do".to_owned(),
        ([_], true) => {
            let copies = count(copies, "copy");
            match args.output.dry_run {
                true => format!("would split {copies} off into a new story"),
                false => format!("split {copies} off into a new story"),
            }
        }
        (new, true) => {
            let stories = count(new.len(), "copy");
            match args.output.dry_run {
                true => format!("would split {stories} off into a story each"),
                false => format!("split {stories} off into a story each"),
            }
        }
    };
    print_result(cx, "split", &args.output, &what, changed, &stories)
}

/// Runs `newswire join`.
pub fn join(cx: &mut Context, args: &JoinArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    let store = cx.existing_store(&config)?;
    let mut stories = Vec::with_capacity(args.stories.len());
    for given in &args.stories {
        let story = lookup::story(store.reads(), given)?;
        if !stories.contains(&story) {
            stories.push(story);
        }
    }
    let joined = count(stories.len(), "story");
    let Some(first) = stories.first().copied() else {
        return Err(Failure::usage("name the stories to join"));
    };
    let change = Regroup::Join(stories);
    let (stories, changed) = regroup(&store, first, change, args.output.dry_run)?;
    let what = match (changed, args.output.dry_run) {
        (false, _) => "already one story; nothing to do".to_owned(),
        (true, true) => format!("would join {joined} into one"),
        (true, false) => format!("joined {joined} into one"),
    };
    print_result(cx, "join", &args.output, &what, changed, &stories)
}

/// Applies the change; returns the stories, and whether anything changed.
fn regroup(
    store: &Store,
    story: StoryId,
    change: Regroup,
    is_trial: bool,
) -> Result<(Vec<RegroupOutcome>, bool), Failure> {
    let stories = match store.regroup(change, is_trial)? {
        Regrouped::Done(stories) => (stories, true),
        Regrouped::Already(stories) => (stories, false),
        Regrouped::Gone(id) => {
            let message = format!("the story or copy {id} no longer exists");
            return Err(Failure::missing(message));
        }
        Regrouped::NotACopy(copy, of) => {
            return Err(Failure::missing(format!(
                "the copy {copy} does not belong to the story {story}, but to {of}"
            )));
        }
        Regrouped::NothingStays => return Err(nothing_stays(store.reads(), story)?),
        Regrouped::TooLarge { copies, most } => {
            let message = format!(
                "the stories have {} in total; a story can have at most {most}",
                count(copies, "copy")
            );
            return Err(Failure::new(Exit::Failed, message));
        }
    };
    if !is_trial {
        store.settle_topics()?; // so that topics with copies>= are up to date when the command ends
    }
    Ok(stories)
}

fn nothing_stays(reads: &Reads, story: StoryId) -> Result<Failure, Failure> {
    let copies = reads.copies(story)?.len();
    Ok(Failure::usage(if copies > 1 {
        format!(
            "these are all the copies of the story {story}; name only those to split off, or use --each"
        )
    } else {
        format!("the story {story} has only one copy; there is nothing to split")
    }))
}

fn print_result(
    cx: &mut Context,
    decision: &'static str,
    output: &OutputArgs,
    what: &str,
    changed: bool,
    stories: &[RegroupOutcome],
) -> Result<(), Failure> {
    if output.json {
        return cx.out.json(&RegroupResult {
            decision,
            changed,
            dry_run: output.dry_run,
            stories,
        });
    }
    cx.out.note(what);
    for story in stories {
        cx.out.line(&format!(
            "{}  {} ({})",
            story.id,
            story.title,
            count(story.copies, "copy")
        ))?;
    }
    Ok(())
}
