//! `newswire prune`, `backup` and `verify`: looking after the store by hand. All of them work beside the daemon.

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::exit::{Exit, Failure};
use super::human::{bytes, count};

/// `newswire prune`.
#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Only tell what would go
    #[arg(long)]
    pub dry_run: bool,
    /// As one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `newswire backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The new file; nothing is overwritten
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// As one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Runs `newswire prune`.
pub fn prune(cx: &mut Context, args: &PruneArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    let (keep, most) = (config.store.keep.limit(), config.store.keep_max_per_feed);
    // A dry run puts nothing in force.
    let pruned = if args.dry_run {
        cx.reads()?.prunable(keep, most, cx.clock.now())?
    } else {
        cx.existing_store(&config)?.prune(keep, most, false)?
    };
    if args.json {
        return cx.out.json(&pruned);
    }
    let would = if args.dry_run {
        "would remove"
    } else {
        "removed"
    };
    cx.out.line(&format!(
        "{would} {}, and {} with them",
        count(pruned.articles, "article"),
        count(pruned.stories, "story")
    ))
}

/// Runs `newswire backup`.
pub fn backup(cx: &mut Context, args: &BackupArgs) -> Result<(), Failure> {
    cx.reads()?.backup(&args.file)?;
    let size = std::fs::metadata(&args.file).map_or(0, |m| m.len());
    if args.json {
        return cx
            .out
            .json(&serde_json::json!({ "file": args.file, "bytes": size }));
    }
    cx.out.note(&format!(
        "wrote {} ({}); `newswire --db {} verify` checks it",
        args.file.display(),
        bytes(size),
        args.file.display()
    ));
    Ok(())
}

/// Runs `newswire verify`.
pub fn verify(cx: &mut Context) -> Result<(), Failure> {
    let config = cx.config()?;
    let found = cx.reads()?.verify()?;
    if found.is_empty() {
        return cx
            .out
            .line(&format!("{} is whole", config.store.path.display()));
    }
    for line in &found {
        cx.out.line(line)?;
    }
    Err(Failure::new(
        Exit::Store,
        format!(
            "store {}: {} found; stop the daemon, keep the file, restore a `newswire backup` or start a new one",
            config.store.path.display(),
            count(found.len(), "fault")
        ),
    ))
}
