//! ntfy: a JSON object to the root of the server (<https://docs.ntfy.sh/publish/#publish-as-json>). Unlike headers, JSON holds any
//! character.

use serde_json::json;

use super::entry::{Entry, Lengths, digest};
use crate::notify::notice::Notice;

/// Maximum size of the text, in bytes: ntfy makes a file of one of more than 4,096.
const TEXT_BYTES_MAX: usize = 4000;

const LENGTHS: Lengths = Lengths {
    headline: 200,
    summary: 600,
    source: 200,
    url: 2000,
};

/// The body for these events and this topic.
pub fn body(topic: &str, notices: &[Notice]) -> String {
    let message = match notices {
        [one] => {
            let entry = Entry::of(one, LENGTHS);
            let text = match entry.summary.as_str() {
                "" => entry.source.clone(),
                summary => format!("{summary}\n{}", entry.source),
            };
            let mut message = json!({ "topic": topic, "title": entry.headline, "message": text });
            if let (Some(url), Some(fields)) = (&entry.url, message.as_object_mut()) {
                fields.insert("click".to_owned(), json!(url));
            }
            message
        }
        several => json!({
            "topic": topic,
            "title": format!("{} stories", several.len()),
            "message": digest(several, TEXT_BYTES_MAX),
        }),
    };
    message.to_string()
}
