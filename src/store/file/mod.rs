//! The file of a store: where it is, who owns it, how it is opened, and the versions of its schema.

pub(super) mod copying;
pub(super) mod migrating;
pub(super) mod opening;
pub(super) mod owner;
pub(super) mod place;
