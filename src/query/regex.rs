//! Regular expressions: linear in the text, bounded when compiled (SEC-15), and interruptible in the middle of a text
//! (SEC-21). All evaluators use this type, so that they agree on how much of a text is searched.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::syntax;
use regex_automata::{Input, MatchKind, meta};

/// The largest single automaton, in bytes (SEC-15).
const AUTOMATON_BYTES_MAX: usize = 1 << 20;

/// The largest regular expression with a word boundary, in bytes when compiled: it has no interruptible automaton for
/// non-ASCII text.
const BOUNDARY_BYTES_MAX: usize = 256 << 10;

/// The longest source, in bytes: parsing `\pL` a thousand times takes memory before the size of the automaton is known.
const SOURCE_BYTES_MAX: usize = 4096;

/// The cache of a search for lazily built states, in bytes.
const CACHE_BYTES: usize = 256 << 10;

/// The cost of a search is at most text times states of the automaton. Below this product (of bytes and bytes) it takes less
/// than half a second and need not be interruptible.
const UNCHECKED_WORK_MAX: usize = 1 << 31;

/// At this product it takes about three seconds.
const UNINTERRUPTED_MAX: usize = 1 << 34;

/// Bytes of text between two checks of `stop`.
const STOP_CHECK_BYTES: usize = 256;

/// A compiled regular expression. Two are equal if their sources are.
#[derive(Clone)]
pub struct Regex {
    source: String,
    ignore_case: bool,
    compiled: Arc<Compiled>,
}

struct Compiled {
    engine: meta::Regex,
    bytes: usize,
    /// For long texts: built for the first one; `None` inside if it cannot be built.
    interruptible: OnceLock<Option<InterruptibleDfa>>,
}

/// A lazy automaton that is stepped byte by byte, so that the search can stop.
struct InterruptibleDfa {
    dfa: DFA,
    cache: Mutex<Option<Cache>>,
}

impl Regex {
    /// Compiles `/source/`, or `/source/i`, into at most `bytes_max` bytes.
    ///
    /// # Errors
    /// What is wrong with it, to follow "bad regular expression: ".
    pub fn new(source: &str, ignore_case: bool, bytes_max: usize) -> Result<Self, String> {
        let too_large = || {
            format!(
                "it is too large; all regular expressions of an expression may take {} KiB when compiled, and {} bytes as written",
                super::budget::COMPILED_BYTES_MAX >> 10,
                SOURCE_BYTES_MAX
            )
        };
        if source.len() > SOURCE_BYTES_MAX {
            return Err(too_large());
        }
        let config = meta::Config::new()
            .nfa_size_limit(Some(AUTOMATON_BYTES_MAX.min(bytes_max)))
            .hybrid_cache_capacity(CACHE_BYTES)
            .onepass(false);
        let built = meta::Builder::new()
            .configure(config)
            .syntax(syntax_of(ignore_case))
            .build(source);
        let engine = built.map_err(|e| match e.syntax_error() {
            Some(e) => {
                let text = e.to_string();
                text.lines()
                    .last()
                    .unwrap_or_default()
                    .replace("error: ", "")
            }
            None => too_large(),
        })?;
        let bytes = engine.memory_usage();
        let has_boundary = syntax::parse_with(source, &syntax_of(ignore_case))
            .is_ok_and(|hir| hir.properties().look_set().contains_word_unicode());
        if bytes > bytes_max {
            return Err(too_large());
        }
        if has_boundary && bytes > BOUNDARY_BYTES_MAX {
            return Err(format!(
                "it is too large for one with \\b, at most {} KiB when compiled; use (?-u:\\b), or [a-z] instead of \\w",
                BOUNDARY_BYTES_MAX >> 10
            ));
        }
        Ok(Self {
            source: source.to_owned(),
            ignore_case,
            compiled: Arc::new(Compiled {
                engine,
                bytes,
                interruptible: OnceLock::new(),
            }),
        })
    }

    /// As written between the slashes.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Its size in memory, in bytes.
    pub fn bytes(&self) -> usize {
        self.compiled.bytes
    }

    /// Whether it matches anywhere in the text. If `stop` returned true the result is meaningless.
    pub fn is_match(&self, text: &str, stop: &dyn Fn() -> bool) -> bool {
        let compiled = &*self.compiled;
        if text.len().saturating_mul(compiled.bytes) <= UNCHECKED_WORK_MAX {
            return compiled.engine.is_match(text);
        }
        let interruptible = compiled.interruptible.get_or_init(|| self.interruptible());
        let walked = interruptible
            .as_ref()
            .and_then(|interruptible| interruptible.walk(text, stop));
        walked.unwrap_or_else(|| {
            let len = text.floor_char_boundary(UNINTERRUPTED_MAX / compiled.bytes.max(1));
            compiled.engine.is_match(text.get(..len).unwrap_or(text))
        })
    }

