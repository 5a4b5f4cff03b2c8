//! `newswire prune`, `backup`, `restore` and `verify`: looking after the store by hand. All but `restore` work beside the
//! daemon.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Failure};
use super::humanize::{bytes, count};
use super::json;
use crate::daemon::lock::{Lock, LockError};
use crate::daemon::{DaemonError, parts};
use crate::store::{self, Reads};

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

/// `newswire restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// A file written by `newswire backup`
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `newswire verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A backup to check instead of the store
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// As one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What `verify --json` prints.
#[derive(Serialize)]
struct Verified<'f> {
    #[serde(serialize_with = "json::path")]
    file: &'f Path,
    ok: bool,
    /// What is wrong, in lines.
    faults: &'f [String],
}

/// What `backup --json` prints.
#[derive(Serialize)]
struct Written<'f> {
    #[serde(serialize_with = "json::path")]
    file: &'f Path,
    bytes: u64,
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
        let (file, bytes) = (&args.file, size);
        return cx.out.json(&Written { file, bytes });
    }
    cx.out.note(&format!(
        "wrote {} ({}); `newswire verify {}` checks it, `newswire restore` uses it",
        args.file.display(),
        bytes(size),
        args.file.display()
    ));
    Ok(())
}

/// Runs `newswire restore`.
pub fn restore(cx: &mut Context, args: &RestoreArgs) -> Result<(), Failure> {
    let config = cx.config()?;
    let store = &config.store.path;
    parts::check_store_directory(&config)?;
    // A daemon that started meanwhile would write into the store that is being replaced.
    let _lock = Lock::take(store).map_err(|e| match e {
        LockError::Held { holder, .. } => Failure::new(
            Exit::Busy,
            format!(
                "a daemon uses this store (process {holder}); stop it, restore, then start it again"
            ),
        ),
        other => DaemonError::Lock(other).into(),
    })?;
    let restored = store::restore(&args.file, store, cx.clock.now())?;
    // Before the new store is opened: if it cannot be brought up to date, this says how to go back.
    if let Some(kept) = restored.kept {
        cx.out.note(&format!(
            "the store as it was is {}; delete it when you no longer need it",
            kept.display()
        ));
    }
    let opened = parts::open_store(&config, &cx.clock)?;
    let articles = opened.reads().status(cx.clock.now())?.articles;
    cx.out.note(&format!(
        "restored {} from {}: {}",
        store.display(),
        args.file.display(),
        count(articles, "article")
    ));
    Ok(())
}

/// Runs `newswire verify`.
pub fn verify(cx: &mut Context, args: &VerifyArgs) -> Result<(), Failure> {
    if let Some(file) = &args.file {
        return verify_backup(cx, file, args.json);
    }
    let config = cx.config()?;
    let found = cx.reads()?.verify()?;
    if args.json {
        return verified(cx, &config.store.path, &found);
    }
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

fn verified(cx: &mut Context, file: &Path, faults: &[String]) -> Result<(), Failure> {
    let ok = faults.is_empty();
    cx.out.json(&Verified { file, ok, faults })?;
    match ok {
        true => Ok(()),
        false => Err(Failure::Quiet(Exit::Store)),
    }
}

fn verify_backup(cx: &mut Context, file: &Path, is_json: bool) -> Result<(), Failure> {
    let (found, schema) = Reads::verify_backup(file)?;
    if is_json {
        return verified(cx, file, &found);
    }
    for line in &found {
        cx.out.line(line)?;
    }
    if !found.is_empty() {
        let faults = count(found.len(), "fault");
        return Err(Failure::new(
            Exit::Store,
            format!("{}: {faults} found; use another backup", file.display()),
        ));
    }
    cx.out
        .line(&format!("{} is whole (schema {schema})", file.display()))
}
