//! Which stories and articles a selection means, and the word index.

pub(super) mod candidates;
pub(super) mod find;
pub(super) mod matcher;
pub(super) mod narrow;
pub(super) mod newest;
pub(super) mod plain;
pub(super) mod postings;
pub(super) mod reindex;
pub(super) mod selection;
pub(super) mod word_index;
