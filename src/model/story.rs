//! What a reader is shown: a story with its copies, or one copy. Serialized field for field as `--json` prints it.

use serde::Serialize;

use super::{ArticleId, Category, Enclosure, FeedId, Person, Seq, StoryId, Time};

/// Which feed an article came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedRef {
    /// The feed's id.
    pub id: FeedId,
    /// As subscribed, without userinfo.
    pub url: String,
    /// Its title.
    pub title: String,
    /// Its site.
    pub site: Option<String>,
}

/// Another copy of a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alternate {
    /// The feed as subscribed.
    pub feed_url: String,
    /// The feed's title.
    pub feed_title: String,
    /// The copy's page.
    pub url: Option<String>,
    /// The copy's headline.
    pub title: String,
    /// When that copy was published, as claimed.
    pub published: Option<Time>,
}

/// All copies of one article, represented by the best one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StoryView {
    /// Never changes.
    pub id: StoryId,
    /// The sequence of its last change.
    pub seq: Seq,
    /// The headline of the representative.
    pub title: String,
    /// Its page, as published.
    pub url: Option<String>,
    /// Its standfirst.
    pub summary: String,
    /// Its body; only if bodies were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_html: Option<String>,
    /// Its text; only if bodies were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_text: Option<String>,
    /// The paragraphs that are left out of its body as boilerplate; only if bodies were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub boilerplate: Vec<String>,
    /// Who wrote it.
    pub authors: Vec<Person>,
    /// Agencies credited.
    pub agencies: Vec<String>,
    /// The publisher's labels.
    pub categories: Vec<Category>,
    /// The feed's folder and tags.
    pub tags: Vec<String>,
    /// The topics it belongs to, by name.
    pub topics: Vec<String>,
    /// A primary language tag.
    pub language: Option<String>,
    /// First publication, as the representative claims.
    pub published: Option<Time>,
    /// Last change of the representative.
    pub updated: Option<Time>,
    /// When newswire first found any copy.
    pub first_seen: Time,
    /// Its position in the river; never changes.
    pub arrived: Time,
    /// A picture.
    pub image: Option<String>,
    /// Its files.
    pub enclosures: Vec<Enclosure>,
    /// The feed of the representative.
    pub feed: FeedRef,
    /// The number of copies, the representative included.
    pub copies: u32,
    /// The other copies.
    pub also_in: Vec<Alternate>,
}

impl StoryView {
    /// About how many bytes of memory it takes: its texts, and the records that contain them.
    #[must_use]
    pub fn memory(&self) -> usize {
        let texts = [&self.title, &self.summary, &self.feed.url, &self.feed.title];
        let optional = [
            &self.url,
            &self.content_html,
            &self.content_text,
            &self.image,
        ];
        let lists = [&self.agencies, &self.tags, &self.topics, &self.boilerplate];
        size_of::<Self>()
            + texts.into_iter().map(String::len).sum::<usize>()
            + optional.into_iter().map(length).sum::<usize>()
            + lists
                .into_iter()
                .flatten()
                .map(|t| string_memory(t))
                .sum::<usize>()
            + facts_memory(&self.authors, &self.categories, &self.enclosures)
            + self.also_in.iter().map(Alternate::memory).sum::<usize>()
    }
}

impl Alternate {
    /// About how many bytes of memory it takes.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of::<Self>()
            + self.feed_url.len()
            + self.feed_title.len()
            + self.title.len()
            + length(&self.url)
    }
}

impl ArticleView {
    /// About how many bytes of memory it takes: its texts, and the records that contain them.
    #[must_use]
    pub fn memory(&self) -> usize {
        let texts = [&self.title, &self.summary, &self.feed.url, &self.feed.title];
        let optional = [
            &self.url,
            &self.content_html,
            &self.content_text,
            &self.image,
        ];
        let lists = [&self.agencies, &self.tags, &self.topics, &self.boilerplate];
        size_of::<Self>()
            + texts.into_iter().map(String::len).sum::<usize>()
            + optional.into_iter().map(length).sum::<usize>()
            + lists
                .into_iter()
                .flatten()
                .map(|t| string_memory(t))
                .sum::<usize>()
            + facts_memory(&self.authors, &self.categories, &self.enclosures)
            + self.feed_url.len()
            + length(&self.guid)
            + length(&self.canonical_url)
    }
}

fn length(text: &Option<String>) -> usize {
    text.as_ref().map_or(0, String::len)
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

/// A copy by itself, as a story of its own: it has the copy's id and no other copies.
impl From<ArticleView> for StoryView {
    fn from(a: ArticleView) -> Self {
        Self {
            id: StoryId(a.id.0),
            seq: a.seq,
            title: a.title,
            url: a.url,
            summary: a.summary,
            content_html: a.content_html,
            content_text: a.content_text,
            boilerplate: a.boilerplate,
            authors: a.authors,
            agencies: a.agencies,
            categories: a.categories,
            tags: a.tags,
            topics: a.topics,
            language: a.language,
            published: a.published,
            updated: a.updated,
            first_seen: a.first_seen,
            arrived: a.arrived,
            image: a.image,
            enclosures: a.enclosures,
            feed: a.feed,
            copies: a.copies,
            also_in: Vec::new(),
        }
    }
}

/// Why a copy belongs to its story.
#[derive(Debug, Clone, PartialEq, Serialize, serde::Deserialize)]
pub struct SameAs {
    /// `url`, `text` or `near`; `user` if a user joined them.
    pub signal: String,
    /// 0 to 1; 1 is equal.
    pub score: f64,
}

impl SameAs {
    /// The signal and the similarity for people: `near-duplicate (65 %)`.
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

/// One copy: one entry of one feed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArticleView {
    /// Never changes.
    pub id: ArticleId,
    /// The sequence of its last change.
    pub seq: Seq,
    /// The headline.
    pub title: String,
    /// The page, as published.
    pub url: Option<String>,
    /// The standfirst.
    pub summary: String,
    /// The body; only if bodies were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_html: Option<String>,
    /// The text; only if bodies were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_text: Option<String>,
    /// The paragraphs that are left out of its body as boilerplate; only if bodies were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub boilerplate: Vec<String>,
    /// Who wrote it.
    pub authors: Vec<Person>,
    /// Agencies credited.
    pub agencies: Vec<String>,
    /// The publisher's labels.
    pub categories: Vec<Category>,
    /// The feed's folder and tags.
    pub tags: Vec<String>,
    /// The topics it belongs to, by name.
    pub topics: Vec<String>,
    /// A primary language tag.
    pub language: Option<String>,
    /// First publication, as claimed.
    pub published: Option<Time>,
    /// Last change, as claimed or observed.
    pub updated: Option<Time>,
    /// When newswire first found it.
    pub first_seen: Time,
    /// Its position in the river; never changes.
    pub arrived: Time,
    /// A picture.
    pub image: Option<String>,
    /// Its files.
    pub enclosures: Vec<Enclosure>,
    /// Its feed.
    pub feed: FeedRef,
    /// As subscribed.
    pub feed_url: String,
    /// As written.
    pub guid: Option<String>,
    /// Without tracking and variants.
    pub canonical_url: Option<String>,
    /// Its story.
    pub story_id: StoryId,
    /// Why it is a copy; `None` for the first.
    pub same_as: Option<SameAs>,
    /// 1, plus one for every observed edit.
    pub revision: u32,
    /// How many copies its story has.
    pub copies: u32,
}
