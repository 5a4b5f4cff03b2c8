//! Finds what an argument names: feeds ([`feed`], [`feeds`], [`filed`]), stories and copies ([`story`], [`story_view`], [`copy`]), and topics. An id, a
//! URL or a unique part is enough.

mod of_feeds;
mod of_stories;

pub use of_feeds::{feed, feeds, filed};
pub use of_stories::{copy, story, story_view};

use super::exit::{Exit, Failure};
use crate::store::{Reads, TopicHead};
use crate::text::nearest::nearest;

/// Length of the ids shown in tables, in characters.
pub const SHORT_ID_CHARS: usize = 8;

/// Maximum number of candidates listed for an ambiguous argument.
const CANDIDATES: usize = 10;

/// The stored topic of that name.
///
/// # Errors
/// Exit 66, with the most similar name.
pub fn topic(reads: &Reads, name: &str) -> Result<TopicHead, Failure> {
    let topics = reads.topic_heads()?;
    let names: Vec<&str> = topics.iter().map(|t| t.name.as_str()).collect();
    let hint = nearest(name, names.iter().copied()).map_or_else(
        || "see `newswire topics`".to_owned(),
        |near| format!("did you mean {near:?}?"),
    );
    topics
        .into_iter()
        .find(|t| t.name == name)
        .ok_or_else(|| Failure::missing(format!("there is no topic {name:?}; {hint}")))
}

/// The first characters of an id, as shown in tables.
pub fn short(id: &str) -> &str {
    id.get(..SHORT_ID_CHARS).unwrap_or(id)
}

fn ambiguous(what: &str, given: &str, candidates: impl Iterator<Item = String>) -> Failure {
    let mut lines: Vec<String> = candidates.map(|c| format!("  {c}")).collect();
    if lines.len() > CANDIDATES {
        lines.truncate(CANDIDATES);
        lines.push("  and more".to_owned());
    }
    Failure::Message(
        Exit::Usage,
        format!(
            "more than one {what} matches {given:?}:\n{}",
            lines.join("\n")
        ),
    )
}
