//! The headline of a page: the one that stands on it if its data know it, else what its data say, without the name of the
//! site.

use super::json_ld::Said;
use super::seen::Seen;
use crate::model::WebUrl;
use crate::text::fold::fold;
use crate::text::plain;

/// `meta` names of the headline, best first.
const METAS: &[&str] = &["og:title", "twitter:title", "dc.title", "sailthru.title"];
/// What stands between a headline and the name of its site.
const MARKS: &[&str] = &[
    " | ", " - ", " – ", " — ", " » ", " « ", " :: ", " · ", ": ",
];

/// The headline, one line.
pub(super) fn of(said: &Said, seen: &Seen, site: Option<&str>, url: &WebUrl) -> Option<String> {
    let told: Vec<String> = [said.headline.clone(), seen.meta(METAS), seen.title.clone()]
        .into_iter()
        .flatten()
        .map(|text| plain::line(&html_escape::decode_html_entities(&text)))
        .filter(|text| !text.is_empty())
        .collect();
    let folded: Vec<String> = told.iter().map(|t| fold(t)).collect();
    let is_site = |text: &str| is_site(text, site, url);
    let on_page = seen.headlines.iter().find(|headline| {
        let own = fold(headline);
        let is_told = folded.iter().any(|told| {
            let is_most = own.len() * 2 > told.len();
            told.starts_with(&own) || own.starts_with(told) || is_most && told.contains(&own)
        });
        is_told && own.split_whitespace().count() > 1 && !is_site(headline)
    });
    on_page
        .cloned()
        .or_else(|| told.first().map(|t| without_site(t, is_site).to_owned()))
        .or_else(|| seen.headlines.first().cloned())
}

/// Whether a text is the name of the site, as it says or as its host has it.
fn is_site(text: &str, site: Option<&str>, url: &WebUrl) -> bool {
    let folded = fold(text);
    let words: String = folded.split_whitespace().collect();
    let in_host = url.host().split('.').any(|label| {
        let label: String = label.chars().filter(|c| c.is_alphanumeric()).collect();
        label.len() > 3 && label == words
    });
    in_host || site.is_some_and(|s| fold(s) == folded)
}

/// A title without the name of its site behind or before it.
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
