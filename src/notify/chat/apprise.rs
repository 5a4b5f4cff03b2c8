//! Apprise API, which passes a message on to many services (<https://github.com/caronc/apprise-api#api-details>). It is sent as plain
//! text, so that it has no markup in any of them.

use serde_json::json;

use super::entry::{Entry, Lengths, digest};
use crate::notify::notice::Notice;

/// Maximum size of the text, in bytes: what most services accept.
const TEXT_BYTES_MAX: usize = 4000;

const LENGTHS: Lengths = Lengths {
    headline: 200,
    summary: 600,
    source: 200,
    url: 2000,
};

/// The body for these events.
pub fn body(notices: &[Notice]) -> String {
    let (title, text) = match notices {
        [one] => {
            let mut entry = Entry::of(one, LENGTHS);
            let title = std::mem::take(&mut entry.headline);
            (title, entry.lines())
        }
        several => (
            format!("{} stories", several.len()),
            digest(several, TEXT_BYTES_MAX),
        ),
    };
    json!({ "title": title, "body": text, "type": "info", "format": "text" }).to_string()
}
