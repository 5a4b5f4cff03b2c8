//! The words of an element's `class` and `id`: what its author calls it.

use dom_query::Element;

/// Longest class or id that is a name, in bytes.
const NAME_BYTES_MAX: usize = 60;

/// Words in lower case, each between spaces: `articleBody post-share_bar` is ` article body post share bar `.
pub(super) struct Words(String);

impl Words {
    pub(super) fn of(element: &Element) -> Self {
        let mut words = String::from(" ");
        for name in ["class", "id"] {
            let value = element.attr(name).unwrap_or_default();
            for name in value.split_ascii_whitespace().filter(|n| is_name(n)) {
                add(&mut words, name);
            }
        }
        Self(words)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.len() <= 1
    }

    /// Whether one of these phrases stands in it.
    pub(super) fn any(&self, phrases: &[&str]) -> bool {
        !self.is_empty() && phrases.iter().any(|p| self.has(p))
    }

    fn has(&self, phrase: &str) -> bool {
        self.0.match_indices(phrase).any(|(at, _)| {
            let bytes = self.0.as_bytes();
            bytes.get(at.wrapping_sub(1)) == Some(&b' ')
                && bytes.get(at + phrase.len()) == Some(&b' ')
        })
    }
}

/// Not a URL, nor a digest, nor what a program made up.
fn is_name(name: &str) -> bool {
    name.len() <= NAME_BYTES_MAX && !name.contains(['/', '.', ':'])
}

fn add(words: &mut String, value: &str) {
    let mut was_lower = false;
    for c in value.chars() {
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
