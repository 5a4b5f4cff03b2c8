//! WebSub subscriptions: which hub tells of which feed, and the commands that change them.

mod commands;
pub(super) mod websub;
