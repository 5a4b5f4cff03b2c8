//! Identifiers. The public ones are name-based UUIDs (RFC 9562, version 5): the same input gives the same id in a rebuilt
//! store. Row numbers are internal to the store and never leave the process.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use uuid::Uuid;

/// The namespace of every newswire id: v5 of the URL namespace and `https://newswire.invalid/`.
fn namespace() -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, b"https://newswire.invalid/")
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map($name)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(&self.0)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": "uuid" })
            }
        }
    };
}

id!(
    /// A subscribed source, named by its URL as first subscribed.
    FeedId
);
id!(
    /// One item of one feed (a copy), named by its feed and its identity there.
    ArticleId
);
id!(
    /// All copies of the same article. It is the id of the first copy (see [`StoryId::nth`] for the exception), and never
    /// changes.
    StoryId
);

impl FeedId {
    /// The id of the feed subscribed at `url` (without userinfo and fragment).
    pub fn of(url: &str) -> Self {
        Self(Uuid::new_v5(
            &namespace(),
            format!("feed\n{url}").as_bytes(),
        ))
    }
}

impl ArticleId {
    /// The id of the article that `feed` identifies by `key` (see `normalize::identity`).
    pub fn of(feed: FeedId, key: &str) -> Self {
        Self(Uuid::new_v5(&feed.0, key.as_bytes()))
    }
}

impl StoryId {
    /// The id of the `n`th story that began with this copy (`n` ≥ 2), if another story still has the copy's own id.
    pub fn nth(first_copy: ArticleId, n: u32) -> Self {
        Self(Uuid::new_v5(
            &first_copy.0,
            format!("story\n{n}").as_bytes(),
        ))
    }
}

impl From<ArticleId> for StoryId {
    fn from(first_copy: ArticleId) -> Self {
        Self(first_copy.0)
    }
}

/// A number of the store, as a type of its own: the rows of feeds, stories and articles are not interchangeable.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// The number as the store has it.
            pub const fn new(number: i64) -> Self {
                Self(number)
            }

            /// The number itself.
            pub const fn get(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// A feed's row in the store.
    FeedRow
);
number!(
    /// A story's row in the store.
    StoryRow
);
number!(
    /// An article's row in the store.
    ArticleRow
);
number!(
    /// The sequence: a number that only grows, given to every new or changed article and story. 0 is before the first.
    Seq
);

impl ArticleRow {
    /// The row so many after this one, or before it.
    #[must_use]
    pub const fn offset(self, by: i64) -> Self {
        Self(self.0.saturating_add(by))
    }
}

impl JsonSchema for Seq {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Seq".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "format": "int64", "minimum": 0 })
    }
}

impl Seq {
    /// The number that is given next.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The last of so many numbers that are given next.
    #[must_use]
    pub fn plus(self, numbers: usize) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(numbers).unwrap_or(i64::MAX)),
        )
    }
}
