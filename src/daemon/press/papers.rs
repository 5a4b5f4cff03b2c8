//! The papers as they are written: a TOML file each, embedded in the program. Their towns, people and events are made up.
//! Knows no dates: an article says how old it is when the edition comes out.

use serde::Deserialize;

/// The port in the papers' URLs, and where they are served unless another program has it.
pub const PORT: u16 = 8391;

/// The texts, by the name of their file.
const TEXTS: [(&str, &str); 7] = [
    ("ledger.toml", include_str!("papers/ledger.toml")),
    ("courier.toml", include_str!("papers/courier.toml")),
    ("observer.toml", include_str!("papers/observer.toml")),
    ("lathe.toml", include_str!("papers/lathe.toml")),
    ("visnyk.toml", include_str!("papers/visnyk.toml")),
    ("shiomi.toml", include_str!("papers/shiomi.toml")),
    ("gazette.toml", include_str!("papers/gazette.toml")),
];

/// A paper.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paper {
    /// Its host name, below `localhost`.
    pub host: String,
    /// The format of its feed.
    pub format: Format,
    /// The path of its feed.
    pub feed: String,
    /// Where the feed was before; a page that links to the new one is there now.
    pub former_feed: Option<String>,
    /// Its name.
    pub title: String,
    /// What it is, in a line.
    pub about: String,
    /// The language tag.
    pub language: String,
    /// Paragraphs at the end of every article.
    pub boilerplate: Vec<String>,
    /// What it prints.
    #[serde(rename = "article")]
    pub articles: Vec<Article>,
}

/// An article.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Article {
    /// Its name in URLs.
    pub slug: String,
    /// Minutes from its publication to the edition.
    pub age: u32,
    /// Who wrote it.
    pub author: String,
    /// The section that it stands in.
    pub section: String,
    /// The headline.
    pub headline: String,
    /// The standfirst.
    pub lead: String,
    /// Paragraphs, parted by empty lines.
    pub body: String,
    /// What the paper puts in its place when it has found a mistake.
    pub corrected: Option<Correction>,
}

/// The corrected text of an article.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The headline.
    pub headline: String,
    /// Paragraphs, parted by empty lines.
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

impl Paper {
    /// The URL of its first page.
    pub fn home(&self) -> String {
        format!("http://{}:{PORT}/", self.host)
    }

    /// The URL of its feed.
    pub fn feed_url(&self) -> String {
        format!("http://{}:{PORT}{}", self.host, self.feed)
    }

    /// Whether it has something to correct.
    pub fn has_correction(&self) -> bool {
        self.articles.iter().any(|a| a.corrected.is_some())
    }
}

/// Reads all papers. One that cannot be read, a bug, is left out and told in the log.
pub fn all() -> Vec<Paper> {
    let read = |(file, text): &(&str, &str)| {
        let paper = toml::from_str(text);
        paper
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
    use crate::config::{Given, SAMPLE, read_text};

    #[test]
    fn every_paper_can_be_read_and_has_a_feed_in_the_sample() {
        let papers = all();
        assert_eq!(papers.len(), TEXTS.len());
        let given = Given {
            sample: true,
            db: Some("sample.db".into()),
            ..Given::default()
        };
        let sample = read_text(SAMPLE, None, &given, &Environment::default()).unwrap();
        let declared: HashSet<String> = sample.feeds.iter().map(|f| f.url.to_string()).collect();
        for paper in &papers {
            let path = paper.former_feed.as_ref().unwrap_or(&paper.feed);
            let url = format!("http://{}:{PORT}{path}", paper.host);
            assert!(declared.contains(&url), "{url}");
        }
        let local = declared.iter().filter(|url| url.contains(".localhost:"));
        assert_eq!(local.count(), papers.len());
    }

    #[test]
    fn articles_are_of_the_last_two_days_and_whole() {
        for paper in all() {
            let mut slugs = HashSet::new();
            for article in &paper.articles {
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
