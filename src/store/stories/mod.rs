//! Stories: which copies are one, by the rules of `dedup` and by the user's decisions.

pub(super) mod copies;
pub(super) mod copy_keys;
pub(super) mod decisions;
pub(super) mod grouping;
pub(super) mod refresh;
pub(super) mod regroup;
pub(super) mod representative;
pub(super) mod story_ids;
pub(super) mod story_views;
pub(super) mod top;
pub(super) mod walk;
