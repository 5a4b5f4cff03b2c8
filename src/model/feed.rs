//! A subscription, as reads see it.

use schemars::JsonSchema;
use serde::Serialize;

use super::{FailureKind, FeedId, FeedRow, Time};

/// How a feed is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FeedState {
    /// Not read yet: never polled, or not reached because there was no network.
    New,
    /// The last poll succeeded.
    Ok,
    /// The last poll failed; it will be tried again.
    Failing,
    /// The publisher withdrew it (410 twice): never polled again.
    Gone,
    /// The user paused it.
    Paused,
}

impl FeedState {
    /// All states, those that need attention first.
    pub const ALL: [Self; 5] = [Self::Failing, Self::Gone, Self::Paused, Self::New, Self::Ok];

    /// The state, spelled as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ok => "ok",
            Self::Failing => "failing",
            Self::Gone => "gone",
            Self::Paused => "paused",
        }
    }

    /// The state of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// One subscription. Serialized as a line of `newswire feeds --json`: the fields up to `articles` come first and never
/// change; further fields may follow.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Feed {
    /// The store's row.
    #[serde(skip)]
    pub row: FeedRow,
    /// The public id.
    pub id: FeedId,
    /// As subscribed, without userinfo.
    #[schemars(extend("format" = "uri"))]
    pub url: String,
    /// The user's title, else the feed's own, else the URL's host.
    pub title: String,
    /// The site, if known.
    #[schemars(extend("format" = "uri"))]
    pub site: Option<String>,
    /// The folder, `a/b` if nested.
    pub folder: Option<String>,
    /// The user's tags.
    pub tags: Vec<String>,
    /// How it is doing.
    pub state: FeedState,
    /// When it was last polled.
    pub last_poll: Option<Time>,
    /// When it last answered with a document or 304.
    pub last_success: Option<Time>,
    /// When it is due.
    pub next_poll: Option<Time>,
    /// Failures in a row.
    pub failures: u32,
    /// The last failure in one line; `None` if the last poll succeeded.
    pub last_error: Option<String>,
    /// Articles stored.
    pub articles: u64,
    /// The kind of the last failure.
    #[serde(serialize_with = "kind_name")]
    #[schemars(with = "Option<String>")]
    pub failure_kind: Option<FailureKind>,
    /// The HTTP status of the last poll, if a server answered.
    pub http_status: Option<u16>,
    /// Whether it is in the configuration file; otherwise it was added by command.
    pub declared: bool,
    /// The user's interval in seconds, if set.
    pub interval_s: Option<u64>,
    /// The origin that its credentials and headers were set for, if they are not sent because the feed has moved (SEC-23).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secrets_withheld_for: Option<String>,
    /// What the parser had to repair in the last document.
    #[serde(skip)]
    pub repairs: Vec<String>,
    /// Attributes of its OPML outline that newswire does not interpret.
    #[serde(skip)]
    pub outline: Vec<(String, String)>,
}

impl Feed {
    /// About how many bytes of memory it takes: its texts, and the records that contain them.
    #[must_use]
    pub fn memory(&self) -> usize {
        let optional = [&self.site, &self.folder, &self.last_error];
        let lists = self.tags.iter().chain(&self.repairs);
        let outline = self.outline.iter().flat_map(|(name, value)| [name, value]);
        size_of::<Self>()
            + self.url.len()
            + self.title.len()
            + optional
                .into_iter()
                .flatten()
                .map(String::len)
                .sum::<usize>()
            + lists
                .chain(outline)
                .map(|t| size_of::<String>() + t.len())
                .sum::<usize>()
    }
}

fn kind_name<S: serde::Serializer>(kind: &Option<FailureKind>, s: S) -> Result<S::Ok, S::Error> {
    kind.map(FailureKind::as_str).serialize(s)
}

#[cfg(test)]
impl Feed {
    /// A feed that was never polled, for tests.
    pub fn example(url: &str, title: &str) -> Self {
        Self {
            row: FeedRow::new(1),
            id: FeedId::of(url),
            url: url.to_owned(),
            title: title.to_owned(),
            site: None,
            folder: None,
            tags: Vec::new(),
            state: FeedState::New,
            last_poll: None,
            last_success: None,
            next_poll: None,
            failures: 0,
            last_error: None,
            articles: 0,
            failure_kind: None,
            http_status: None,
            declared: false,
            interval_s: None,
            secrets_withheld_for: None,
            repairs: Vec::new(),
            outline: Vec::new(),
        }
    }
}
