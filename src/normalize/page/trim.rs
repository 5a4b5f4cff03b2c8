//! Removes lines above, between and below the main text that are not part of it: headline and dateline repeated, pointers to
//! other pages of the site, calls to follow and to subscribe. Judges lines by their form, and by words only where the form
//! is not enough.

use super::lines::Line;
use crate::model::WebUrl;
use crate::text::blocks::{self, Block};
use crate::text::body::Body;
use crate::text::fold::fold;
use crate::text::html;
use crate::text::tokens::{self, Token};

/// The number of lines from the top that may belong to the head of a page, and from the bottom to its foot.
const HEAD_LINES: usize = 8;
const FOOT_LINES: usize = 6;

/// The text without those lines; unchanged if nothing would be left.
pub(super) fn trim(body: &str, url: &WebUrl, title: Option<&str>) -> String {
    let read = Body::read(body.to_owned());
    let all: Vec<&Block> = read
        .blocks()
        .iter()
        .filter(|b| has_words(body.get(b.start..b.end).unwrap_or_default()))
        .collect();
    let lines: Vec<Line<'_>> = all.iter().map(|b| Line::of(b, body, url)).collect();
    let first = lines.iter().position(Line::is_prose).unwrap_or(0);
    let last = lines.iter().rposition(Line::is_prose);
    let last = last.unwrap_or(lines.len());
    let foot = lines.len().saturating_sub(FOOT_LINES);
    // Without prose below it, it is not a head.
    let head = first.max(HEAD_LINES).min(last);
    let title = fold(title.unwrap_or_default());
    let mut goes: Vec<bool> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| {
            at < first && line.is_above()
                || at < head && line.is_head(&title)
                || at > last && line.is_below()
                || at >= foot && line.is_call()
                || line.is_noise()
        })
        .collect();
    headings_of_nothing(&lines, &mut goes);
    let dropped: Vec<&Block> = lines
        .iter()
        .zip(&goes)
        .filter(|(_, goes)| **goes)
        .map(|(line, _)| line.block)
        .collect();
    if dropped.len() == lines.len() {
        body.to_owned()
    } else {
        // The rest may be simpler now and is written that way.
        html::sanitize(&blocks::without(body, &dropped), None)
    }
}

/// Whether a block holds more than pictures.
fn has_words(html: &str) -> bool {
    tokens::of(html).any(|token| matches!(token, Token::Text(text) if !text.trim().is_empty()))
}

/// A heading goes with what it headed.
fn headings_of_nothing(lines: &[Line<'_>], goes: &mut [bool]) {
    let mut below_goes = true;
    for (line, goes) in lines.iter().zip(goes).rev() {
        *goes |= line.is_heading && below_goes;
        below_goes = *goes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::html_text;

    fn left(html: &str) -> String {
        let url = WebUrl::parse("https://www.paper.example/tides").unwrap();
        html_text::from_html(&trim(html, &url, Some("Harbours agree on tides")))
    }

    const TEXT: &str = "<p>The mayors of two harbours met on a pier and spoke about tides.</p>\
                        <p>They will meet again in spring, when the tides are high.</p>";
    const BARE: &str = "The mayors of two harbours met on a pier and spoke about tides.\n\n\
                        They will meet again in spring, when the tides are high.";

    #[test]
    fn what_stands_above_the_text_goes() {
        for above in [
            "<h2>Harbours agree on tides</h2>",
            "<p>World news</p>",
            "<p>By Ada Brandt</p><p>Published 2030-01-05</p>",
            "<p>The Associated Press</p>",
            "<ul><li><a href='https://www.paper.example/sections/world'>All of the news of the world</a></li></ul>",
        ] {
            assert_eq!(left(&format!("{above}{TEXT}")), BARE, "{above}");
        }
        let table = "<table><tr><td>Harbour</td><td>14</td></tr></table>";
        assert!(left(&format!("{table}{TEXT}")).starts_with("Harbour"));
    }

    #[test]
    fn what_stands_below_the_text_goes() {
        for below in [
            "<h3>More stories</h3><ul><li><a href='https://paper.example/2'>Two boats and a lighthouse</a></li></ul>",
            "<p>Follow us on Twitter and Facebook.</p>",
            "<p>Have a tip? The writer may be reached at <a href='mailto:a@paper.example'>a@paper.example</a> by email</p>",
            "<p>Abonnieren Sie unseren Newsletter, der jeden Morgen kommt.</p>",
            "<p>Comments</p>",
        ] {
            assert_eq!(left(&format!("{TEXT}{below}")), BARE, "{below}");
        }
        assert!(left(&format!("{TEXT}<p>Reuters</p>")).ends_with("Reuters"));
    }

    #[test]
    fn pointers_between_go_and_links_elsewhere_stay() {
        let inside = "<p>First, a paragraph about tides.</p><p><a href='https://paper.example/3'>BOATS COLLIDE IN FOG</a></p><p>Last, a paragraph about boats.</p>";
        assert_eq!(
            left(inside),
            "First, a paragraph about tides.\n\nLast, a paragraph about boats."
        );
        let outside = inside.replace("paper.example/3", "shop.example/3");
        assert!(left(&outside).contains("BOATS COLLIDE"));
        assert_eq!(left("<p>Share</p>"), "Share", "never nothing");
    }
}
