//! Notifications that wait to be sent, and what their targets know. Decided from the sequence of stories: events and the cursor are
//! written in one transaction, so that a kill at any moment loses no event and makes none twice. What an event contains is read from
//! the store when it is sent. Never contacts a target.

mod commands;
pub(super) mod digests;
pub(super) mod events;
pub(super) mod planning;
pub(super) mod targets;
pub(super) mod upkeep;
