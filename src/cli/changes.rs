//! `newswire list --changes`: prints what changed, one JSON object a line, for programs that keep a copy of the store. Never
//! leaves a change out: a cursor that cannot be followed is an error.

use std::time::Duration;

use super::context::Context;
use super::exit::{Exit, Failure};
use super::interrupt::Stop;
use super::list_args::ListArgs;
use crate::api::ChangeLine;
use crate::store::{Changes, Cursor, CursorError, Reads};

/// Number of changes read at once.
const PAGE: usize = 200;

/// Interval at which `--follow` checks for new changes.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// Runs `newswire list --changes`.
pub fn run(cx: &mut Context, args: &ListArgs) -> Result<(), Failure> {
    let options = &args.options;
    let reads = cx.reads()?;
    let mut stop = options.follow.then(Stop::new).transpose()?;
    let mut left = options.limit.unwrap_or(usize::MAX);
    let mut printed = 0;
    let mut cursor = Cursor {
        seq: options.after.unwrap_or_default(),
        epoch: args.epoch,
    };
    loop {
        let changes = page(&reads, cursor, PAGE.min(left), options.full)?;
        for change in &changes.changes {
            let epoch = changes.epoch;
            cx.out.json(&ChangeLine { change, epoch })?;
        }
        printed += changes.changes.len();
        left -= changes.changes.len();
        cursor = Cursor {
            seq: changes.last,
            epoch: Some(changes.epoch),
        };
        if left == 0 {
            return Ok(());
        }
        if changes.more {
            continue;
        }
        let Some(stop) = &mut stop else {
            break;
        };
        cx.out.flush()?;
        loop {
            if stop.requested_within(FOLLOW_EVERY) {
                return Ok(());
            }
            if reads.sequence()? != cursor.seq {
                break;
            }
        }
    }
    match options.fail_empty && printed == 0 {
        true => Err(Failure::Quiet(Exit::Nothing)),
        false => Ok(()),
    }
}

fn page(reads: &Reads, after: Cursor, limit: usize, bodies: bool) -> Result<Changes, Failure> {
    let changes = reads.changes(after, limit, bodies)?;
    Ok(changes?)
}

impl From<CursorError> for Failure {
    fn from(e: CursorError) -> Self {
        Self::new(Exit::BadInput, e.to_string())
    }
}
