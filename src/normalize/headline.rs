//! A headline without what papers set around it. Only for comparing: what is shown stays as published.

use std::collections::HashSet;

use crate::text::fold::fold;

/// Words, folded, that papers set before a headline, with a number or without: `UPDATE 2-`, `Breaking:`.
const BEFORE: &[&str] = &[
    "update",
    "wrapup",
    "refile",
    "corrected",
    "correction",
    "breaking",
    "breaking news",
    "just in",
    "watch",
    "exclusive",
    "live",
    "video",
    "photos",
    "in pictures",
    "opinion",
    "analysis",
    "factbox",
    "explainer",
    "eilmeldung",
    "liveticker",
    "pilne",
    "en direct",
    "ultima hora",
    "diretta",
    "updated",
];

/// Maximum length of a label before a headline, in characters.
const BEFORE_CHARS_MAX: usize = 24;

/// The headline without labels. `titles` are the feed's, folded: publishers append them after a dash or a bar.
#[must_use]
pub fn bare<'t>(headline: &'t str, titles: &[String]) -> &'t str {
    let mut text = headline.trim();
    for (mark, _) in headline.rmatch_indices(['-', '|', '–', '—']) {
        let behind = text
            .get(mark..)
            .and_then(|t| t.split_once(' ').map(|(_, rest)| rest));
        if behind.is_some_and(|b| titles.contains(&fold(b))) {
            text = text.get(..mark).unwrap_or(text).trim_end();
        }
    }
    while let Some((before, rest)) = text.split_once([':', '-', '–', '|'])
        && before.chars().count() <= BEFORE_CHARS_MAX
        && !rest.trim().is_empty()
        && is_set_before(before)
    {
        text = rest.trim_start();
    }
    text
}

/// Whether one headline is a correction of the other rather than another headline: at least half of their words are the same.
#[must_use]
pub fn is_reworded(one: &str, other: &str) -> bool {
    let words = |text: &str| -> HashSet<String> {
        let folded = fold(text);
        folded.split_whitespace().map(str::to_owned).collect()
    };
    let (one, other) = (words(one), words(other));
    let same = one.intersection(&other).count();
    same * 2 >= one.union(&other).count()
}

fn is_set_before(words: &str) -> bool {
    let folded = fold(words);
    let bare = folded
        .trim()
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .trim_end();
    BEFORE.contains(&bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_papers_set_around_a_headline_goes() {
        let titles = [fold("The Paper")];
        let bare = |headline| bare(headline, &titles);
        assert_eq!(
            bare("UPDATE 2-Harbours agree on tides"),
            "Harbours agree on tides"
        );
        assert_eq!(
            bare("Breaking: Harbours agree - The Paper"),
            "Harbours agree"
        );
        assert_eq!(bare("Harbours agree | The Paper"), "Harbours agree");
        assert_eq!(bare("UPDATE 1-WRAPUP 3: Harbours"), "Harbours");
        assert_eq!(
            bare("Tides: what to know - again"),
            "Tides: what to know - again"
        );
        assert_eq!(bare("Live"), "Live");
    }
}
