//! A story with its copies, or one copy, as shown to users: the JSON of contract.md.

use std::ops::{Deref, DerefMut};

use schemars::JsonSchema;
use serde::Serialize;

use super::{ArticleId, Category, Enclosure, FeedId, Person, Seq, Source, StoryId, Time};

/// The feed of an article.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct FeedRef {
    /// The feed's id.
    pub id: FeedId,
    /// As subscribed, without userinfo.
    #[schemars(extend("format" = "uri"))]
    pub url: String,
    /// Its title.
    pub title: String,
    /// Its site.
    #[schemars(extend("format" = "uri"))]
    pub site: Option<String>,
}

/// Another copy of a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Alternate {
    /// The feed as subscribed.
    #[schemars(extend("format" = "uri"))]
    pub feed_url: String,
    /// The feed's title.
    pub feed_title: String,
    /// The copy's page.
    #[schemars(extend("format" = "uri"))]
    pub url: Option<String>,
    /// The copy's headline.
    pub title: String,
    /// When that copy was published, as claimed.
    pub published: Option<Time>,
}

/// What a story and an article have in common. It is flattened into the JSON of both: a new field of the output is added here.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct Content {
    /// The headline.
    pub title: String,
    /// The page, as published.
    #[schemars(extend("format" = "uri"))]
    pub url: Option<String>,
    /// The summary.
    pub summary: String,
    /// The body; only if bodies were requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_html: Option<String>,
    /// The text of the body; only if bodies were requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_text: Option<String>,
    /// The paragraphs left out of the body as boilerplate; only if bodies were requested.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub boilerplate: Vec<String>,
    /// The authors.
    pub authors: Vec<Person>,
    /// The agencies credited.
    pub agencies: Vec<String>,
    /// The publisher's categories.
    pub categories: Vec<Category>,
    /// The folder and tags of the feed.
    pub tags: Vec<String>,
    /// The names of the topics.
    pub topics: Vec<String>,
    /// The language, a primary language tag.
    pub language: Option<String>,
    /// First publication, according to the publisher.
    pub published: Option<Time>,
    /// Last change, according to the publisher or as observed.
    pub updated: Option<Time>,
    /// When newswire first saw the article, or any copy of the story.
    pub first_seen: Time,
    /// The place in the river; never changes.
    pub arrived: Time,
    /// A picture.
    #[schemars(extend("format" = "uri"))]
    pub image: Option<String>,
    /// Attached files.
    pub enclosures: Vec<Enclosure>,
    /// The feed.
    pub feed: FeedRef,
}

/// All copies of an article. The content is that of its representative copy, except for `topics`, `first_seen` and `arrived`.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Story")]
pub struct StoryView {
    /// Never changes.
    pub id: StoryId,
    /// The sequence number of its last change.
    pub seq: Seq,
    /// Its content.
    #[serde(flatten)]
    pub content: Content,
    /// The number of copies, including the representative.
    pub copies: u32,
    /// The other copies.
    pub also_in: Vec<Alternate>,
}

/// One copy: an entry of a feed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Article")]
pub struct ArticleView {
    /// Never changes.
    pub id: ArticleId,
    /// The sequence number of its last change.
    pub seq: Seq,
    /// Its content.
    #[serde(flatten)]
    pub content: Content,
    /// The URL of the feed, as subscribed.
    #[schemars(extend("format" = "uri"))]
    pub feed_url: String,
    /// The id given by the publisher, unchanged.
    pub guid: Option<String>,
    /// The URL without tracking parameters.
    #[schemars(extend("format" = "uri"))]
    pub canonical_url: Option<String>,
    /// The page of its comments.
    pub comments_url: Option<String>,
    /// The rights that the publisher states.
    pub rights: Option<String>,
    /// Where the feed took it from, as the feed says.
    pub source: Option<Source>,
    /// Its story.
    pub story_id: StoryId,
    /// Why it belongs to its story; `None` for the first copy.
    pub same_as: Option<SameAs>,
    /// 1, plus the number of edits observed.
    pub revision: u32,
    /// The number of copies of its story.
    pub copies: u32,
}

