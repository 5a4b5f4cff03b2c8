//! The article of a web page: its main text, headline, author and date. Pure: a page's HTML and its URL in, an article
//! out. Never fetches; never returns what is not sanitized. What it costs is bounded before any tree is built.
//!
//! | file | idea |
//! |---|---|
//! | `gate` | what of a page a tree may be built of (SEC-03) |
//! | `told` | what the page tells about its article: `title`, `authors`, `published`, language |
//! | `json_ld`, `seen` | where that stands: the data in scripts; `meta` and marked elements |
//! | `clutter` | what is no part of any article goes |
//! | `pieces` | a text in pieces becomes one |
//! | `body` | the main text, found by readability |
//! | `trim`, `lines` | lines that are none of it go |
//! | `words` | what elements are called |

mod authors;
mod body;
mod clutter;
mod gate;
mod json_ld;
mod lines;
mod pieces;
mod published;
mod seen;
mod title;
mod told;
mod trim;
mod words;

use std::collections::HashSet;

use dom_query::Document;

use crate::model::{Time, WebUrl};
use crate::query::fold::fold;

/// An article as its page prints it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The headline, one line.
    pub title: Option<String>,
    /// Who wrote it: names, in order.
    pub authors: Vec<String>,
    /// First publication.
    pub published: Option<Time>,
    /// A primary language tag, as told.
    pub language: Option<String>,
    /// The main text: sanitized, every URL absolute, without headline, byline and captions.
    pub html: String,
}

/// Reads the article of a page found at `url`. `date` reads dates as people and machines write them. None if the page is
/// too large or nested too deeply, or has no main text.
#[must_use]
pub fn read(page: &str, url: &WebUrl, date: &dyn Fn(&str) -> Option<Time>) -> Option<Page> {
    let gated = gate::gate(page)?;
    let tree = Document::from(gated.html);
    let told = told::read(&tree, &gated.json_ld, url, date);
    clutter::remove(&tree);
    pieces::join(&tree);
    let html = trim::trim(&body::of(tree, url)?, url, told.title.as_deref(), date);
    Some(Page {
        title: told.title,
        authors: told.authors,
        published: told.published,
        language: told.language,
        html,
    })
}

/// Fewest words of a headline from which it can be told whether a text speaks of the same.
const WORDS_MIN: usize = 3;

/// Whether a page speaks of what a headline announces: half of its longer words stand there. A wall that asks for consent
/// or a login, or a front page, does not.
#[must_use]
pub fn speaks_of(headline: &str, title: Option<&str>, text: &str) -> bool {
    let headline = fold(headline);
    let words: HashSet<&str> = headline
        .split_whitespace()
        .filter(|w| w.chars().count() > 3)
        .collect();
    if words.len() < WORDS_MIN {
        return true;
    }
    let (title, text) = (fold(title.unwrap_or_default()), fold(text));
    let there: HashSet<&str> = title
        .split_whitespace()
        .chain(text.split_whitespace())
        .collect();
    words.intersection(&there).count() * 2 >= words.len()
}
