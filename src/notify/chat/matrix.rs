//! Matrix: a message in a room (<https://spec.matrix.org/latest/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid>).
//! The transaction id makes a repetition harmless.

use serde_json::json;
use url::Url;

use super::entry::{Entry, Lengths};
use crate::model::WebUrl;
use crate::notify::notice::Notice;
use crate::text::hash::sha256;

/// An event of a room may have 65,536 bytes.
const LENGTHS: Lengths = Lengths {
    headline: 200,
    summary: 200,
    source: 150,
    url: 500,
};

/// The address of a message: one for the same events.
pub fn address(server: &WebUrl, room: &str, notices: &[Notice]) -> Option<WebUrl> {
    let ids: Vec<&str> = notices.iter().map(|n| n.id.as_str()).collect();
    let transaction = match ids.as_slice() {
        [one] => (*one).to_owned(),
        several => hex::encode(sha256(several.join("\n").as_bytes())),
    };
    let mut url: Url = server.as_url().clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend([
        "_matrix",
        "client",
        "v3",
        "rooms",
        room,
        "send",
        "m.room.message",
        &transaction,
    ]);
    WebUrl::from_url(url).ok()
}

/// The body for these events: plain text, and the same as HTML with links. It mentions no user.
pub fn body(notices: &[Notice]) -> String {
    let entries: Vec<Entry> = notices.iter().map(|n| Entry::of(n, LENGTHS)).collect();
    let plain: Vec<String> = entries.iter().map(Entry::lines).collect();
    let html: Vec<String> = entries.iter().map(html).collect();
    json!({
        "msgtype": "m.notice",
        "body": plain.join("\n\n"),
        "format": "org.matrix.custom.html",
        "formatted_body": html.join("<br><br>"),
        "m.mentions": {},
    })
    .to_string()
}

fn html(entry: &Entry) -> String {
    let text = |text: &str| html_escape::encode_text(text).into_owned();
    let headline = match &entry.url {
        Some(url) => format!(
            "<a href=\"{}\"><strong>{}</strong></a>",
            html_escape::encode_double_quoted_attribute(url),
            text(&entry.headline)
        ),
        None => format!("<strong>{}</strong>", text(&entry.headline)),
    };
    let mut html = format!("{headline}<br>{}", text(&entry.source));
    if !entry.summary.is_empty() {
        html = format!("{html}<br>{}", text(&entry.summary));
    }
    html
}
