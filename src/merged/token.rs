//! A reader's token that was given as the query parameter `token`: links to what it opens must carry it on, or a feed reader
//! could not follow them. Whether a token is valid is decided by the server, before one of these is made.

use url::form_urlencoded;

/// A valid token that links carry on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkToken {
    token: String,
    opens_all: bool,
}

impl LinkToken {
    /// A token that the server accepted; `opens_all` if it is not limited to some feeds.
    pub fn new(token: String, opens_all: bool) -> Self {
        Self { token, opens_all }
    }

    /// The token as a query parameter, percent-encoded, after `separator` (`?` or `&`).
    pub fn parameter(&self, separator: char) -> String {
        let mut pair = form_urlencoded::Serializer::new(String::new());
        let pair = pair.append_pair("token", &self.token).finish();
        format!("{separator}{pair}")
    }

    /// The token itself.
    pub fn as_str(&self) -> &str {
        &self.token
    }

    /// The token for links to pages: `None` if it opens feeds only.
    pub fn for_pages(self) -> Option<Self> {
        Some(self).filter(|token| token.opens_all)
    }
}
