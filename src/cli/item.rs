//! One thing that `list` and `search` print, a story or a copy, and its fields by name.

use serde::Serialize;
use serde_json::Value;

use super::exit::Failure;
use crate::model::{ArticleView, Seq, StoryView};
use crate::text::nearest::nearest;

/// A story, or with `--copies` an article.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Item {
    /// A story.
    Story(Box<StoryView>),
    /// One copy.
    Article(Box<ArticleView>),
}

/// Fields of both kinds, in the order of contract.md.
const COMMON: [&str; 27] = [
    "id",
    "seq",
    "title",
    "url",
    "summary",
    "content_html",
    "content_text",
    "boilerplate",
    "authors",
    "agencies",
    "categories",
    "tags",
    "topics",
    "language",
    "published",
    "updated",
    "first_seen",
    "arrived",
    "image",
    "enclosures",
    "feed",
    "feed.id",
    "feed.url",
    "feed.title",
    "feed.site",
    "copies",
    "also_in",
];

/// Fields that are times.
pub const TIMES: [&str; 4] = ["published", "updated", "first_seen", "arrived"];

/// Fields of an article alone.
const OF_ARTICLES: [&str; 6] = [
    "feed_url",
    "guid",
    "canonical_url",
    "story_id",
    "same_as",
    "revision",
];

/// What a spreadsheet gets unless `--fields` says otherwise.
pub const USUAL: [&str; 9] = [
    "id",
    "arrived",
    "published",
    "feed.title",
    "title",
    "url",
    "authors",
    "topics",
    "copies",
];

/// Every field there is.
pub fn names() -> impl Iterator<Item = &'static str> {
    COMMON.into_iter().chain(OF_ARTICLES)
}

/// Reads `--fields a,b,c`. A wrong name is told with the nearest right one.
pub fn fields(given: &str, of_articles: bool) -> Result<Vec<&'static str>, Failure> {
    let extra = if of_articles { &OF_ARTICLES[..] } else { &[] };
    let known: Vec<&'static str> = COMMON
        .into_iter()
        .filter(|name| !of_articles || *name != "also_in")
        .chain(extra.iter().copied())
        .collect();
    given
        .split(',')
        .map(str::trim)
        .map(|name| {
            if let Some(known) = known.iter().find(|known| **known == name) {
                return Ok(*known);
            }
            let hint = nearest(name, known.iter().copied()).map_or_else(
                || format!("the fields are {}", known.join(", ")),
                |near| format!("did you mean {near:?}?"),
            );
            Err(Failure::usage(format!(
                "--fields: unknown field {name:?}; {hint}"
            )))
        })
        .collect()
}

impl Item {
    /// Its id.
    pub fn id(&self) -> String {
        match self {
            Self::Story(s) => s.id.to_string(),
            Self::Article(a) => a.id.to_string(),
        }
    }

    /// The sequence of its last change.
    pub fn seq(&self) -> Seq {
        match self {
            Self::Story(s) => s.seq,
            Self::Article(a) => a.seq,
        }
    }

    /// Its page.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Story(s) => s.url.as_deref(),
            Self::Article(a) => a.url.as_deref(),
        }
    }

    /// As a JSON object.
    pub fn value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// As an entry of a feed: a copy stands for itself.
    pub fn into_story(self) -> StoryView {
        match self {
            Self::Story(story) => *story,
            Self::Article(a) => StoryView {
                copies: 1,
                ..StoryView::from(*a)
            },
        }
    }
}

/// A field of an item as JSON: `feed.title` looks inside.
pub fn field<'v>(item: &'v Value, name: &str) -> &'v Value {
    name.split('.')
        .fold(item, |value, key| value.get(key).unwrap_or(&Value::Null))
}

/// A value as one cell: a list is joined, a person is the name, a label the label, a file its URL.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(cell).collect::<Vec<_>>().join("; "),
        Value::Object(object) => [
            "name",
            "label",
            "term",
            "title",
            "feed_title",
            "url",
            "signal",
        ]
        .iter()
        .filter_map(|key| object.get(*key))
        .find(|v| !v.is_null())
        .map(cell)
        .unwrap_or_default(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_unknown_field_is_an_error_that_names_the_nearest() {
        assert_eq!(
            fields("id, feed.title", false).unwrap(),
            ["id", "feed.title"]
        );
        let failure = fields("id,titel", false).unwrap_err();
        assert!(
            matches!(&failure, Failure::Message(_, m) if m.contains("\"title\"")),
            "{failure:?}"
        );
        assert!(fields("guid", false).is_err() && fields("guid", true).is_ok());
        assert!(fields("also_in", true).is_err());
    }

    #[test]
    fn a_cell_says_what_a_person_would() {
        let item = json!({
            "authors": [{"name": "Ann", "email": null}, {"name": null, "email": null, "url": "https://x/"}],
            "categories": [{"term": "t", "label": null}],
            "copies": 2,
            "feed": {"title": "The Argus"},
            "url": null,
        });
        let cell = |name| cell(field(&item, name));
        assert_eq!(cell("authors"), "Ann; https://x/");
        assert_eq!(cell("categories"), "t");
        assert_eq!(cell("copies"), "2");
        assert_eq!(cell("feed.title"), "The Argus");
        assert_eq!(cell("url"), "");
    }
}
