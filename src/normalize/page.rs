//! The article of a web page: its main text, headline, author and date. Pure: a page's HTML and its URL in, an article out.
//! Never fetches; never returns anything that is not sanitized. The cost is bounded before any tree is built.
//!
//! | file | idea |
//! |---|---|
//! | `page_prefilter` | the part of a page that a tree may be built from (SEC-03) |
//! | `page_meta` | the metadata of the article: `title`, `authors`, `published`, language |
//! | `json_ld`, `markup_hints` | its sources: data in scripts; `meta` and marked elements |
//! | `clutter` | removes what is not part of any article |
//! | `fragments` | joins a text in several elements |
//! | `body` | the main text, found by readability |
//! | `trim`, `lines` | removes lines that are not part of it |
//! | `class_names` | names in `class` and `id` |

mod authors;
mod body;
mod class_names;
mod clutter;
mod fragments;
mod json_ld;
mod lines;
mod markup_hints;
mod page_meta;
mod page_prefilter;
mod published;
mod title;
mod trim;

use std::collections::HashSet;

use dom_query::Document;

use crate::model::{Time, WebUrl};
use crate::text::fold::fold;
use crate::text::html_text;

/// An article as its page prints it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The headline, one line.
    pub title: Option<String>,
    /// Who wrote it: names, in order.
    pub authors: Vec<String>,
    /// First publication.
    pub published: Option<Time>,
    /// The primary language subtag that the page declares.
    pub language: Option<String>,
    /// The main text: sanitized, every URL absolute, without headline, byline and captions.
    pub html: String,
}

/// Reads the article of a page at `url`. `None` if the page is too large or nested too deeply, or has no main text.
#[must_use]
pub fn read(page: &str, url: &WebUrl) -> Option<Page> {
    let prefiltered = page_prefilter::prefilter(page)?;
    let tree = Document::from(prefiltered.html);
    let meta = page_meta::read(&tree, &prefiltered.json_ld, url);
    clutter::remove(&tree);
    fragments::join(&tree);
    let html = trim::trim(&body::of(tree, url)?, url, meta.title.as_deref());
    Some(Page {
        title: meta.title,
        authors: meta.authors,
        published: meta.published,
        language: meta.language,
        html,
    })
}

/// Minimum number of words of a headline for comparing it with the text.
const WORDS_MIN: usize = 3;