    /// The byte ranges that match, for highlighting: at most `max`, and none if the search would take long.
    pub fn ranges(&self, text: &str, max: usize) -> Vec<std::ops::Range<usize>> {
        let compiled = &*self.compiled;
        if text.len().saturating_mul(compiled.bytes) > UNCHECKED_WORK_MAX / max.max(1) {
            return Vec::new();
        }
        let found = compiled.engine.find_iter(text).take(max);
        found.map(|place| place.range()).collect()
    }

    fn interruptible(&self) -> Option<InterruptibleDfa> {
        let config = DFA::config()
            .match_kind(MatchKind::All)
            .cache_capacity(CACHE_BYTES)
            .skip_cache_capacity_check(true)
            .unicode_word_boundary(true);
        let dfa = DFA::builder()
            .configure(config)
            .syntax(syntax_of(self.ignore_case))
            .build(&self.source)
            .ok()?;
        Some(InterruptibleDfa {
            dfa,
            cache: Mutex::new(None),
        })
    }
}

fn syntax_of(ignore_case: bool) -> syntax::Config {
    syntax::Config::new()
        .multi_line(true)
        .case_insensitive(ignore_case)
}

impl InterruptibleDfa {
    /// Whether it matches; `None` if it cannot decide. False after `stop`.
    fn walk(&self, text: &str, stop: &dyn Fn() -> bool) -> Option<bool> {
        let kept = self.lock().take();
        let mut cache = kept.unwrap_or_else(|| self.dfa.create_cache());
        let found = self.walk_with(&mut cache, text, stop);
        *self.lock() = Some(cache);
        found
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Cache>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn walk_with(&self, cache: &mut Cache, text: &str, stop: &dyn Fn() -> bool) -> Option<bool> {
        let dfa = &self.dfa;
        let mut state = dfa.start_state_forward(cache, &Input::new(text)).ok()?;
        for part in text.as_bytes().chunks(STOP_CHECK_BYTES) {
            if stop() {
                return Some(false);
            }
            for &byte in part {
                state = dfa.next_state(cache, state, byte).ok()?;
                if state.is_tagged() {
                    if state.is_match() {
                        return Some(true);
                    }
                    if state.is_dead() {
                        return Some(false);
                    }
                    if state.is_quit() {
                        return None;
                    }
                }
            }
        }
        let end = dfa.next_eoi_state(cache, state).ok()?;
        Some(end.is_match())
    }
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.ignore_case == other.ignore_case
    }
}

impl fmt::Debug for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Regex({self})")
    }
}

impl fmt::Display for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flag = if self.ignore_case { "i" } else { "" };
        write!(f, "/{}/{flag}", self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::cell::Cell;

    fn regex(source: &str) -> Regex {
        Regex::new(source, false, usize::MAX).unwrap()
    }

    #[test]
    fn sec_21_a_search_of_a_long_text_can_be_stopped() {
        let bomb = regex("[ab]*a[ab]{1000}c");
        let text = "abbab".repeat(100_000);
        let looks = Cell::new(0);
        let stop = || looks.replace(looks.get() + 1) >= 4;
        assert!(!bomb.is_match(&text, &stop));
        assert_eq!(looks.get(), 5, "it went on");
    }

    #[test]
    fn sec_15_a_regex_that_is_too_large_is_refused_with_the_reason() {
        for source in ["(a{1000}){1000}", "\\w{200}", &"a".repeat(5000)] {
            let e = Regex::new(source, false, 1 << 21).unwrap_err();
            assert!(e.contains("too large"), "{source}: {e}");
        }
        let e = Regex::new("\\b\\w{3,20}\\b", false, 1 << 21).unwrap_err();
        assert!(e.contains("\\b"), "{e}");
        let e = Regex::new("a(", false, 1 << 21).unwrap_err();
        assert!(e.contains("unclosed group"), "{e}");
    }

    proptest! {
        #[test]
        fn both_ways_to_search_find_the_same(
            source in prop::sample::select(vec!["^b", "a$", "b.c", "\\bab", "c\\b", "(a|b)+c{2}", "é|cc", "^$", "[^a]\\s"]),
            text in "[abcé\n ]{0,12}",
        ) {
            let regex = regex(source);
            let walked = regex.interruptible().unwrap().walk(&text, &|| false);
            if let Some(walked) = walked {
                prop_assert_eq!(walked, regex.compiled.engine.is_match(&text));
            } else {
                prop_assert!(source.contains("\\b") && !text.is_ascii());
            }
        }
    }
}
