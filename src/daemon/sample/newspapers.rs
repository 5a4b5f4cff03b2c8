//! The texts of the sample's newspapers, a TOML file for each, embedded in the program. Their towns, people and events are
//! fictional. There are no dates here: an article has an age relative to the snapshot.

use serde::Deserialize;

/// The port in the URLs of the newspapers. They are served on it unless another program uses it.
pub const PORT: u16 = 8391;

/// The texts with the names of their files.
const TEXTS: [(&str, &str); 7] = [
    ("ledger.toml", include_str!("newspapers/ledger.toml")),
    ("courier.toml", include_str!("newspapers/courier.toml")),
    ("observer.toml", include_str!("newspapers/observer.toml")),
    ("lathe.toml", include_str!("newspapers/lathe.toml")),
    ("visnyk.toml", include_str!("newspapers/visnyk.toml")),
    ("shiomi.toml", include_str!("newspapers/shiomi.toml")),
    ("gazette.toml", include_str!("newspapers/gazette.toml")),
];

/// A newspaper.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Newspaper {
    /// The host name, below `localhost`.
    pub host: String,
    /// The format of the feed.
    pub format: Format,
    /// The path of the feed.
    pub feed: String,
    /// The previous path of the feed, which is now a page with a link to the new one.
    pub former_feed: Option<String>,
    /// The name.
    pub title: String,
    /// A description in one line.
    pub about: String,
    /// The language tag.
    pub language: String,
    /// Paragraphs at the end of every article.
    pub boilerplate: Vec<String>,
    /// The articles.
    #[serde(rename = "article")]
    pub articles: Vec<Article>,
}

/// An article.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Article {
    /// The name in URLs.
    pub slug: String,
    /// Age in minutes at the time of the snapshot.
    pub age: u32,
    /// The author.
    pub author: String,
    /// The section.
    pub section: String,
    /// The headline.
    pub headline: String,
    /// The standfirst.
    pub lead: String,
    /// Paragraphs separated by empty lines.
    pub body: String,
    /// The correction, if the article has one.
    pub corrected: Option<Correction>,
}

/// The corrected text of an article.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The headline.
    pub headline: String,
    /// Paragraphs separated by empty lines.
    pub body: String,
}

/// The format of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// RSS 2.0.
    Rss2,
    /// RSS 1.0.
    Rss1,
    /// Atom 1.0.
    Atom,
    /// JSON Feed 1.1.
    Json,
}

impl Format {
    /// The media type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Rss2 => "application/rss+xml; charset=utf-8",
            Self::Rss1 => "application/rdf+xml; charset=utf-8",
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Json => "application/feed+json",
        }
    }
}

impl Newspaper {
    /// The URL of the front page.
    pub fn home(&self) -> String {
        format!("http://{}:{PORT}/", self.host)
    }

    /// The URL of the feed.
    pub fn feed_url(&self) -> String {
        format!("http://{}:{PORT}{}", self.host, self.feed)
    }

    /// Whether it corrects an article.
    pub fn has_correction(&self) -> bool {
        self.articles.iter().any(|a| a.corrected.is_some())
    }
}

/// Reads all newspapers. One that cannot be read, which is a bug, is logged and omitted.
pub fn all() -> Vec<Newspaper> {
    let read = |(file, text): &(&str, &str)| {
        let newspaper = toml::from_str(text);
        newspaper
            .inspect_err(|e| tracing::error!("the sample's {file} cannot be read: {e}"))
            .ok()
    };
    TEXTS.iter().filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::config::environment::Environment;
    use crate::config::{ConfigFlags, SAMPLE, read_text};

    #[test]
    fn every_newspaper_can_be_read_and_has_a_feed_in_the_sample() {
        let newspapers = all();
        assert_eq!(newspapers.len(), TEXTS.len());
        let given = ConfigFlags {
            sample: true,
            db: Some("sample.db".into()),
            ..ConfigFlags::default()
        };
        let sample = read_text(SAMPLE, None, &given, &Environment::default()).unwrap();
        let declared: HashSet<String> = sample.feeds.iter().map(|f| f.url.to_string()).collect();
        for newspaper in &newspapers {
            let path = newspaper.former_feed.as_ref().unwrap_or(&newspaper.feed);
            let url = format!("http://{}:{PORT}{path}", newspaper.host);
            assert!(declared.contains(&url), "{url}");
        }
        let local = declared.iter().filter(|url| url.contains(".localhost:"));
        assert_eq!(local.count(), newspapers.len());
    }

    #[test]
    fn articles_are_complete_and_at_most_two_days_old() {
        for newspaper in all() {
            let mut slugs = HashSet::new();
            for article in &newspaper.articles {
                assert!((1..48 * 60).contains(&article.age), "{}", article.slug);
                assert!(slugs.insert(article.slug.clone()), "{}", article.slug);
                assert!(!article.headline.is_empty() && !article.lead.is_empty());
                assert!(
                    article.body.trim().split("\n\n").count() >= 2,
                    "{}",
                    article.slug
                );
            }
        }
    }
}
