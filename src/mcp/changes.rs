//! The call that follows the changes of the store: those of stories, from a cursor on. A cursor is the epoch of the store and a
//! sequence, so that one of a store that was replaced is refused and never silently wrong.

use super::arguments::Arguments;
use super::error::ToolError;
use super::objects::{Changed, Room, Story, StoryChange, notice, word};
use crate::merged::PageMemory;
use crate::model::Seq;
use crate::store::{ChangeOf, Changes, Cursor, CursorError, Epoch, Reads};

/// Number of changes read at once; those of articles are passed over.
const READ_AT_ONCE: usize = 100;

/// How often is read for one call: a bound on its time, not on what a follower gets.
const READS_MAX: usize = 20;

/// From where on changes are returned.
#[derive(Debug)]
pub struct ChangesQuery {
    /// `None`: from now on.
    after: Option<Cursor>,
    limit: usize,
}

impl ChangesQuery {
    /// Reads the arguments.
    ///
    /// # Errors
    /// [`ToolError::Wrong`].
    pub fn read(given: &Arguments) -> Result<Self, ToolError> {
        let wrong = || {
            let message = "cursor: not a cursor of changes_since; leave it out to begin now, or give 0 for everything";
            ToolError::Wrong(message.to_owned())
        };
        let after = given
            .text("cursor")
            .map(|text| decode(text).ok_or_else(wrong));
        Ok(Self {
            after: after.transpose()?,
            limit: given.number("limit")?,
        })
    }

    /// The changes.
    ///
    /// # Errors
    /// [`ToolError`], also for a cursor that cannot be followed in this store.
    pub fn run(&self, reads: &Reads, memory: &mut impl PageMemory) -> Result<Changed, ToolError> {
        let Some(mut cursor) = self.after else {
            return now(reads);
        };
        let (mut changes, mut room) = (Vec::new(), Room::default());
        for _ in 0..READS_MAX {
            let page = page(reads, cursor, READ_AT_ONCE)?;
            cursor.epoch = Some(page.epoch);
            for change in page.changes {
                if change.of == ChangeOf::Story {
                    let shown = StoryChange {
                        change: word(&change.change),
                        id: change.id.to_string(),
                        story: change.story.as_deref().map(Story::from),
                        into: change.into.map(|id| id.to_string()),
                    };
                    memory.grow(change.story.as_ref().map_or(0, |story| story.memory()))?;
                    if changes.len() == self.limit || !room.takes(&shown) {
                        return Ok(changed(changes, cursor, true));
                    }
                    changes.push(shown);
                }
                cursor.seq = change.seq;
            }
            cursor.seq = page.last;
            if !page.more {
                return Ok(changed(changes, cursor, false));
            }
        }
        Ok(changed(changes, cursor, true))
    }
}

/// No change, and the cursor of now.
fn now(reads: &Reads) -> Result<Changed, ToolError> {
    let cursor = Cursor {
        seq: reads.sequence()?,
        epoch: None,
    };
    let page = page(reads, cursor, 1)?;
    let epoch = Some(page.epoch);
    Ok(changed(Vec::new(), Cursor { epoch, ..cursor }, false))
}

fn page(reads: &Reads, cursor: Cursor, limit: usize) -> Result<Changes, ToolError> {
    let read = reads.changes(cursor, limit, false)?;
    read.map_err(|e| {
        let reason = match e {
            CursorError::OtherEpoch => "the store was restored from a backup since",
            CursorError::NotReached { .. } => "it is of another store, or the store was restored",
            CursorError::TooOld { .. } => "it is so old that removals after it are no longer known",
        };
        ToolError::Wrong(format!(
            "cursor: cannot be followed: {reason}; give 0 for everything, or leave it out to begin now"
        ))
    })
}

fn changed(changes: Vec<StoryChange>, cursor: Cursor, more: bool) -> Changed {
    Changed {
        notice: notice(),
        changes,
        cursor: encode(cursor),
        more,
    }
}

fn encode(cursor: Cursor) -> String {
    match cursor.epoch {
        Some(epoch) => format!("{epoch}-{}", cursor.seq),
        None => cursor.seq.to_string(),
    }
}

fn decode(text: &str) -> Option<Cursor> {
    let (epoch, seq) = match text.rsplit_once('-') {
        Some((epoch, seq)) => (Some(epoch.parse::<Epoch>().ok()?), seq),
        None => (None, text),
    };
    let is_number = !seq.is_empty() && seq.bytes().all(|b| b.is_ascii_digit());
    let seq = Seq::new(seq.parse().ok().filter(|_| is_number)?);
    Some(Cursor { seq, epoch })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_encoding_and_anything_else_is_refused() {
        let cursor = decode("00000000000000ff-3-12").unwrap();
        assert_eq!(encode(cursor), "00000000000000ff-3-12");
        assert_eq!(
            decode("0").map(|c| (c.seq, c.epoch)),
            Some((Seq::new(0), None))
        );
        for bad in [
            "",
            "-",
            "x",
            "-5",
            "+5",
            "0xff-1-1",
            "00000000000000ff-1-",
            "1 ",
            "٥",
        ] {
            assert!(decode(bad).is_none(), "{bad}");
        }
    }
}
