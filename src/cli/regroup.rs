//! `newswire split` and `newswire join`: what a user decides about stories where the rules were wrong. The store does it; here is how
//! stories and copies are named, and what is said.

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
    /// The story: its id or the beginning of it, or the URL of a copy. It keeps its id
    #[arg(value_name = "STORY")]
    pub story: String,
    /// The copies that leave it: their ids or the beginnings of them, or their URLs. They make one new story
    #[arg(value_name = "COPY", required_unless_present = "each")]
    pub copies: Vec<String>,
    /// Each copy makes a story of its own; without COPY, all but the first do
    #[arg(long)]
    pub each: bool,
    #[command(flatten)]
    pub how: How,
}

/// `newswire join`.
#[derive(Debug, Args)]
pub struct JoinArgs {
    /// The stories: their ids or the beginnings of them, or URLs of copies. The oldest keeps its id; the other ids lead to it
    #[arg(value_name = "STORY", required = true, num_args = 2..)]
    pub stories: Vec<String>,
    #[command(flatten)]
    pub how: How,
}

/// What both take.
#[derive(Debug, Args)]
pub struct How {
    /// Only tell what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// As one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Told<'t> {
    decision: &'static str,
    /// False if it was so before.
    changed: bool,
    dry_run: bool,
    /// The story that keeps its id, then the new ones.
    stories: &'t [RegroupOutcome],
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
    let wanted = Regroup::Split {
        story,
        copies,
        each: args.each,
    };
    let (stories, changed) = done(&store, story, wanted, args.how.dry_run)?;
    let new = stories.get(1..).unwrap_or_default();
    let copies: u64 = new.iter().map(|s| s.copies).sum();
    let what = match (new, changed) {
        (_, false) => "already split; nothing to do".to_owned(),
        ([_], true) => {
            let copies = count(copies, "copy");
            match args.how.dry_run {
                true => format!("{copies} would make a new story"),
                false => format!("split: {copies} in a new story"),
            }
        }
        (new, true) => {
            let stories = count(new.len(), "copy");
            match args.how.dry_run {
                true => format!("{stories} would make a story each"),
                false => format!("split: {stories} in a story each"),
            }
        }
    };
    tell(cx, "split", &args.how, &what, changed, &stories)
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
    let wanted = Regroup::Join(stories);
    let (stories, changed) = done(&store, first, wanted, args.how.dry_run)?;
    let what = match (changed, args.how.dry_run) {
        (false, _) => "already one story; nothing to do".to_owned(),
        (true, true) => format!("{joined} would become one"),
        (true, false) => format!("joined {joined}"),
    };
    tell(cx, "join", &args.how, &what, changed, &stories)
}

/// Has it done; the stories, and whether anything changed.
fn done(
    store: &Store,
    story: StoryId,
    wanted: Regroup,
    is_trial: bool,
) -> Result<(Vec<RegroupOutcome>, bool), Failure> {
    let stories = match store.regroup(wanted, is_trial)? {
        Regrouped::Done(stories) => (stories, true),
        Regrouped::Already(stories) => (stories, false),
        Regrouped::Gone(id) => {
            let message = format!("no story or copy has the id {id} any more");
            return Err(Failure::missing(message));
        }
        Regrouped::NotACopy(copy, of) => {
            return Err(Failure::missing(format!(
                "the copy {copy} is not one of the story {story}: it belongs to {of}"
            )));
        }
        Regrouped::NothingStays => return Err(nothing_stays(store.reads(), story)?),
        Regrouped::TooLarge { copies, most } => {
            let message = format!(
                "the stories have {} together; a story can have {most}",
                count(copies, "copy")
            );
            return Err(Failure::new(Exit::Failed, message));
        }
    };
    if !is_trial {
        store.settle_topics()?; // topics that count copies are right when this ends
    }
    Ok(stories)
}

fn nothing_stays(reads: &Reads, story: StoryId) -> Result<Failure, Failure> {
    let copies = reads.copies(story)?.len();
    Ok(Failure::usage(if copies > 1 {
        format!(
            "these are all copies of the story {story}: leave out those that stay, or give --each"
        )
    } else {
        format!("the story {story} has one copy: there is nothing to split")
    }))
}

fn tell(
    cx: &mut Context,
    decision: &'static str,
    how: &How,
    what: &str,
    changed: bool,
    stories: &[RegroupOutcome],
) -> Result<(), Failure> {
    if how.json {
        return cx.out.json(&Told {
            decision,
            changed,
            dry_run: how.dry_run,
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
