//! A frame in a body becomes a link to what it shows, if that is on the public web.

use url::Url;

use super::attribute::value;
use super::tokens::Tag;

/// The link, in its own paragraph; empty if the frame shows nothing.
pub(super) fn link_to(tag: &Tag<'_>) -> String {
    let source = ["src", "data-src", "data-lazy-src"]
        .iter()
        .find_map(|name| value(tag, name).filter(|v| !v.is_empty()));
    let Some(url) = source.as_deref().and_then(absolute) else {
        return String::new();
    };
    let is_pixel =
        |name| value(tag, name).is_some_and(|v| matches!(v.as_str(), "0" | "1" | "0px" | "1px"));
    if is_pixel("width") || is_pixel("height") {
        return String::new();
    }
    let page = page_of(&url).unwrap_or_else(|| url.to_string());
    let host = url
        .host_str()
        .unwrap_or_default()
        .trim_start_matches("www.");
    let name = value(tag, "title").filter(|t| !t.is_empty());
    let name = name.unwrap_or_else(|| host.to_owned());
    let href = html_escape::encode_double_quoted_attribute(&page).into_owned();
    format!(
        "<p><a href=\"{href}\">{}</a></p>",
        html_escape::encode_text(&name)
    )
}

fn absolute(written: &str) -> Option<Url> {
    let whole = match written.strip_prefix("//") {
        Some(rest) => format!("https://{rest}"),
        None => written.to_owned(),
    };
    let url = Url::parse(&whole).ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// The page of a video whose player has a different address.
fn page_of(player: &Url) -> Option<String> {
    let host = player.host_str()?.trim_start_matches("www.");
    let mut path = player.path_segments()?;
    match (host, path.next()?, path.next()) {
        ("youtube.com" | "youtube-nocookie.com", "embed", Some(id))
            if id != "videoseries" && !id.is_empty() =>
        {
            Some(format!("https://www.youtube.com/watch?v={id}"))
        }
        ("player.vimeo.com", "video", Some(id)) => Some(format!("https://vimeo.com/{id}")),
        ("dailymotion.com", "embed", Some("video")) => Some(format!(
            "https://www.dailymotion.com/video/{}",
            path.next()?
        )),
        _ => None,
    }
}
