//! Who wrote the article of a page: names, from its data, its `meta` elements, elements that are marked as bylines, a line
//! near the headline that begins with "by" in some language.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::class_names::Phrases;
use super::json_ld::ArticleData;
use super::markup_hints::MarkupHints;
use crate::text::fold::fold;
use crate::text::plain;

/// `meta` names of authors, best first.
const METAS: &[&str] = &[
    "author",
    "article:author",
    "article:author_name",
    "parsely-author",
    "sailthru.author",
    "dc.creator",
    "dcterms.creator",
    "dc.creator.personalname",
    "citation_author",
    "byl",
    "cxenseparse:author",
    "rnews:author",
];
/// Words before names, in the languages of many papers.
static BY: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(
        "by, von, par, por, di, door, av, af, autor, author, written by, posted by, published by, reported by, text, \
         words by, story by, автор, yazan, geschrieben von, veröffentlicht von, publicado por, escrito por, \
         scritto da, écrit par, publié par",
    )
});
/// Between names.
const JOINTS: &[&str] = &[" and ", " & ", " und ", " et "];
/// Words in lower case in a line of names.
const PARTICLES: &[&str] = &[
    "and", "und", "et", "y", "e", "&", "de", "van", "von", "der", "den", "la", "di", "da", "al",
];
/// Maximum length of a name, in characters and in words.
const NAME_CHARS_MAX: usize = 70;
const NAME_WORDS_MAX: usize = 7;

/// The names, each once. `site` is not an author.
pub(super) fn of(
    data: &ArticleData,
    hints: &MarkupHints,
    near: &[String],
    site: Option<&str>,
) -> Vec<String> {
    let named = |text: &str| names(text, site);
    let candidates = [
        data.authors.iter().flat_map(|a| named(a)).collect(),
        hints.metas_of(METAS).flat_map(named).collect(),
        marked(hints, named),
        near.iter()
            .find(|line| is_byline(line))
            .map(|line| named(line))
            .unwrap_or_default(),
    ];
    let names: Vec<String> = candidates
        .into_iter()
        .find(|n| !n.is_empty())
        .unwrap_or_default();
    let mut unique = HashSet::new();
    names
        .into_iter()
        .filter(|n| unique.insert(fold(n)))
        .collect()
}

/// The first byline with a name. Adjacent ones are one byline; further ones belong to other articles.
fn marked(hints: &MarkupHints, named: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let mut found = hints.bylines.iter().map(|b| (b, named(&b.text)));
    let Some((first, mut names)) = found.find(|(_, names)| !names.is_empty()) else {
        return Vec::new();
    };
    let together = found.filter(|(b, _)| b.rank == first.rank && b.parent == first.parent);
    names.extend(together.flat_map(|(_, names)| names));
    names
}

/// Whether a line is "by" and names in capitals, and nothing else.
fn is_byline(line: &str) -> bool {
    let rest = without_by(line);
    let mut words = rest.split_whitespace();
    rest.len() < line.len()
        && rest.split_whitespace().count() <= NAME_WORDS_MAX
        && words.clone().count() > 1
        && words.all(|word| word.starts_with(char::is_uppercase) || PARTICLES.contains(&word))
}

/// The names that a byline holds.
fn names(text: &str, site: Option<&str>) -> Vec<String> {
    let text = plain::line(&html_escape::decode_html_entities(text));
    if text.contains("://") {
        return Vec::new();
    }
    let mut text = without_by(&text).to_owned();
    for joint in JOINTS {
        text = text.replace(joint, ",");
    }
    text.split([',', ';', '|', '•', '·', '/'])
        .map(|part| without_by(part.trim()).trim_matches([' ', ':', '-', '–', '—', '.', '@']))
        .filter(|name| is_name(name) && site.is_none_or(|s| fold(s) != fold(name)))
        .map(str::to_owned)
        .collect()
}

/// A byline without its "by".
fn without_by(text: &str) -> &str {
    let lower = text.to_lowercase();
    BY.iter()
        .filter(|by| {
            let rest = lower.strip_prefix(by);
            rest.is_some_and(|rest| rest.starts_with([' ', ':']))
        })
        .filter_map(|by| text.get(by.len()..))
        .map(|rest| rest.trim_start_matches([':', ' ']))
        .min_by_key(|rest| rest.len())
        .unwrap_or(text)
}

fn is_name(name: &str) -> bool {
    (2..=NAME_CHARS_MAX).contains(&name.chars().count())
        && name.split_whitespace().count() <= NAME_WORDS_MAX
        && name.chars().any(char::is_alphabetic)
        && !name.contains(|c: char| c.is_ascii_digit() || "@?!:\"“”{}<>=#".contains(c))
        && !name.contains("www.")
        && !BY.has(&name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_out_of_bylines() {
        let of = |text| names(text, Some("The Paper"));
        assert_eq!(
            of("By Ada Brandt and Lewis Oram"),
            ["Ada Brandt", "Lewis Oram"]
        );
        assert_eq!(of("Von: Ada Brandt"), ["Ada Brandt"]);
        assert_eq!(of("Ada Brandt, The Paper"), ["Ada Brandt"]);
        assert!(is_byline("Von Ada van der Brandt und Lewis Oram"));
        assert!(
            !is_byline("Di Maio attacca") && !is_byline("Text size") && !is_byline("Ada Brandt")
        );
        assert!(of("https://a.example/ada").is_empty());
        assert!(of("by").is_empty() && of("ada@a.example").is_empty() && of("12:30").is_empty());
    }
}
