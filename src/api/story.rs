//! One story with its copies: the object of `newswire show --json`, its copies a page at a time.

use schemars::JsonSchema;
use serde::Serialize;

use super::error::{ApiError, BadParameter};
use super::parameters::{Parameters, number};
use crate::merged::{PAGE_BYTES_MAX, PageMemory};
use crate::model::{ArticleRow, ArticleView, StoryId, StoryView};
use crate::store::{Reads, Walk};

/// A story with its copies.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct StoryWithCopies {
    /// The story.
    #[serde(flatten)]
    pub story: StoryView,
    /// The copies, first seen first.
    pub articles: Vec<ArticleView>,
    /// The query of the next page of copies, with its `?`, for the same path; absent on the last page, and in the output of
    /// `newswire show`, which has all copies.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub next: Option<String>,
}

/// Which story, and which of its copies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryQuery {
    /// The id of the story or of a copy, or one that led to the story before.
    pub id: StoryId,
    /// Only copies after this one.
    pub after: ArticleRow,
    /// Maximum number of copies.
    pub limit: usize,
    /// Whether the story and its copies have their bodies.
    pub bodies: bool,
}

impl StoryQuery {
    /// Reads the id and the parameters.
    ///
    /// # Errors
    /// [`ApiError::NoSuchStory`] for what is not an id, or the first wrong parameter.
    pub fn read(id: &str, given: &Parameters) -> Result<Self, ApiError> {
        let id = id.parse().map_err(|_| ApiError::NoSuchStory)?;
        let after = given.text("after").map(|text| {
            number(text).map(ArticleRow::new).ok_or_else(|| {
                let message =
                    format!("\"{text}\" is not the position of a copy; take it from \"next\"");
                BadParameter::new("after", message)
            })
        });
        Ok(Self {
            id,
            after: after.transpose()?.unwrap_or_default(),
            limit: given.limit()?,
            bodies: given.flag("bodies", true)?,
        })
    }

    /// The parameters in one fixed order, with `?` in front.
    pub fn to_query_string(&self) -> String {
        let Self { after, limit, .. } = self;
        let bodies = if self.bodies { "" } else { "&bodies=false" };
        format!("?after={after}&limit={limit}{bodies}")
    }

    /// The story with a page of its copies. Of its other copies in `also_in` it names only the first if they are very many.
    ///
    /// # Errors
    /// [`ApiError`].
    pub fn load(
        &self,
        reads: &Reads,
        memory: &mut impl PageMemory,
    ) -> Result<StoryWithCopies, ApiError> {
        let found = reads.story_briefly(self.id)?;
        let mut story = found.ok_or(ApiError::NoSuchStory)?;
        if !self.bodies {
            story.content.drop_body();
        }
        memory.grow(story.memory())?;
        let mut articles = Vec::new();
        let (mut last, mut next, mut reserved) = (self.after, None, Ok(()));
        let mut bytes_left = PAGE_BYTES_MAX.saturating_sub(story.memory());
        reads.each_copy(story.id, self.after, |row, mut copy| {
            if !self.bodies {
                copy.content.drop_body();
            }
            let bytes = copy.memory();
            let is_full = articles.len() == self.limit || bytes > bytes_left;
            if is_full && !articles.is_empty() {
                next = Some(Self {
                    after: last,
                    ..self.clone()
                });
                return Walk::Break(());
            }
            bytes_left = bytes_left.saturating_sub(bytes);
            reserved = memory.grow(bytes);
            if reserved.is_err() {
                return Walk::Break(());
            }
            articles.push(copy);
            last = row;
            Walk::Continue(())
        })?;
        reserved?;
        Ok(StoryWithCopies {
            story,
            articles,
            next: next.map(|next| next.to_query_string()),
        })
    }
}
