//! An article on its way into the store.

use super::{Category, Enclosure, Person, Source, Time, WebUrl};

/// One entry of one feed after cleaning, before it is compared with stored articles. `normalize` makes it; `dedup` and
/// `store` read it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Draft {
    /// The guid as written, if the publisher gave one.
    pub guid: Option<String>,
    /// The identity within the feed: the guid, else the link, else a digest (`normalize::identity`). Unique within one
    /// document.
    pub key: String,
    /// The article's page, as published.
    pub url: Option<WebUrl>,
    /// The same without tracking parameters, AMP and variants: equal for copies of one page.
    pub canonical_url: Option<WebUrl>,
    /// The headline: one line, plain.
    pub title: String,
    /// The standfirst or summary: one line, plain, at most a few hundred characters. Empty if there is none.
    pub summary: String,
    /// The sanitized body (content, else summary) without headline, standfirst and byline. Boilerplate is included; it is
    /// left out when the body is read. Empty if there is none.
    pub content_html: String,
    /// The readable text of the body, boilerplate left out. Derived from `content_html`; never stored.
    pub content_text: String,
    /// Whether the whole text is boilerplate: then it does not identify the article. Never stored.
    pub is_boilerplate: bool,
    /// First publication, as claimed; `None` if the publisher gave none.
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
    /// Where it was taken from, according to the feed.
    pub source: Option<Source>,
    /// A BCP 47 primary tag in lower case (`en`), declared or detected.
    pub language: Option<String>,
    /// A digest of everything that the publisher sent (`normalize::identity`): an edit changes it.
    pub digest: Vec<u8>,
}
