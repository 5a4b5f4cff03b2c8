//! An item that `list` and `search` print, a story or a copy, and its fields by name.

use std::sync::LazyLock;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::exit::Failure;
use crate::model::{ArticleId, ArticleView, Content, Seq, StoryId, StoryView, Time};
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

/// The JSON of a story and of an article with every field, from which the names are derived: a new field needs no list here.
struct Examples {
    story: Value,
    story_names: Vec<String>,
    article_names: Vec<String>,
}

static EXAMPLES: LazyLock<Examples> = LazyLock::new(|| {
    // Fields that JSON leaves out when they are empty must have a value here, and times, so that they are recognized.
    let content = Content {
        content_html: Some(String::new()),
        content_text: Some(String::new()),
        boilerplate: vec![String::new()],
        published: Some(Time::EPOCH),
        updated: Some(Time::EPOCH),
        ..Content::default()
    };
    let article = ArticleView {
        id: ArticleId(Uuid::nil()),
        seq: Seq::default(),
        content: content.clone(),
        feed_url: String::new(),
        guid: None,
        canonical_url: None,
        comments_url: None,
        rights: None,
        source: None,
        story_id: StoryId(Uuid::nil()),
        same_as: None,
        revision: 1,
        copies: 1,
    };
    let story = StoryView {
        id: StoryId(Uuid::nil()),
        seq: Seq::default(),
        content,
        copies: 1,
        also_in: Vec::new(),
    };
    let story = serde_json::to_value(story).unwrap_or_default();
    let article = serde_json::to_value(article).unwrap_or_default();
    Examples {
        story_names: names_in(&story),
        article_names: names_in(&article),
        story,
    }
});

/// The names of the fields of a JSON object; those of an object in it as `feed.title`.
fn names_in(example: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for (name, value) in example.as_object().into_iter().flatten() {
        names.push(name.clone());
        let inner = value.as_object().into_iter().flatten();
        names.extend(inner.map(|(key, _)| format!("{name}.{key}")));
    }
    names
}

/// The names of all fields of stories and articles.
pub fn names() -> impl Iterator<Item = &'static str> {
    let names = EXAMPLES.story_names.iter().chain(&EXAMPLES.article_names);
    names.map(String::as_str)
}

/// Whether the field is a time.
pub fn is_time(name: &str) -> bool {
    let value = field(&EXAMPLES.story, name).as_str();
    value.is_some_and(|text| Time::parse_rfc3339(text).is_some())
}

/// Parses `--fields a,b,c`.
///
/// # Errors
/// Exit 2, with the nearest name, if there is no such field.
pub fn fields(given: &str, of_articles: bool) -> Result<Vec<&'static str>, Failure> {
    let known: Vec<&'static str> = match of_articles {
        true => EXAMPLES.article_names.iter().map(String::as_str).collect(),
        false => EXAMPLES.story_names.iter().map(String::as_str).collect(),
    };
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

    /// The sequence number of its last change.
    pub fn seq(&self) -> Seq {
        match self {
            Self::Story(s) => s.seq,
            Self::Article(a) => a.seq,
        }
    }

    /// The URL of its page.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Story(s) => s.url.as_deref(),
            Self::Article(a) => a.url.as_deref(),
        }
    }

    /// The item as a JSON object.
    pub fn value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The item as a story; an article becomes a story with one copy.
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

/// A field of a JSON object; `feed.title` is a field of an object in it.
pub fn field<'v>(item: &'v Value, name: &str) -> &'v Value {
    name.split('.')
        .fold(item, |value, key| value.get(key).unwrap_or(&Value::Null))
}

/// A value as the text of a cell: a list is joined; a person is its name, a category its label, a file its URL.
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
