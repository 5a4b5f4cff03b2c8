//! What a sequence stands for, as a code in the store and as a word in the output. Codes are stored: never reuse or renumber one.

use schemars::JsonSchema;
use serde::Serialize;

/// What happened to an article, a story or a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It was stored for the first time, or again after it was removed.
    New,
    /// An article, or a copy of the story, was edited by its publisher.
    Edited,
    /// The article belongs to another story, or relates otherwise to the other copies of its story.
    Moved,
    /// A copy joined the story.
    Grew,
    /// A copy left the story or was removed.
    Shrank,
    /// Its topics changed.
    Topics,
    /// The feed is named, addressed or filed differently.
    Renamed,
    /// Gone: all copies of the story belong to another story now.
    Joined,
    /// Gone: a complete document of the feed no longer lists the article.
    Withdrawn,
    /// Gone: retention no longer keeps it.
    Expired,
    /// Gone: the user deleted the articles of the feed.
    Purged,
}

impl ChangeKind {
    /// Every kind, at the place of its code.
    const ALL: [Self; 11] = [
        Self::New,
        Self::Edited,
        Self::Moved,
        Self::Grew,
        Self::Shrank,
        Self::Topics,
        Self::Renamed,
        Self::Joined,
        Self::Withdrawn,
        Self::Expired,
        Self::Purged,
    ];

    /// The code that is stored.
    pub(in crate::store) fn code(self) -> i64 {
        self as i64
    }

    /// The kind of a stored code; `None` for one that a later version wrote.
    pub(in crate::store) fn of_code(code: i64) -> Option<Self> {
        Self::ALL.get(usize::try_from(code).ok()?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_read_from_its_code() {
        for kind in ChangeKind::ALL {
            assert_eq!(ChangeKind::of_code(kind.code()), Some(kind));
        }
        assert_eq!(ChangeKind::of_code(11), None);
        assert_eq!(ChangeKind::of_code(-1), None);
    }
}
