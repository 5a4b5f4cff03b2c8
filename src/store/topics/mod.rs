//! Topics: their definitions, and which articles and stories belong to them.

pub(super) mod backfill;
mod commands;
pub(super) mod definition;
pub(super) mod tagging;
