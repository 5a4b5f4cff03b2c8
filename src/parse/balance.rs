//! Which start tags of a document are never closed. Recovery may end an element early only if the document itself forgot
//! to: where it closes what it opens, its nesting is trusted. Never looks at what a name means.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use memchr::{memchr, memmem};

use super::mend::end_of_tag;

/// Maximum number of open elements that are tracked. In a document that opens more without closing any, nesting means
/// nothing.
const OPEN_MAX: usize = 65_536;

/// The start tags of one document that have no end tag.
#[derive(Debug, Default)]
pub struct Balance {
    /// Byte offsets of their `<`, ascending.
    unclosed: Vec<usize>,
    /// Of these, the ones that are open at the end of the document.
    cut_off: Vec<usize>,
}

impl Balance {
    /// Reads a text that [`super::mend`] has repaired, in linear time. An end tag belongs to the nearest open start tag of
    /// that name; elements opened in between have no end tag.
    pub fn of(text: &str) -> Self {
        let mut scan = Scan::default();
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(found) = bytes.get(at..).and_then(|b| memchr(b'<', b)) {
            let here = at + found;
            let rest = bytes.get(here..).unwrap_or_default();
            let len = match rest {
                [b'<', b'!', b'[', ..] => end_behind(rest, b"]]>"),
                [b'<', b'!', b'-', b'-', ..] => end_behind(rest, b"-->"),
                [b'<', b'?', ..] => end_behind(rest, b"?>"),
                [b'<', b'!', ..] => memchr(b'>', rest).map(|end| end + 1),
                _ => {
                    // What has no end is none: the document ends in it.
                    let len = end_of_tag(rest);
                    if let Some(tag) = len.and_then(|len| rest.get(..len)) {
                        scan.tag(here, tag);
                    }
                    len
                }
            };
            at = here + len.unwrap_or(rest.len()).max(1);
        }
        scan.finish()
    }

    /// Whether the start tag whose `<` is at byte `at` has an end tag.
    pub fn is_closed(&self, at: usize) -> bool {
        self.unclosed.binary_search(&at).is_err()
    }

    /// Whether the element that starts at byte `at` is open at the end of the document.
    pub fn is_cut_off(&self, at: usize) -> bool {
        self.cut_off.binary_search(&at).is_ok()
    }
}

fn end_behind(bytes: &[u8], end: &[u8]) -> Option<usize> {
    memmem::find(bytes, end).map(|at| at + end.len())
}

#[derive(Default)]
struct Scan {
    hasher: RandomState,
    /// Offset and name of every open element. Names are hashes, so that case costs no allocation.
    open: Vec<(usize, u64)>,
    /// How many of each name are open, so that a stray end tag costs nothing.
    count: HashMap<u64, usize>,
    unclosed: Vec<usize>,
}

impl Scan {
    fn tag(&mut self, at: usize, tag: &[u8]) {
        let inner = tag.get(1..).unwrap_or_default();
        let is_end = inner.first() == Some(&b'/');
        let inner = inner.get(usize::from(is_end)..).unwrap_or_default();
        let len = inner
            .iter()
            .position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'));
        let name = inner.get(..len.unwrap_or(inner.len())).unwrap_or_default();
        let name = self.hasher.hash_one(name.to_ascii_lowercase());
        if is_end {
            self.end(name);
        } else if !tag.ends_with(b"/>") {
            self.start(at, name);
        }
    }

    fn start(&mut self, at: usize, name: u64) {
        if self.open.len() >= OPEN_MAX {
            self.unclosed.push(at);
            return;
        }
        self.open.push((at, name));
        *self.count.entry(name).or_default() += 1;
    }

    fn end(&mut self, name: u64) {
        if self.count.get(&name).is_none_or(|n| *n == 0) {
            return;
        }
        while let Some((at, opened)) = self.open.pop() {
            if let Some(n) = self.count.get_mut(&opened) {
                *n -= 1;
            }
            if opened == name {
                return;
            }
            self.unclosed.push(at);
        }
    }

    fn finish(mut self) -> Balance {
        let cut_off: Vec<usize> = self.open.iter().map(|(at, _)| *at).collect();
        self.unclosed.extend(&cut_off);
        self.unclosed.sort_unstable();
        Balance {
            cut_off,
            unclosed: self.unclosed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unclosed(text: &str) -> Vec<&str> {
        let name = |at: &usize| {
            let (_, rest) = text.split_at(at + 1);
            rest.split(['>', ' ']).next().unwrap()
        };
        Balance::of(text).unclosed.iter().map(name).collect()
    }

    #[test]
    fn what_is_closed_is_closed_whatever_stands_between() {
        assert!(unclosed("<?xml?><a><B x='>'/><b>1</B><![CDATA[<c>]]><!-- <d> --></a>").is_empty());
    }

    #[test]
    fn an_end_tag_closes_the_nearest_start_of_its_name() {
        assert_eq!(
            unclosed("<a><link><item><link>x</link></item></a>"),
            ["link"]
        );
        assert_eq!(unclosed("<a><item>1<item>2</item></a>"), ["item"]);
        assert_eq!(unclosed("<a><b><i></b></i></a>"), ["i"]);
        assert_eq!(unclosed("<a><b><c>"), ["a", "b", "c"]);
    }

    #[test]
    fn sec_03_starts_and_ends_without_partners_cost_linear_time() {
        for text in [
            "<a>".repeat(300_000),
            "</a>".repeat(300_000),
            "<a></b>".repeat(200_000),
        ] {
            Balance::of(&text);
        }
        let mixed = "<a>".repeat(60_000) + &"<b></c>".repeat(100_000);
        assert!(!Balance::of(&mixed).is_closed(0));
    }
}
