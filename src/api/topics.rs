//! The topics with their counts: the objects of `newswire topics --json`. Their number is that of the configuration, so that one
//! page has them all.

use schemars::JsonSchema;
use serde::Serialize;

use super::error::ApiError;
use crate::merged::PageMemory;
use crate::store::{Reads, TopicInfo};

/// All topics.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct TopicPage {
    /// The topics, by name.
    pub topics: Vec<TopicInfo>,
}

impl TopicPage {
    /// Reads the topics.
    ///
    /// # Errors
    /// [`ApiError`].
    pub fn load(reads: &Reads, memory: &mut impl PageMemory) -> Result<Self, ApiError> {
        let topics = reads.topics()?;
        memory.grow(topics.iter().map(TopicInfo::memory).sum())?;
        Ok(Self { topics })
    }
}
