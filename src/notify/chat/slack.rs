//! Slack and compatible services: incoming webhooks (<https://api.slack.com/messaging/webhooks>). Stories are blocks of rich text, whose
//! elements are never read as markup; the fallback text is escaped as documented.

use serde_json::{Value, json};

use super::entry::{Entry, Lengths};
use crate::notify::notice::Notice;
use crate::text::plain::shortened;

const LENGTHS: Lengths = Lengths {
    headline: 250,
    summary: 300,
    source: 250,
    url: 2000,
};

/// Maximum length of the fallback, in characters.
const FALLBACK_CHARS_MAX: usize = 1000;

/// The body for these events: a block per story. 50 blocks are allowed.
pub fn body(notices: &[Notice]) -> String {
    let entries: Vec<Entry> = notices.iter().map(|n| Entry::of(n, LENGTHS)).collect();
    let headlines: Vec<&str> = entries.iter().map(|e| e.headline.as_str()).collect();
    let blocks: Vec<Value> = entries.iter().map(block).collect();
    json!({
        "text": escaped(&shortened(&headlines.join("; "), FALLBACK_CHARS_MAX)),
        "blocks": blocks,
        "unfurl_links": false,
        "unfurl_media": false,
    })
    .to_string()
}

fn block(entry: &Entry) -> Value {
    let style = json!({ "bold": true });
    let headline = match &entry.url {
        Some(url) => json!({ "type": "link", "url": url, "text": entry.headline, "style": style }),
        None => json!({ "type": "text", "text": entry.headline, "style": style }),
    };
    let mut elements = vec![headline];
    for text in [&entry.source, &entry.summary] {
        if !text.is_empty() {
            elements.push(json!({ "type": "text", "text": format!("\n{text}") }));
        }
    }
    json!({
        "type": "rich_text",
        "elements": [{ "type": "rich_text_section", "elements": elements }],
    })
}

/// The three characters that begin or end markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
