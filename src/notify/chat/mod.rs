//! Messages to services that people read: several stories in one message, within the limits that each service documents. What comes
//! from publishers is text there: it can neither mention anyone nor add markup.

pub mod apprise;
pub mod discord;
pub mod entry;
pub mod matrix;
pub mod ntfy;
pub mod slack;
#[cfg(test)]
mod tests;

/// Maximum number of stories in a message. Discord allows ten embeds.
pub const STORIES_MAX: usize = 10;
