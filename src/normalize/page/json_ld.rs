//! The article in a page's JSON-LD (schema.org `NewsArticle` and related types, alone, in a list or in a `@graph`). Lenient:
//! a block that cannot be parsed is ignored.

use serde_json::{Map, Value};

/// The metadata of the page's article.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct ArticleData {
    pub(super) headline: Option<String>,
    /// First publication, as written.
    pub(super) published: Option<String>,
    pub(super) authors: Vec<String>,
    /// The site.
    pub(super) publisher: Option<String>,
    pub(super) language: Option<String>,
}

/// Maximum depth of the article in the data.
const DEPTH_MAX: usize = 6;
/// Maximum number of authors.
const AUTHORS_MAX: usize = 16;
/// Properties whose values describe other pages.
const ELSEWHERE: &[&str] = &[
    "itemListElement",
    "hasPart",
    "isPartOf",
    "comment",
    "review",
    "mentions",
    "citation",
    "isBasedOn",
    "subjectOf",
];

/// The metadata from all blocks of a page; the first value of each field is used.
pub(super) fn read(blocks: &[String]) -> ArticleData {
    let values: Vec<Value> = blocks.iter().filter_map(|b| value(b)).collect();
    let mut articles = Vec::new();
    for value in &values {
        find(value, 0, &mut articles);
    }
    // The type of a page about an article gives way to that of the article.
    articles.sort_by_key(|(is_page, _)| *is_page);
    let mut data = ArticleData::default();
    for (_, article) in articles {
        let text = |key: &str| article.get(key).and_then(plain);
        data.headline = data
            .headline
            .or_else(|| text("headline"))
            .or_else(|| text("name"));
        data.published = data.published.or_else(|| text("datePublished"));
        data.language = data.language.or_else(|| text("inLanguage"));
        data.publisher = data
            .publisher
            .or_else(|| name(article.get("publisher")?, &values));
        if data.authors.is_empty() {
            let authors = article.get("author").or_else(|| article.get("creator"));
            data.authors = authors.map(|a| names(a, &values)).unwrap_or_default();
        }
    }
    data
}

/// A block as JSON; control characters in strings and comment marks around it are common mistakes.
fn value(block: &str) -> Option<Value> {
    let inner = block
        .trim()
        .trim_start_matches("<!--")
        .trim_start_matches("//")
        .trim_start_matches("<![CDATA[")
        .trim_end_matches("-->")
        .trim_end_matches("]]>")
        .trim_end_matches("//")
        .trim();
    serde_json::from_str(inner).ok().or_else(|| {
        let tame = inner.replace(|c: char| c.is_control(), " ");
        serde_json::from_str(tame.trim_end_matches([';', ' '])).ok()
    })
}

/// The articles in a value, and whether each is only the page of one.
fn find<'v>(value: &'v Value, depth: usize, found: &mut Vec<(bool, &'v Map<String, Value>)>) {
    if depth > DEPTH_MAX {
        return;
    }
    match value {
        Value::Array(list) => list.iter().for_each(|v| find(v, depth + 1, found)),
        Value::Object(object) => {
            if let Some(is_page) = object.get("@type").and_then(kind) {
                found.push((is_page, object));
            }
            for (key, inner) in object {
                if !ELSEWHERE.contains(&key.as_str()) {
                    find(inner, depth + 1, found);
                }
            }
        }
        _ => {}
    }
}

/// Whether a type is that of an article (false) or of a page (true).
fn kind(value: &Value) -> Option<bool> {
    let of = |name: &str| {
        let is_article = name.ends_with("Article")
            || name.ends_with("Posting")
            || matches!(name, "Report" | "APIReference" | "Review" | "Recipe");
        match name {
            _ if is_article => Some(false),
            "WebPage" | "ItemPage" => Some(true),
            _ => None,
        }
    };
    match value {
        Value::String(name) => of(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).find_map(of),
        _ => None,
    }
}

fn plain(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim(),
        Value::Array(list) => return list.first().and_then(plain),
        _ => return None,
    };
    (!text.is_empty()).then(|| html_escape::decode_html_entities(text).into_owned())
}

/// The names of one or several persons.
fn names(value: &Value, values: &[Value]) -> Vec<String> {
    match value {
        Value::Array(list) => list
            .iter()
            .take(AUTHORS_MAX)
            .filter_map(|v| name(v, values))
            .collect(),
        one => name(one, values).into_iter().collect(),
    }
}

/// The name of a person or an organization, given here or elsewhere under its `@id`.
fn name(value: &Value, values: &[Value]) -> Option<String> {
    match value {
        Value::Object(object) => match object.get("name") {
            Some(name) => plain(name),
            None => {
                let id = object.get("@id")?.as_str()?;
                values.iter().find_map(|v| named(v, id, 0))
            }
        },
        other => plain(other),
    }
}

/// The name of what bears an `@id`.
fn named(value: &Value, id: &str, depth: usize) -> Option<String> {
    match value {
        Value::Array(list) if depth <= DEPTH_MAX => {
            list.iter().find_map(|v| named(v, id, depth + 1))
        }
        Value::Object(object) if depth <= DEPTH_MAX => {
            let own = (object.get("@id").and_then(Value::as_str) == Some(id))
                .then(|| object.get("name").and_then(plain))
                .flatten();
            own.or_else(|| object.values().find_map(|v| named(v, id, depth + 1)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(block: &str) -> ArticleData {
        read(&[block.to_owned()])
    }

    #[test]
    fn an_article_alone_in_a_list_or_in_a_graph() {
        let article = r#"{"@type":"NewsArticle","headline":"Tides &amp; boats","datePublished":"2030-01-05",
            "author":[{"name":"Ada Brandt"},"Lewis Oram"],"publisher":{"name":"The Paper"}}"#;
        let graph = format!(
            r#"{{"@context":"https://schema.org","@graph":[{{"@type":"WebPage","name":"x"}},{article}]}}"#
        );
        for block in [article.to_owned(), format!("[{article}]"), graph] {
            let data = data(&block);
            assert_eq!(data.headline.as_deref(), Some("Tides & boats"));
            assert_eq!(data.published.as_deref(), Some("2030-01-05"));
            assert_eq!(data.authors, ["Ada Brandt", "Lewis Oram"]);
            assert_eq!(data.publisher.as_deref(), Some("The Paper"));
        }
    }

    #[test]
    fn authors_by_reference_are_found() {
        let block = r##"{"@graph":[{"@type":["Article"],"author":{"@id":"#1"}},{"@id":"#1","name":"Ada Brandt"}]}"##;
        assert_eq!(data(block).authors, ["Ada Brandt"]);
    }

    #[test]
    fn other_articles_that_the_page_lists_are_not_it() {
        let block = r#"{"@type":"ItemList","itemListElement":[{"@type":"NewsArticle","headline":"Other"}]}"#;
        assert_eq!(data(block), ArticleData::default());
    }

    #[test]
    fn broken_blocks_say_nothing_or_what_they_can() {
        assert_eq!(data("{"), ArticleData::default());
        assert_eq!(
            data("{\"@type\":\"Article\",\"headline\":\"a\nb\"}")
                .headline
                .as_deref(),
            Some("a b")
        );
    }
}