impl Page {
    /// Whether the text is about the headline: it has half of its longer words. A consent or login wall, or a front page,
    /// does not.
    #[must_use]
    pub fn speaks_of(&self, headline: &str) -> bool {
        let headline = fold(headline);
        let words: HashSet<&str> = headline
            .split_whitespace()
            .filter(|w| w.chars().count() > 3)
            .collect();
        let title = fold(self.title.as_deref().unwrap_or_default());
        let text = fold(&html_text::from_html(&self.html));
        let there: HashSet<&str> = title
            .split_whitespace()
            .chain(text.split_whitespace())
            .collect();
        words.len() < WORDS_MIN || words.intersection(&there).count() * 2 >= words.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::html;

    const TEXT: [&str; 3] = [
        "The mayors of two harbours met on a pier on Saturday, and agreed on the tides of the whole spring.",
        "A second pier will be built where the first one ends, so that boats of both towns can lie there.",
        "The work, which takes three years, begins when the ice has gone, said one of the engineers.",
    ];

    fn article() -> String {
        format!(
            "<!DOCTYPE html><html lang=en-GB><head><title>Harbours agree on tides - The Paper</title>
             <meta property=og:site_name content='The Paper'>
             <script type=application/ld+json>{{\"@type\":\"NewsArticle\",\"datePublished\":\"2030-01-05\"}}</script>
             <script>document.write('<div><div><div>');</script></head>
             <body><header><nav><a href=/>Home</a> <a href=/world>World</a></nav></header>
             <main><h1>Harbours agree on tides</h1><p class=byline>By <a rel=author href=/ada>Ada Brandt</a></p>
             <figure><img src=pier.jpg alt=pier><figcaption>A pier. Photo: Lewis Oram</figcaption></figure>
             <p>{}</p><p><a href=/other>Read more about the old pier in spring</a></p><p onclick=x()>{}</p>
             <div class=ad>Buy a boat</div><p>{}<script>x()</script></p>
             <div class=newsletter>Sign up for our newsletter</div></main>
             <section id=comments><p>{}</p></section><footer>The Paper, all rights reserved</footer></body></html>",
            TEXT[0],
            TEXT[1],
            TEXT[2],
            "I do not believe a word of it, since the tides are what they are. ".repeat(9)
        )
    }

    fn url() -> WebUrl {
        WebUrl::parse("https://paper.example/2030/tides").unwrap()
    }

    #[test]
    fn sec_10_an_article_is_read_off_its_page_safe_and_whole() {
        let page = read(&article(), &url()).unwrap();
        assert_eq!(page.title.as_deref(), Some("Harbours agree on tides"));
        assert_eq!(page.authors, ["Ada Brandt"]);
        assert_eq!(page.published, crate::text::dates::read_bare("2030-01-05"));
        assert_eq!(page.language.as_deref(), Some("en"));
        assert_eq!(html_text::from_html(&page.html), TEXT.join("\n\n"));
        assert!(
            page.html
                .contains("src=\"https://paper.example/2030/pier.jpg\""),
            "{}",
            page.html
        );
        assert_eq!(html::sanitize(&page.html, Some(&url())), page.html);
    }

    /// Pages of the parts that matter, rightly and wrongly nested.
    fn soup() -> impl Strategy<Value = String> {
        let names = "a|b|p|div|ul|li|h1|h2|table|tr|td|caption|br|img|span|section|article|form|noscript|blockquote|figure|aside|\
                     nav|iframe|title|meta|base|body|time|svg|select|plaintext|video|source";
        let marks = "class='comment share'|class='text body'|id=content|hidden|itemprop=articleBody|rel=author|datetime=2030-01-05|\
                     role=navigation|href='https://youtube.com/é'|src='é//youtube.com/x'|data-src=a.jpg|srcset='a.jpg 1x'|colspan=9999999999";
        let piece = prop_oneof![
            4 => proptest::string::string_regex(&format!("<({names})( ({marks})){{0,2}}>")).unwrap(),
            3 => proptest::string::string_regex(&format!("</({names})>")).unwrap(),
            4 => "([a-zé]{1,9}[ ,]){1,12}|By Ada|<|&lt;b&gt;|&nbsp;|<!-- x -->|\u{202e}|日本語の文章です。",
        ];
        proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn sec_01_sec_10_any_page_is_read_without_a_panic_and_what_comes_is_stable(page in soup()) {
            if let Some(page) = read(&page, &url()) {
                prop_assert_eq!(html::sanitize(&page.html, Some(&url())), page.html);
            }
        }
    }

    #[test]
    fn what_is_no_article_is_none() {
        assert_eq!(read("", &url()), None);
        assert_eq!(read("<title>Nothing</title>", &url()), None);
        assert_eq!(read(&"<div>".repeat(100_000), &url()), None);
    }

    #[test]
    fn a_page_speaks_of_its_headline_or_is_another() {
        let page = |title: &str| Page {
            title: Some(title.to_owned()),
            html: format!("<p>{}</p>", TEXT.join(" ")),
            ..Page::default()
        };
        assert!(page("").speaks_of("Harbours agree on tides of spring"));
        assert!(!page("").speaks_of("Parliament votes on railway budget"));
        assert!(
            page("Railway budget: parliament votes")
                .speaks_of("Parliament votes on railway budget")
        );
        assert!(page("").speaks_of("Storms"), "one word says nothing");
    }
}
