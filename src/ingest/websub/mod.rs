//! WebSub as subscriber (ET-50, ET-51), if a public callback is configured. Hubs that feeds name are asked to push, and what
//! they push is stored like what a poll brings. Only our own secrets are trusted: paths cannot be guessed, and pushes without a
//! valid signature are discarded.

mod callbacks;
pub(super) mod offer;
mod pushes;
mod signature;
mod subscriptions;
