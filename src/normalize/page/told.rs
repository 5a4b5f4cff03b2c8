//! What a page tells about its article beside the text. JSON-LD first, then `meta`, then marked elements, then patterns;
//! what is not there is none.

use dom_query::Document;

use super::json_ld::{self, Said};
use super::seen::{Seen, near};
use super::{authors, published, title};
use crate::model::{Time, WebUrl};
use crate::text::language;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) title: Option<String>,
    pub(super) authors: Vec<String>,
    pub(super) published: Option<Time>,
    pub(super) language: Option<String>,
}

/// Reads a page with its JSON-LD blocks.
pub(super) fn read(page: &Document, blocks: &[String], url: &WebUrl) -> Told {
    let said = json_ld::read(blocks);
    let seen = Seen::of(page);
    let site = said
        .publisher
        .clone()
        .or_else(|| seen.meta(&["og:site_name", "application-name"]));
    let site = site.as_deref();
    let title = title::of(&said, &seen, site, url);
    let near = near(page, title.as_deref().unwrap_or_default());
    Told {
        authors: authors::of(&said, &seen, &near, site),
        published: published::of(&said, &seen, &near, url),
        language: language_of(&said, &seen),
        title,
    }
}

/// A primary language tag.
fn language_of(said: &Said, seen: &Seen) -> Option<String> {
    let told = [
        seen.language.clone(),
        said.language.clone(),
        seen.meta(&["og:locale", "content-language", "language", "dc.language"]),
    ];
    told.into_iter()
        .flatten()
        .find_map(|tag| language::of_tag(&tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(page: &str, blocks: &[&str]) -> Told {
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
        let from_data = told(page, &[block]);
        assert_eq!(from_data.authors, ["Ada Brandt"]);
        assert_eq!(from_data.published, day("05"));
        assert_eq!(from_data.title.as_deref(), Some("Tides agreed"));
        assert_eq!(from_data.language.as_deref(), Some("en"));
        let from_meta = told(page, &[]);
        assert_eq!(
            (from_meta.authors, from_meta.published),
            (vec!["Lewis Oram".to_owned()], day("06"))
        );
        let marks = page
            .replace("<meta name=author", "<meta name=x")
            .replace("property=article:published_time", "name=y");
        let from_marks = told(&marks, &[]);
        assert_eq!(
            (from_marks.authors, from_marks.published),
            (vec!["Mara Lind".to_owned()], day("07"))
        );
    }

    #[test]
    fn the_headline_is_that_of_the_page_and_never_the_site() {
        let page = "<title>Tides agreed | Paper</title><h1>Paper</h1><h1>Tides agreed</h1>";
        assert_eq!(told(page, &[]).title.as_deref(), Some("Tides agreed"));
        assert_eq!(
            told("<title>Tides agreed | Paper</title>", &[])
                .title
                .as_deref(),
            Some("Tides agreed")
        );
        assert_eq!(told("<p>Nothing", &[]).title, None);
    }

    #[test]
    fn a_line_near_the_headline_says_who_and_when() {
        let page = "<title>Tides</title><body><h1>Tides agreed again</h1><div>Von Ada Brandt</div><div>2030-01-05</div><p>Text.";
        let page = page.replace("<title>Tides", "<title>Tides agreed again");
        let told = told(&page, &[]);
        assert_eq!(told.authors, ["Ada Brandt"]);
        assert_eq!(told.published, Time::parse_rfc3339("2030-01-05T00:00:00Z"));
        let comment =
            "<div class=comment><a rel=author>Somebody</a><time datetime=2030-01-09>x</time></div>";
        assert!(super::tests::told(comment, &[]).authors.is_empty());
    }
}
