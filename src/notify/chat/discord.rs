//! Discord: webhooks (<https://docs.discord.com/developers/resources/webhook#execute-webhook>). A story is an embed. Markup in texts is
//! escaped, and no text can mention anyone.

use serde_json::{Value, json};

use super::entry::{Entry, Lengths};
use crate::notify::notice::Notice;

/// All embeds of a message may have 6,000 characters together; ten of these have fewer, also if each is escaped.
const LENGTHS: Lengths = Lengths {
    headline: 120,
    summary: 90,
    source: 80,
    url: 2000,
};

/// The body for these events: an embed per story, at most ten.
pub fn body(notices: &[Notice]) -> String {
    let embeds: Vec<Value> = notices.iter().map(embed).collect();
    json!({
        "embeds": embeds,
        "allowed_mentions": { "parse": [] },
    })
    .to_string()
}

fn embed(notice: &Notice) -> Value {
    let entry = Entry::of(notice, LENGTHS);
    let mut embed = json!({
        "title": escaped(&entry.headline),
        // A footer has no markup.
        "footer": { "text": entry.source },
        "timestamp": notice.story.arrived,
    });
    if let Some(fields) = embed.as_object_mut() {
        if let Some(url) = &entry.url {
            fields.insert("url".to_owned(), json!(url));
        }
        if !entry.summary.is_empty() {
            fields.insert("description".to_owned(), json!(escaped(&entry.summary)));
        }
    }
    embed
}

/// Escapes the characters of Discord's Markdown, and what begins mentions and emoji.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\*_~`|>#[]()<@:-".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
