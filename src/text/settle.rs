//! Texts in their final form: without control characters, and repaired where they were decoded wrongly. Only the text itself
//! decides, never the document around it, so that text from our own feeds stays as it is (SEC-14).

use std::borrow::Cow;

use super::{mojibake, plain};

/// One line of plain text.
#[must_use]
pub fn line(text: &str) -> String {
    settled(plain::line(&meant(text)), plain::line)
}

/// One line of a text that may hold references that its program forgot to resolve.
#[must_use]
pub fn line_of_text(text: &str) -> String {
    settled(plain::line_of_text(&meant(text)), plain::line)
}

/// One line of an HTML text. Damage may be in the source as characters or as references.
#[must_use]
pub fn line_of_html(html: &str) -> String {
    settled(plain::line_of_html(&meant(html)), plain::line)
}

/// Plain text of several lines.
#[must_use]
pub fn text(text: &str) -> String {
    let clean = |text: &str| plain::clean_text(text.trim()).into_owned();
    settled(clean(&meant(text)), clean)
}

/// Repaired HTML that `sanitize` has made safe.
#[must_use]
pub fn html(html: &str, sanitize: impl Fn(&str) -> String) -> String {
    settled(sanitize(&meant(html)), sanitize)
}

/// A part of sanitized HTML: it may be damaged where the whole was not.
#[must_use]
pub fn part_of_html(html: String) -> String {
    settled(html, |html| super::html::sanitize(html, None))
}

/// Whether [`part_of_html`] leaves a text as it is.
#[must_use]
pub fn is_settled(html: &str) -> bool {
    mojibake::meant(html).is_none()
}

fn meant(text: &str) -> Cow<'_, str> {
    mojibake::meant(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Every repaired text is shorter than the one before, so that this ends.
fn settled(mut text: String, clean: impl Fn(&str) -> String) -> String {
    while let Some(meant) = mojibake::meant(&text) {
        text = clean(&meant);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_mended_however_it_is_spelled_and_however_often_it_was_done() {
        for written in [
            "KÃ¶ln",
            "K&Atilde;&para;ln",
            "K&#195;&#182;ln",
            "KÃƒÂ¶ln",
            "K\u{1b}Ã¶ln",
        ] {
            assert_eq!(line_of_html(written), "Köln", "{written}");
        }
        assert_eq!(line("KÃ¶ln \u{fffd}"), "Köln \u{fffd}");
        assert_eq!(text("KÃ¶ln\r\nBonn"), "Köln\nBonn");
        assert_eq!(
            html("KÃ¶ln", |html| html.replace("ö", "ö\u{e9}")),
            "Kö\u{e9}ln"
        );
    }

    #[test]
    fn sec_14_what_is_mended_is_cleaned_after_it() {
        // U+202E and U+0085, each read as Windows-1252.
        assert_eq!(line("a â€® b"), "a b");
        assert_eq!(text("a\u{c2}\u{2026}b"), "ab");
    }
}
