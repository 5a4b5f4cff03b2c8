//! Where a follower stands, and whether it can go on from there. A cursor that cannot is an error that says what to do: changes
//! are never left out silently.

use std::fmt;

use rusqlite::Connection;
use serde::{Serialize, Serializer};

use crate::model::Seq;
use crate::store::sql::Sql;

/// The history that sequences belong to, and since when a follower has read it: 16 hexadecimal digits, `-`, and the last sequence
/// when the follower began. A store gets another history when it is restored from a backup, for the sequences after that are given
/// a second time. A follower that began after the removals which are no longer kept has missed none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    history: u64,
    start: Seq,
}

/// Where a follower stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The last sequence that it knows; 0 for nothing.
    pub seq: Seq,
    /// The epoch of that sequence; `None` if the follower does not say.
    pub epoch: Option<Epoch>,
}

/// Why a cursor cannot be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// The store was restored since.
    #[error(
        "the store was restored from a backup since; start again with --after 0 (in the API after=0)"
    )]
    OtherEpoch,
    /// The sequence was not given yet.
    #[error(
        "sequence {after} is not reached yet, the last one is {sequence}: the store is another one or was restored; \
         start again with --after 0 (in the API after=0)"
    )]
    NotReached {
        /// The cursor.
        after: Seq,
        /// The last sequence of the store.
        sequence: Seq,
    },
    /// Removals after the cursor are no longer known.
    #[error(
        "removals up to sequence {floor} are no longer kept, so that what follows {after} is not complete; \
         start again with --after 0 (in the API after=0)"
    )]
    TooOld {
        /// The cursor.
        after: Seq,
        /// The highest sequence of a removal that is no longer known.
        floor: Seq,
    },
}

/// What the store says of its sequences.
pub(super) struct State {
    history: u64,
    pub(super) sequence: Seq,
    floor: Seq,
}

pub(super) fn state(conn: &Connection) -> Sql<State> {
    conn.prepare_cached(
        "SELECT (SELECT value FROM meta WHERE key = 'epoch'),
           coalesce((SELECT value FROM meta WHERE key = 'sequence'), 0),
           coalesce((SELECT value FROM meta WHERE key = 'removals_floor'), 0)",
    )?
    .query_row([], |r| {
        Ok(State {
            history: r.get::<_, i64>(0)?.cast_unsigned(),
            sequence: r.get(1)?,
            floor: r.get(2)?,
        })
    })
}

impl State {
    /// The epoch of a follower that begins now.
    pub(super) fn epoch(&self) -> Epoch {
        Epoch {
            history: self.history,
            start: self.sequence,
        }
    }

    /// The epoch with which a follower goes on from this cursor.
    pub(super) fn check(&self, cursor: Cursor) -> Result<Epoch, CursorError> {
        let after = cursor.seq;
        if after == Seq::default() {
            return Ok(self.epoch());
        }
        let epoch = cursor.epoch.unwrap_or(Epoch {
            history: self.history,
            start: after,
        });
        if epoch.history != self.history {
            return Err(CursorError::OtherEpoch);
        }
        let after = after.max(epoch.start);
        if after > self.sequence {
            let sequence = self.sequence;
            return Err(CursorError::NotReached { after, sequence });
        }
        if after < self.floor {
            let floor = self.floor;
            return Err(CursorError::TooOld { after, floor });
        }
        Ok(epoch)
    }
}

/// Gives a store that was restored another epoch. One of an older schema gets its first when it is brought up to date.
pub(in crate::store) fn renew_epoch(conn: &Connection) -> Sql<()> {
    conn.execute(
        "UPDATE meta SET value = (value + 1 + abs(random() / 4)) & 9223372036854775807 WHERE key = 'epoch'",
        [],
    )?;
    Ok(())
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.history, self.start)
    }
}

impl std::str::FromStr for Epoch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (history, start) = text.split_once('-')?;
            let is_hex = history.len() == 16 && history.bytes().all(|b| b.is_ascii_hexdigit());
            Some(Self {
                history: u64::from_str_radix(history, 16).ok().filter(|_| is_hex)?,
                start: start.parse().ok().filter(|n| *n >= 0).map(Seq::new)?,
            })
        };
        read().ok_or_else(|| "expected the \"epoch\" of a change".to_owned())
    }
}

impl Serialize for Epoch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
