//! What a message says about one story, as plain text.

use crate::model::StoryView;
use crate::notify::notice::{EventKind, Notice};
use crate::text::plain::{line_of_text, shortened};

/// Names of other feeds that are listed.
const ALSO_IN_MAX: usize = 4;

/// The parts of what is said about a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The headline, with what happened if the story is not new.
    pub headline: String,
    /// Its page, if it is short enough to be sent.
    pub url: Option<String>,
    /// The feed, and `also in …`.
    pub source: String,
    /// The beginning of the summary; may be empty.
    pub summary: String,
}

/// Maximum lengths, in characters; that of a URL in bytes.
#[derive(Debug, Clone, Copy)]
pub struct Lengths {
    /// Of the headline.
    pub headline: usize,
    /// Of the summary.
    pub summary: usize,
    /// Of the source.
    pub source: usize,
    /// Of the URL, which is left out if it is longer.
    pub url: usize,
}

impl Entry {
    /// What is said about a story within these lengths.
    pub fn of(notice: &Notice, lengths: Lengths) -> Self {
        let story = &notice.story;
        let prefix = match notice.kind {
            EventKind::New => String::new(),
            EventKind::Updated => "Updated: ".to_owned(),
            EventKind::Grew => format!("{} copies: ", story.copies),
        };
        Self {
            headline: shortened(
                &format!("{prefix}{}", line_of_text(&title_of(story))),
                lengths.headline,
            ),
            url: story.url.clone().filter(|url| url.len() <= lengths.url),
            source: shortened(&source_of(story), lengths.source),
            summary: match lengths.summary {
                0 => String::new(),
                most => shortened(&story.summary, most),
            },
        }
    }

    /// On several lines: headline, source, summary, URL.
    pub fn lines(&self) -> String {
        let url = self.url.as_deref().unwrap_or_default();
        let lines = [self.headline.as_str(), &self.source, &self.summary, url];
        let lines: Vec<&str> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        lines.join("\n")
    }
}

/// The headline; the beginning of the summary if there is none.
pub fn title_of(story: &StoryView) -> String {
    match story.title.trim() {
        "" if story.summary.is_empty() => "(without a headline)".to_owned(),
        "" => shortened(&story.summary, 100),
        title => title.to_owned(),
    }
}

/// `The Argus, also in The Herald, The Times and 3 more`.
pub fn source_of(story: &StoryView) -> String {
    let mut names: Vec<&str> = Vec::new();
    for copy in &story.also_in {
        let name = copy.feed_title.as_str();
        if name != story.feed.title && !names.contains(&name) {
            names.push(name);
        }
    }
    let first = shortened(&story.feed.title, 60);
    let listed: Vec<String> = names
        .iter()
        .take(ALSO_IN_MAX)
        .map(|name| shortened(name, 40))
        .collect();
    match names.len().saturating_sub(ALSO_IN_MAX) {
        _ if listed.is_empty() => first,
        0 => format!("{first}, also in {}", listed.join(", ")),
        more => format!("{first}, also in {} and {more} more", listed.join(", ")),
    }
}

/// Headlines with their URLs, a story after the other, in at most `bytes_max` bytes.
pub fn digest(notices: &[Notice], bytes_max: usize) -> String {
    for (headline, source, url) in [(200, 120, 400), (120, 60, 200), (80, 0, 0), (40, 0, 0)] {
        let lengths = Lengths {
            headline,
            summary: 0,
            source,
            url,
        };
        let entries = notices.iter().map(|notice| {
            let mut entry = Entry::of(notice, lengths);
            if source == 0 {
                entry.source.clear();
            }
            entry.lines()
        });
        let text = entries.collect::<Vec<_>>().join("\n\n");
        if text.len() <= bytes_max {
            return text;
        }
    }
    format!("{} stories", notices.len())
}
