//! An article on its way into the store.

use super::{Category, Enclosure, Person, Source, Time, WebUrl};

/// What one entry of one feed becomes before it is compared with anything: clean, complete, not yet known to
/// be new. `normalize` makes it; `dedup` and `store` read it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draft {
    /// The guid as written, if the publisher gave one.
    pub guid: Option<String>,
    /// The identity within the feed: the guid, else the link, else a digest (`normalize::identity`). Unique within one
    /// document.
    pub key: String,
    /// The article's page, as published.
    pub url: Option<WebUrl>,
    /// The same without tracking, AMP and variants: equal for copies of one page.
    pub canonical_url: Option<WebUrl>,
    /// The headline: one line, plain.
    pub title: String,
    /// The standfirst or summary: one line, plain, at most a few hundred characters. Empty if there is none.
    pub summary: String,
    /// The sanitized body (content, else summary) below headline, standfirst and byline, with the boilerplate that is
    /// left out when it is read. Empty if there is none.
    pub content_html: String,
    /// The readable text of the body, boilerplate left out. Derived from `content_html`; never stored.
    pub content_text: String,
    /// Whether the whole text is boilerplate: then it says nothing about which piece this is. Never stored.
    pub is_boilerplate: bool,
    /// First publication, as claimed; none is never invented.
    pub published: Option<Time>,
    /// Last change, as claimed.
    pub updated: Option<Time>,
    /// Who wrote it.
    pub authors: Vec<Person>,
    /// News agencies credited: "Reuters", "Anadolu Agency".
    pub agencies: Vec<String>,
    /// The publisher's labels.
    pub categories: Vec<Category>,
    /// Its files.
    pub enclosures: Vec<Enclosure>,
    /// A picture.
    pub image: Option<WebUrl>,
    /// The page with its comments.
    pub comments_url: Option<WebUrl>,
    /// Copyright line.
    pub rights: Option<String>,
    /// Where the feed says it was taken from.
    pub source: Option<Source>,
    /// A BCP 47 primary tag in lower case (`en`), told or detected.
    pub language: Option<String>,
    /// A digest of everything the publisher gave (`normalize::identity`): an edit changes it.
    pub digest: Vec<u8>,
}
