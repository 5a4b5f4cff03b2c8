//! `newswire explain`: for each copy of a story its identity, its canonical URL, why it belongs to the story, the most similar
//! copy of another story, and the topics with the words that matched.

mod explanation;
mod print;

use clap::Args;

use explanation::{Explainer, Explanation};

use super::context::Context;
use super::exit::Failure;
use super::lookup;
use crate::store::{DedupSettings, Reads};

/// `newswire explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Id of a story or copy or its first characters, or URL of a copy
    #[arg(value_name = "ID|URL")]
    pub story: String,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

/// Runs `newswire explain`.
pub fn explain(cx: &mut Context, args: &ExplainArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    let reads = Reads::open(&config.store.path)?;
    let story = lookup::story_view(&reads, &args.story)?;
    let copies = reads.copies(story.id)?;
    let explainer = Explainer {
        now: cx.clock.now(),
        topics: reads.topics()?,
        dedup: DedupSettings {
            window: config.dedup.window,
            near: config.dedup.near,
        },
        copies: &copies,
        reads,
    };
    let copies = copies
        .iter()
        .map(|copy| explainer.explained(copy))
        .collect::<Result<Vec<_>, Failure>>()?;
    let explanation = Explanation {
        id: story.id.to_string(),
        title: story.content.title,
        copies,
    };
    if args.json {
        return cx.out.json(&explanation);
    }
    print::print(cx, &explanation)
}
