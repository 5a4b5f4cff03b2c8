//! The stories printed most, read with their rank: for pages, feeds, the command and programs.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;

use super::error::MergedError;
use super::memory::PageMemory;
use crate::model::{Rank, StoryView, Time};
use crate::store::{Reads, Selection, Walk};

/// The name of the list in addresses, which no topic may have.
pub const NAME: &str = "top";

/// The stories that count if no other time is given: those of a day.
const DAY: Duration = Duration::from_secs(24 * 3600);

const HOUR_MS: i64 = 3_600_000;

/// A story, and why it has its place.
#[derive(Debug, Clone, Serialize)]
pub struct RankedStory {
    /// The story.
    #[serde(flatten)]
    pub story: StoryView,
    /// Its rank.
    pub rank: Rank,
}

/// The selected stories that two sites or more carry, the highest rank first ([`Reads::top`]). Without `since`, those of the last day,
/// counted from the last full hour. The memory of each story is reserved before the next one is read.
///
/// # Errors
/// [`MergedError::NoMemory`], or the store's error.
pub fn top(
    reads: &Reads,
    selection: &Selection,
    memory: &mut impl PageMemory,
) -> Result<Vec<RankedStory>, MergedError> {
    let since = selection
        .since
        .unwrap_or(start_of_hour(selection.now).minus(DAY));
    let ranked = reads.top(&Selection {
        since: Some(since),
        ..selection.clone()
    })?;
    let rows: Vec<_> = ranked.iter().map(|r| r.row).collect();
    let ranks: HashMap<_, _> = ranked.iter().map(|r| (r.id, r.rank)).collect();
    let (mut found, mut reserved) = (Vec::with_capacity(rows.len()), Ok(()));
    reads.each_story(
        selection.topic.as_deref(),
        &rows,
        selection.bodies,
        |story| {
            reserved = memory.grow(story.memory());
            if reserved.is_err() {
                return Walk::Break(());
            }
            if let Some(&rank) = ranks.get(&story.id) {
                found.push(RankedStory { story, rank });
            }
            Walk::Continue(())
        },
    )?;
    reserved?;
    Ok(found)
}

/// The full hour before a moment.
pub fn start_of_hour(t: Time) -> Time {
    Time::from_millis(t.millis() - t.millis().rem_euclid(HOUR_MS))
}
