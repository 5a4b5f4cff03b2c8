//! `newswire prune`, `backup`, `restore` and `verify`: maintenance of the store. All except `restore` work while the daemon runs.

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
    /// Show what would be removed, without removing it
    #[arg(long)]
    pub dry_run: bool,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

/// `newswire backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// File to write; an existing file is not overwritten
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

/// `newswire restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// File written by `newswire backup`
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `newswire verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Backup to check instead of the store
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Print a JSON object
    #[arg(long)]
    pub json: bool,
}

/// The output of `verify --json`.
#[derive(Serialize)]
struct Verified<'f> {
    #[serde(serialize_with = "json::path")]
    file: &'f Path,
    ok: bool,
    /// The errors found, one line each.
    faults: &'f [String],
}

/// The output of `backup --json`.
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
    // A dry run does not open the store for writing, which would apply the configuration.
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
        "{would} {} and {}",
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
        "wrote {} ({}); `newswire verify {}` checks it, `newswire restore` restores it",
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
    // No daemon may start and write to the store while it is being replaced.
    let _lock = Lock::take(store).map_err(|e| match e {
        LockError::Held { holder, .. } => Failure::new(
            Exit::Busy,
            format!(
                "a daemon is using this store (process {holder}); stop it, restore, then start it again"
            ),
        ),
        other => DaemonError::Lock(other).into(),
    })?;
    let restored = store::restore(&args.file, store, cx.clock.now())?;
    // Printed before the new store is opened: if its migration fails, the user needs this to go back.
    if let Some(kept) = restored.kept {
        cx.out.note(&format!(
            "the previous store was kept as {}; delete it when you no longer need it",
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
            .line(&format!("{}: no errors found", config.store.path.display()));
    }
    for line in &found {
        cx.out.line(line)?;
    }
    Err(Failure::new(
        Exit::Store,
        format!(
            "store {}: {} found; stop the daemon, keep the file, then restore a backup or start with a new store",
            config.store.path.display(),
            count(found.len(), "error")
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
        let faults = count(found.len(), "error");
        return Err(Failure::new(
            Exit::Store,
            format!("{}: {faults} found; use another backup", file.display()),
        ));
    }
    cx.out.line(&format!(
        "{}: no errors found (schema {schema})",
        file.display()
    ))
}
