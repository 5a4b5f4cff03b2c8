//! The input of parsing besides the bytes, and the reasons why a document cannot be read.

use crate::model::WebUrl;

/// What is known about a document besides its bytes.
#[derive(Debug, Clone, Default)]
pub struct ParseContext {
    /// Where it was found, after redirects: the base of relative URLs.
    pub url: Option<WebUrl>,
    /// The Content-Type header as written.
    pub content_type: Option<String>,
}

/// Why a document gave nothing at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It is something else: a web page, an image, or empty.
    #[error("not a feed: {0}")]
    NotAFeed(String),
    /// It claims to be a feed and cannot be read.
    #[error("unreadable feed: {0}")]
    Unreadable(String),
}
