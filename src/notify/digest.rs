//! A digest: the stories of some time in one document, as plain text and as HTML, the most printed first. One entry a story.

use super::chat::entry::{Entry, Lengths, title_of};
use super::notice::Notice;
use crate::text::plain::{line_of_text, shortened};

/// Maximum number of stories in a digest; others follow in another one.
pub const STORIES_MAX: usize = 200;

/// Maximum length of the first headline in a title, in characters.
const TITLE_CHARS_MAX: usize = 120;

const LENGTHS: Lengths = Lengths {
    headline: 300,
    summary: 400,
    source: 300,
    url: 2000,
};

/// A digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// `3 stories: ` and the first headline, on one line.
    pub title: String,
    /// Plain text.
    pub text: String,
    /// The same as a part of an HTML document.
    pub html: String,
}

/// The digest of these events.
pub fn digest(notices: &[Notice]) -> Digest {
    let mut sorted: Vec<&Notice> = notices.iter().collect();
    sorted.sort_by(|a, b| {
        let rank = |n: &Notice| (n.story.copies, n.story.arrived);
        rank(b).cmp(&rank(a)).then_with(|| a.id.cmp(&b.id))
    });
    let entries: Vec<Entry> = sorted.iter().map(|n| Entry::of(n, LENGTHS)).collect();
    let first = sorted
        .first()
        .map_or_else(String::new, |n| title_of(&n.story));
    let first = shortened(&line_of_text(&first), TITLE_CHARS_MAX);
    let title = match entries.len() {
        1 => first,
        n => format!("{n} stories: {first}"),
    };
    let text: Vec<String> = entries
        .iter()
        .map(|entry| format!("{}\n", entry.lines()))
        .collect();
    Digest {
        title,
        text: text.join("\n"),
        html: entries.iter().map(html).collect(),
    }
}

fn html(entry: &Entry) -> String {
    let text = |text: &str| html_escape::encode_text(text).into_owned();
    let headline = match &entry.url {
        Some(url) => format!(
            "<a href=\"{}\">{}</a>",
            html_escape::encode_double_quoted_attribute(url),
            text(&entry.headline)
        ),
        None => text(&entry.headline),
    };
    let summary = match entry.summary.as_str() {
        "" => String::new(),
        summary => format!("<br>{}", text(summary)),
    };
    format!(
        "<p><strong>{headline}</strong><br><em>{}</em>{summary}</p>\n",
        text(&entry.source)
    )
}

#[cfg(test)]
mod tests {
    use super::super::notice::{EventKind, sample_story};
    use super::*;
    use crate::model::{Alternate, Time};

    fn notice(n: u32, title: &str, copies: u32) -> Notice {
        let mut story = sample_story(Time::from_seconds(i64::from(n)));
        story.content.title = title.to_owned();
        story.copies = copies;
        story.also_in = (1..copies)
            .map(|n| Alternate {
                feed_url: String::new(),
                feed_title: format!("Paper {n}"),
                url: None,
                title: title.to_owned(),
                published: None,
            })
            .collect();
        Notice {
            id: format!("msg_{n}"),
            kind: EventKind::New,
            at: Time::EPOCH,
            story,
        }
    }

    #[test]
    fn the_most_printed_story_is_first_and_has_one_entry() {
        let digest = digest(&[
            notice(1, "Old", 1),
            notice(2, "Big", 3),
            notice(3, "New", 1),
        ]);
        assert_eq!(digest.title, "3 stories: Big");
        let at = |text: &str| digest.text.find(text).unwrap();
        assert!(
            at("Big") < at("New") && at("New") < at("Old"),
            "{}",
            digest.text
        );
        assert!(digest.text.contains("newswire, also in Paper 1, Paper 2\n"));
        assert_eq!(digest.html.matches("<p>").count(), 3);
    }

    #[test]
    fn texts_of_publishers_are_neither_markup_nor_header_lines() {
        let digest = digest(&[notice(1, "<script>&\r\nBcc: x@example.org", 1)]);
        assert_eq!(digest.title, "<script>& Bcc: x@example.org");
        assert!(
            digest.html.contains("&lt;script&gt;&amp;"),
            "{}",
            digest.html
        );
    }
}
