//! `newswire dedup decisions`: the manual splits and joins, as labels for `newswire dedup test`.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use crate::cli::context::Context;
use crate::cli::exit::Failure;
use crate::cli::terminal_escape;
use crate::model::Time;
use crate::store::{Decided, DecisionKind};

/// `newswire dedup decisions`.
#[derive(Debug, Args)]
pub struct DecisionsArgs {
    /// Print one JSON object per decision, with its time and its sides
    #[arg(long)]
    pub json: bool,
}

/// The output of `dedup decisions --json`.
#[derive(Serialize)]
struct Decision {
    decision: i64,
    kind: DecisionKind,
    at: Time,
    copies: Vec<Decided>,
}

/// Runs `newswire dedup decisions`.
pub fn decisions(cx: &mut Context, args: &DecisionsArgs) -> Result<(), Failure> {
    let decided = cx.reads()?.decisions()?;
    if args.json {
        let same = |a: &Decided, b: &Decided| a.decision == b.decision;
        for copies in decided.chunk_by(same) {
            let Some(first) = copies.first() else {
                continue;
            };
            cx.out.json(&Decision {
                decision: first.decision,
                kind: first.kind,
                at: first.at,
                copies: copies.to_vec(),
            })?;
        }
        return Ok(());
    }
    if decided.is_empty() {
        cx.out.note("there are no manual splits or joins");
        return Ok(());
    }
    cx.out.raw(b"# copy\tstory\tfeed: headline\n")?;
    let copies: BTreeMap<_, _> = decided.iter().map(|d| ((d.story, d.id), d)).collect();
    for ((story, id), copy) in copies {
        let about = terminal_escape::line(&format!("{}: {}", copy.feed_title, copy.title))
            .replace('\t', " ");
        cx.out.raw(format!("{id}\t{story}\t{about}\n").as_bytes())?;
    }
    Ok(())
}
