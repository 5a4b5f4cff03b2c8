//! The words of an element's `class` and `id`: what its author calls it.

use std::collections::HashSet;

use dom_query::Element;

/// Maximum length of a class or id that is a name, in bytes.
const NAME_BYTES_MAX: usize = 60;
/// Maximum number of words in a phrase.
const PHRASE_WORDS_MAX: usize = 3;

/// Words in lower case with a space before, between and after: `articleBody post-share_bar` is
/// ` article body post share bar `.
pub(super) struct Words(String);

impl Words {
    /// The names of an element.
    pub(super) fn of(element: &Element) -> Self {
        let mut words = String::from(" ");
        for attribute in ["class", "id"] {
            let value = element.attr(attribute).unwrap_or_default();
            for name in value.split_ascii_whitespace().filter(|n| is_name(n)) {
                add(&mut words, name);
            }
        }
        Self(words)
    }

    /// Whether one of these phrases occurs in it.
    pub(super) fn any(&self, phrases: &Phrases) -> bool {
        let gaps: Vec<usize> = self.0.match_indices(' ').map(|(at, _)| at).collect();
        (1..=PHRASE_WORDS_MAX).any(|words| {
            gaps.windows(words + 1).any(|gaps| {
                let (Some(from), Some(to)) = (gaps.first(), gaps.last()) else {
                    return false;
                };
                self.0.get(from + 1..*to).is_some_and(|p| phrases.has(p))
            })
        })
    }
}

/// A list of phrases, written as one string with commas.
pub(super) struct Phrases(HashSet<&'static str>);

impl Phrases {
    /// Takes a list apart.
    pub(super) fn of(list: &'static str) -> Self {
        Self(list.split(',').map(str::trim).collect())
    }

    /// Whether this is one of them.
    pub(super) fn has(&self, phrase: &str) -> bool {
        self.0.contains(phrase)
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().copied()
    }
}

/// Not a URL, nor a digest, nor what a program made up.
fn is_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX && !name.contains(['/', '.', ':'])
}

fn add(words: &mut String, name: &str) {
    let mut was_lower = false;
    for c in name.chars() {
        if c.is_alphanumeric() {
            if c.is_uppercase() && was_lower {
                words.push(' ');
            }
            was_lower = c.is_lowercase();
            words.extend(c.to_lowercase());
        } else {
            was_lower = false;
            if !words.ends_with(' ') {
                words.push(' ');
            }
        }
    }
    if !words.ends_with(' ') {
        words.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use dom_query::Document;

    use super::*;

    #[test]
    fn classes_and_ids_are_words_and_phrases_of_them_are_found() {
        let page =
            Document::from("<p class='articleBody post-share_bar x.y' id='https://a/share'>");
        let p = page.select("p");
        let words = Words::of(&p.nodes()[0].element_ref().unwrap());
        assert_eq!(words.0, " article body post share bar ");
        let has = |list| words.any(&Phrases::of(list));
        assert!(has("nothing, share bar") && has("body") && has("body post share"));
        assert!(!has("bar x") && !has("share b") && !has(""));
    }
}
