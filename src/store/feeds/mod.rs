//! Subscriptions: making and changing them, how they are doing, and what is known of their texts.

pub(super) mod activity;
pub(super) mod archives;
pub(super) mod commands;
pub(super) mod events;
pub(super) mod feed_settings;
pub(super) mod feed_views;
pub(super) mod health;
pub(super) mod outlines;
pub(super) mod paragraphs;
pub(super) mod plans;
pub(super) mod secrets;
pub(super) mod subscriptions;
