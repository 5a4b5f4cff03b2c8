//! From a document to the store: which of its items are known, and the drafts of the others made ready to be written.

pub(super) mod committing;
pub(super) mod known;
pub(super) mod listing;
pub(super) mod poll_commit;
pub(super) mod prepare;
pub(super) mod recording;
