//! An event about a story. Its id depends only on target, story and reason, so that a receiver recognises a repetition.

use uuid::Uuid;

use crate::model::{Content, FeedRef, Seq, StoryId, StoryView, Time};

/// What happened to a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// It matches the target for the first time.
    New,
    /// Its headline or its text was edited.
    Updated,
    /// More feeds carry it.
    Grew,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::New, Self::Updated, Self::Grew];

    /// The `type` in messages and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "story.new",
            Self::Updated => "story.updated",
            Self::Grew => "story.grew",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// An event with its story, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// See [`event_id`].
    pub id: String,
    /// What happened.
    pub kind: EventKind,
    /// When it was noticed; the same in every repetition.
    pub at: Time,
    /// The story as it is when it is sent, without bodies.
    pub story: StoryView,
}

/// The id of an event: `msg_` and 32 hexadecimal digits. `mark` tells events of one kind about one story apart.
pub fn event_id(target: &str, story: StoryId, kind: EventKind, mark: i64) -> String {
    let name = format!("notify\n{target}\n{}\n{mark}", kind.as_str());
    format!("msg_{}", Uuid::new_v5(&story.0, name.as_bytes()).simple())
}

/// The story of a test message.
pub fn sample_story(now: Time) -> StoryView {
    let url = |path: &str| Some(format!("https://newswire.invalid/{path}"));
    StoryView {
        id: StoryId(Uuid::new_v5(&Uuid::NAMESPACE_URL, b"newswire notify test")),
        seq: Seq::default(),
        content: Content {
            title: "newswire: this is a test message".to_owned(),
            url: url("test"),
            summary: "If you can read this, notifications of newswire reach you. The story is not a real one."
                .to_owned(),
            language: Some("en".to_owned()),
            published: Some(now),
            first_seen: now,
            arrived: now,
            feed: FeedRef {
                title: "newswire".to_owned(),
                url: "https://newswire.invalid/feed".to_owned(),
                ..FeedRef::default()
            },
            ..Content::default()
        },
        copies: 1,
        also_in: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_names_target_story_reason_and_change() {
        let story = sample_story(Time::EPOCH).id;
        let id = event_id("ops", story, EventKind::New, 7);
        assert_eq!(id, event_id("ops", story, EventKind::New, 7));
        assert!(!id.contains('.'), "the signed text is split at dots");
        for other in [
            event_id("desk", story, EventKind::New, 7),
            event_id("ops", story, EventKind::Grew, 7),
            event_id("ops", story, EventKind::New, 8),
            event_id("ops", StoryId::default(), EventKind::New, 7),
        ] {
            assert_ne!(id, other);
        }
    }

    #[test]
    fn kinds_have_names() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::from_name(kind.as_str()), Some(kind));
        }
        assert_eq!(EventKind::from_name("story.gone"), None);
    }
}
