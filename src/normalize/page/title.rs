//! The headline of a page: the visible one if the metadata confirms it, else that of the metadata, without the name of the
//! site.

use super::json_ld::ArticleData;
use super::markup_hints::MarkupHints;
use crate::model::WebUrl;
use crate::text::fold::fold;
use crate::text::plain;

/// `meta` names of the headline, best first.
const METAS: &[&str] = &["og:title", "twitter:title", "dc.title", "sailthru.title"];
/// Separators between a headline and the name of its site.
const MARKS: &[&str] = &[
    " | ", " - ", " – ", " — ", " » ", " « ", " :: ", " · ", ": ",
];

/// The headline, one line.
pub(super) fn of(
    data: &ArticleData,
    hints: &MarkupHints,
    site: Option<&str>,
    url: &WebUrl,
) -> Option<String> {
    let declared: Vec<String> = [
        data.headline.clone(),
        hints.meta(METAS),
        hints.title.clone(),
    ]
    .into_iter()
    .flatten()
    .map(|text| plain::line(&html_escape::decode_html_entities(&text)))
    .filter(|text| !text.is_empty())
    .collect();
    let folded: Vec<String> = declared.iter().map(|t| fold(t)).collect();
    let is_site = |text: &str| is_site(text, site, url);
    let on_page = hints.headlines.iter().find(|headline| {
        let own = fold(headline);
        let is_declared = folded.iter().any(|declared| {
            let is_most = own.len() * 2 > declared.len();
            declared.starts_with(&own)
                || own.starts_with(declared)
                || is_most && declared.contains(&own)
        });
        is_declared && own.split_whitespace().count() > 1 && !is_site(headline)
    });
    on_page
        .cloned()
        .or_else(|| {
            declared
                .first()
                .map(|t| without_site(t, is_site).to_owned())
        })
        .or_else(|| hints.headlines.first().cloned())
}

/// Whether a text is the name of the site, as declared or as in its host name.
fn is_site(text: &str, site: Option<&str>, url: &WebUrl) -> bool {
    let folded = fold(text);
    let words: String = folded.split_whitespace().collect();
    let in_host = url.host().split('.').any(|label| {
        let label: String = label.chars().filter(|c| c.is_alphanumeric()).collect();
        label.len() > 3 && label == words
    });
    in_host || site.is_some_and(|s| fold(s) == folded)
}

/// A title without the name of its site before or after it.
fn without_site(title: &str, is_site: impl Fn(&str) -> bool) -> &str {
    for mark in MARKS {
        if let Some((head, tail)) = title.rsplit_once(mark)
            && is_site(tail)
        {
            return head.trim();
        }
        if let Some((head, tail)) = title.split_once(mark)
            && is_site(head)
        {
            return tail.trim();
        }
    }
    title
}
