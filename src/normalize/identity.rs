//! What tells one article of a feed from the next: the kinds of key that a draft may bear.

/// A key that is the publisher's own guid starts with this.
pub const GUID: &str = "guid:";
/// A key that is the article's link starts with this.
pub const LINK: &str = "link:";

/// What the key of an article rests on: `guid`, `link` or `digest` (of what it says, where it has neither).
#[must_use]
pub fn key_kind(key: &str) -> &'static str {
    if key.starts_with(GUID) {
        "guid"
    } else if key.starts_with(LINK) {
        "link"
    } else {
        "digest"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_tells_the_kind() {
        assert_eq!(key_kind("guid:7"), "guid");
        assert_eq!(key_kind("link:https://a.example/7"), "link");
        assert_eq!(key_kind("9f3a"), "digest");
    }
}
