//! Where a follower stands, and whether it can go on from there. A cursor that cannot is an error that says what to do: changes
//! are never left out silently.

use std::fmt;

use rusqlite::Connection;
use serde::{Serialize, Serializer};

use crate::model::Seq;
use crate::store::sql::Sql;

/// The history that sequences belong to: 16 hexadecimal digits. A store gets another one when it is restored from a backup, for
/// the sequences after that are given a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch(u64);

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
        "the store was restored from a backup since: its epoch is {0}; start again with --after 0 (in the API after=0)"
    )]
    OtherEpoch(Epoch),
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
        "removals up to sequence {floor} are no longer kept (30 days), so that what follows {after} is not complete; \
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
    pub(super) epoch: Epoch,
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
            epoch: Epoch(r.get::<_, i64>(0)?.cast_unsigned()),
            sequence: r.get(1)?,
            floor: r.get(2)?,
        })
    })
}

impl State {
    pub(super) fn check(&self, cursor: Cursor) -> Result<(), CursorError> {
        let after = cursor.seq;
        if after == Seq::default() {
            return Ok(());
        }
        if cursor.epoch.is_some_and(|epoch| epoch != self.epoch) {
            return Err(CursorError::OtherEpoch(self.epoch));
        }
        if after > self.sequence {
            let sequence = self.sequence;
            return Err(CursorError::NotReached { after, sequence });
        }
        if after < self.floor {
            let floor = self.floor;
            return Err(CursorError::TooOld { after, floor });
        }
        Ok(())
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
        write!(f, "{:016x}", self.0)
    }
}

impl std::str::FromStr for Epoch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_hex = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let value = is_hex.then(|| u64::from_str_radix(text, 16).ok()).flatten();
        value
            .map(Self)
            .ok_or_else(|| "expected 16 hexadecimal digits: the \"epoch\" of a change".to_owned())
    }
}

impl Serialize for Epoch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
