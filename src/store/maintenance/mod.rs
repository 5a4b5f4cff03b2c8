//! What keeps the store small, whole and correct: retention, backups, the log, and times after the clock was set.

pub(super) mod clock_set;
mod commands;
pub(super) mod idle;
pub(super) mod log;
pub(super) mod prune;
pub(super) mod restore;
pub(super) mod verify;
