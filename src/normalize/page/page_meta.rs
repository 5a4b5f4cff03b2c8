//! The metadata of a page's article. JSON-LD first, then `meta`, then marked elements, then patterns.

use dom_query::Document;

use super::json_ld::{self, ArticleData};
use super::markup_hints::{MarkupHints, near};
use super::{authors, published, title};
use crate::model::{Time, WebUrl};
use crate::text::language;

/// The metadata that was found.
#[derive(Debug, Default)]
pub(super) struct PageMeta {
    pub(super) title: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) published: Option<Time>,
    pub(super) language: Option<String>,
}

/// Reads a page with its JSON-LD blocks.
pub(super) fn read(page: &Document, blocks: &[String], url: &WebUrl) -> PageMeta {
    let data = json_ld::read(blocks);
    let hints = MarkupHints::of(page);
    let site = data
        .publisher
        .clone()
        .or_else(|| hints.meta(&["og:site_name", "application-name"]));
    let site = site.as_deref();
    let title = title::of(&data, &hints, site, url);
    let near = near(page, title.as_deref().unwrap_or_default());
    PageMeta {
        authors: authors::of(&data, &hints, &near, site),
        published: published::of(&data, &hints, &near, url),
        language: language_of(&data, &hints),
        title,
    }
}

/// A primary language tag.
fn language_of(data: &ArticleData, hints: &MarkupHints) -> Option<String> {
    let tags = [
        hints.language.clone(),
        data.language.clone(),
        hints.meta(&["og:locale", "content-language", "language", "dc.language"]),
    ];
    tags.into_iter()
        .flatten()
        .find_map(|tag| language::of_tag(&tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta_of(page: &str, blocks: &[&str]) -> PageMeta {
        let blocks: Vec<String> = blocks.iter().map(|b| (*b).to_owned()).collect();
        let url = WebUrl::parse("https://paper.example/tides").unwrap();
        read(&Document::from(page), &blocks, &url)
    }

    #[test]
    fn data_come_before_meta_and_meta_before_marks() {
        let page = "<html lang=en-GB><head><title>Tides agreed - Paper</title><meta property=article:published_time content=2030-01-06>
            <meta name=author content='Lewis Oram'></head><body><h1>Tides agreed</h1><p class=byline>By Mara Lind</p>
            <time datetime=2030-01-07>Monday</time>";
        let block = r#"{"@type":"NewsArticle","headline":"Tides agreed","datePublished":"2030-01-05","author":{"name":"Ada Brandt"}}"#;
        let day = |d: &str| Time::parse_rfc3339(&format!("2030-01-{d}T00:00:00Z"));
        let from_data = meta_of(page, &[block]);
        assert_eq!(from_data.authors, ["Ada Brandt"]);
        assert_eq!(from_data.published, day("05"));
        assert_eq!(from_data.title.as_deref(), Some("Tides agreed"));
        assert_eq!(from_data.language.as_deref(), Some("en"));
        let from_meta = meta_of(page, &[]);
        assert_eq!(
            (from_meta.authors, from_meta.published),
            (vec!["Lewis Oram".to_owned()], day("06"))
        );
        let marks = page
            .replace("<meta name=author", "<meta name=x")
            .replace("property=article:published_time", "name=y");
        let from_marks = meta_of(&marks, &[]);
        assert_eq!(
            (from_marks.authors, from_marks.published),
            (vec!["Mara Lind".to_owned()], day("07"))
        );
    }

    #[test]
    fn the_headline_is_that_of_the_page_and_never_the_site() {
        let page = "<title>Tides agreed | Paper</title><h1>Paper</h1><h1>Tides agreed</h1>";
        assert_eq!(meta_of(page, &[]).title.as_deref(), Some("Tides agreed"));
        assert_eq!(
            meta_of("<title>Tides agreed | Paper</title>", &[])
                .title
                .as_deref(),
            Some("Tides agreed")
        );
        assert_eq!(meta_of("<p>Nothing", &[]).title, None);
    }

    #[test]
    fn a_line_near_the_headline_says_who_and_when() {
        let page = "<title>Tides</title><body><h1>Tides agreed again</h1><div>Von Ada Brandt</div><div>2030-01-05</div><p>Text.";
        let page = page.replace("<title>Tides", "<title>Tides agreed again");
        let meta = meta_of(&page, &[]);
        assert_eq!(meta.authors, ["Ada Brandt"]);
        assert_eq!(meta.published, Time::parse_rfc3339("2030-01-05T00:00:00Z"));
        let comment =
            "<div class=comment><a rel=author>Somebody</a><time datetime=2030-01-09>x</time></div>";
        assert!(super::tests::meta_of(comment, &[]).authors.is_empty());
    }
}
