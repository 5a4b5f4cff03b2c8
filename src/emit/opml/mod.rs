//! Subscription lists as OPML 2.0 (<http://opml.org/spec2.opml>), written for other readers and read from them. Never writes a
//! password, and never accepts URLs other than http and https.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::{DEPTH_MAX, FEEDS_MAX, OpmlError, Refused, read, read_with};
pub use write::{Writer, path, write};

use crate::model::{Secret, WebUrl};

/// One subscription of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The feed.
    pub url: WebUrl,
    /// Its title: one line, not empty.
    pub title: Option<String>,
    /// The site.
    pub site: Option<WebUrl>,
    /// The folder it is in, `a/b` if nested.
    pub folder: Option<String>,
    /// Labels, each a line without commas.
    pub tags: Vec<String>,
    /// Attributes that newswire does not interpret, as written: kept for the next list.
    pub others: Vec<(String, String)>,
    /// Name and password of the URL. Read, never written.
    pub auth: Option<(String, Secret)>,
}

impl Subscription {
    /// A feed with nothing but its URL.
    #[must_use]
    pub fn new(url: WebUrl) -> Self {
        Self {
            url,
            title: None,
            site: None,
            folder: None,
            tags: Vec::new(),
            others: Vec::new(),
            auth: None,
        }
    }
}
