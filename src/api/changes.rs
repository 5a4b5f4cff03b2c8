//! Pages of changes: the objects of `newswire list --changes`, for programs that keep a copy of the store. A cursor that cannot be
//! followed is an error; nothing is left out silently.

use schemars::JsonSchema;
use serde::Serialize;
use url::form_urlencoded;

use super::error::{ApiError, BadParameter};
use super::parameters::Parameters;
use crate::merged::{PAGE_BYTES_MAX, PageMemory};
use crate::model::Seq;
use crate::store::{Change, Cursor, Epoch, Reads, Walk};

/// A page of changes, lowest sequence first.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct ChangePage {
    /// Give it back as `epoch` to go on.
    #[schemars(with = "String")]
    pub epoch: Epoch,
    /// The changes.
    pub changes: Vec<Change>,
    /// Give it back as `after` to go on, now or later.
    pub last: Seq,
    /// Whether more changes followed at the time of reading.
    pub more: bool,
    /// The query of the next page, with its `?`, for the same path; null if no changes follow yet.
    pub next: Option<String>,
}

/// A line of `newswire list --changes`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangeLine<'c> {
    /// The change.
    #[serde(flatten)]
    pub change: &'c Change,
    /// Give it back with `--epoch` to go on after this change.
    #[schemars(with = "String")]
    pub epoch: Epoch,
}

/// Which changes a request selects.
#[derive(Debug, Clone)]
pub struct ChangeQuery {
    /// Where the follower stands.
    pub cursor: Cursor,
    /// Maximum number of changes.
    pub limit: usize,
    /// Whether articles and stories have their bodies.
    pub bodies: bool,
}

impl ChangeQuery {
    /// Reads the parameters.
    ///
    /// # Errors
    /// The first wrong one.
    pub fn read(given: &Parameters) -> Result<Self, BadParameter> {
        let epoch = given.text("epoch").map(str::parse::<Epoch>).transpose();
        Ok(Self {
            cursor: Cursor {
                seq: given.sequence("after")?.unwrap_or_default(),
                epoch: epoch.map_err(|message| BadParameter::new("epoch", message))?,
            },
            limit: given.limit()?,
            bodies: given.flag("bodies", false)?,
        })
    }

    /// The parameters in one fixed order, with `?` in front. Queries that select the same have the same text.
    pub fn to_query_string(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("after", &self.cursor.seq.to_string());
        if let Some(epoch) = self.cursor.epoch {
            query.append_pair("epoch", &epoch.to_string());
        }
        query.append_pair("limit", &self.limit.to_string());
        if self.bodies {
            query.append_pair("bodies", "true");
        }
        format!("?{}", query.finish())
    }

    /// The page, limited in number and in bytes.
    ///
    /// # Errors
    /// [`ApiError::Cursor`] if the follower has to start again; others as for every page.
    pub fn load(
        &self,
        reads: &Reads,
        memory: &mut impl PageMemory,
    ) -> Result<ChangePage, ApiError> {
        let (mut changes, mut bytes_left) = (Vec::new(), PAGE_BYTES_MAX);
        let mut reserved = Ok(());
        let end = reads.each_change(self.cursor, self.limit, self.bodies, |change| {
            let bytes = change.memory();
            if !changes.is_empty() && bytes > bytes_left {
                return Walk::Break(());
            }
            bytes_left = bytes_left.saturating_sub(bytes);
            reserved = memory.grow(bytes);
            if reserved.is_err() {
                return Walk::Break(());
            }
            changes.push(change);
            Walk::Continue(())
        })?;
        reserved?;
        let end = end?;
        let cursor = Cursor {
            seq: end.last,
            epoch: Some(end.epoch),
        };
        let next = Self { cursor, ..*self };
        Ok(ChangePage {
            epoch: end.epoch,
            changes,
            last: end.last,
            more: end.more,
            next: end.more.then(|| next.to_query_string()),
        })
    }
}