impl Deref for StoryView {
    type Target = Content;

    fn deref(&self) -> &Content {
        &self.content
    }
}

impl DerefMut for StoryView {
    fn deref_mut(&mut self) -> &mut Content {
        &mut self.content
    }
}

impl Deref for ArticleView {
    type Target = Content;

    fn deref(&self) -> &Content {
        &self.content
    }
}

impl DerefMut for ArticleView {
    fn deref_mut(&mut self) -> &mut Content {
        &mut self.content
    }
}

/// A copy as a story of its own, with the id of the copy and without other copies.
impl From<ArticleView> for StoryView {
    fn from(a: ArticleView) -> Self {
        Self {
            id: StoryId(a.id.0),
            seq: a.seq,
            content: a.content,
            copies: a.copies,
            also_in: Vec::new(),
        }
    }
}

/// How a copy was found to belong to its story.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SameAs {
    /// `url`, `text` or `near`; `user` if a user joined them.
    pub signal: String,
    /// 0 to 1; 1 for equal.
    pub score: f64,
}

impl SameAs {
    /// The signal, and how alike they are, for people: `near-duplicate (65 %)`.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self.signal.as_str() {
            "url" => "same page".to_owned(),
            "text" => "same text".to_owned(),
            "user" => "joined by hand".to_owned(),
            _ => format!("near-duplicate ({:.0} %)", (self.score * 100.0).floor()),
        }
    }
}

impl StoryView {
    /// About how much memory it takes, in bytes: its texts, and the records that contain them.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of::<Self>()
            + self.content.texts_memory()
            + self.also_in.iter().map(Alternate::memory).sum::<usize>()
    }
}

impl ArticleView {
    /// About how much memory it takes, in bytes: its texts, and the records that contain them.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of::<Self>()
            + self.content.texts_memory()
            + self.feed_url.len()
            + length(&self.guid)
            + length(&self.canonical_url)
            + length(&self.comments_url)
            + length(&self.rights)
            + self.source.as_ref().map_or(0, source_memory)
    }
}

impl Alternate {
    /// About how much memory it takes, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of::<Self>()
            + self.feed_url.len()
            + self.feed_title.len()
            + self.title.len()
            + length(&self.url)
    }
}

impl Content {
    /// Drops the body, so that the content is as if bodies had not been requested.
    pub fn drop_body(&mut self) {
        self.content_html = None;
        self.content_text = None;
        self.boilerplate = Vec::new();
    }

    /// About how much memory its texts and lists take, in bytes, without the struct itself.
    fn texts_memory(&self) -> usize {
        let texts = [&self.title, &self.summary, &self.feed.url, &self.feed.title];
        let optional = [
            &self.url,
            &self.content_html,
            &self.content_text,
            &self.image,
        ];
        let lists = [&self.agencies, &self.tags, &self.topics, &self.boilerplate];
        texts.into_iter().map(String::len).sum::<usize>()
            + optional.into_iter().map(length).sum::<usize>()
            + lists
                .into_iter()
                .flatten()
                .map(|t| string_memory(t))
                .sum::<usize>()
            + facts_memory(&self.authors, &self.categories, &self.enclosures)
    }
}

fn length(text: &Option<String>) -> usize {
    text.as_ref().map_or(0, String::len)
}

fn source_memory(source: &Source) -> usize {
    length(&source.title) + length(&source.url) + length(&source.id)
}

fn string_memory(text: &str) -> usize {
    size_of::<String>() + text.len()
}

fn facts_memory(authors: &[Person], categories: &[Category], enclosures: &[Enclosure]) -> usize {
    let author = |a: &Person| {
        size_of::<Person>()
            + [&a.name, &a.email, &a.url]
                .into_iter()
                .map(length)
                .sum::<usize>()
    };
    let category =
        |c: &Category| size_of::<Category>() + c.term.len() + length(&c.label) + length(&c.scheme);
    let file = |e: &Enclosure| size_of::<Enclosure>() + e.url.len() + length(&e.mime);
    authors.iter().map(author).sum::<usize>()
        + categories.iter().map(category).sum::<usize>()
        + enclosures.iter().map(file).sum::<usize>()
}
