//! Limits on the cost of one expression (SEC-21), the same for topics, command line and HTTP. They are checked while it is
//! parsed, so that nothing beyond them is compiled.
//!
//! Measured on 100,000 articles: during a search the index takes some 20 KB for a word, and up to 150 KB for a prefix.

/// The limit for words and facts together; every word of a phrase counts.
pub const WORDS_MAX: usize = 1000;

/// The limit for prefixes (`nuclear*`).
pub const PREFIXES_MAX: usize = 100;

/// The limits for `NEAR(…)`, and for phrases in one of them.
pub const NEARS_MAX: usize = 32;
pub const NEAR_PHRASES_MAX: usize = 16;

/// The limit for regular expressions.
pub const REGEXES_MAX: usize = 32;

/// The limit for all regular expressions of an expression together, in bytes when compiled.
pub const COMPILED_BYTES_MAX: usize = 2 << 20;

/// The remaining budget of an expression.
#[derive(Debug)]
pub struct Budget {
    words: usize,
    prefixes: usize,
    nears: usize,
    regexes: usize,
    compiled: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            words: WORDS_MAX,
            prefixes: PREFIXES_MAX,
            nears: NEARS_MAX,
            regexes: REGEXES_MAX,
            compiled: COMPILED_BYTES_MAX,
        }
    }
}

impl Budget {
    /// Takes words; a fact counts as one.
    ///
    /// # Errors
    /// The limit that was exceeded, and what to do.
    pub fn words(&mut self, words: usize) -> Result<(), String> {
        take(&mut self.words, words, || {
            format!("words, the most that an expression may have is {WORDS_MAX}")
        })
    }

    /// Takes a prefix.
    pub fn prefix(&mut self) -> Result<(), String> {
        take(&mut self.prefixes, 1, || {
            format!("prefixes (word*), the most that an expression may have is {PREFIXES_MAX}")
        })
    }

    /// Takes a `NEAR` with this many phrases.
    pub fn near(&mut self, phrases: usize) -> Result<(), String> {
        let mut left = NEAR_PHRASES_MAX;
        take(&mut left, phrases, || {
            format!("words in this NEAR, the most is {NEAR_PHRASES_MAX}")
        })?;
        take(&mut self.nears, 1, || {
            format!("NEAR(…), the most that an expression may have is {NEARS_MAX}")
        })
    }

    /// Takes a regular expression before it is compiled; returns the limit of its compiled size in bytes.
    pub fn regex(&mut self) -> Result<usize, String> {
        take(&mut self.regexes, 1, || {
            format!("regular expressions, the most that an expression may have is {REGEXES_MAX}")
        })?;
        Ok(self.compiled)
    }

    /// Takes the compiled size of a regular expression.
    pub fn compiled(&mut self, bytes: usize) {
        self.compiled = self.compiled.saturating_sub(bytes);
    }
}

fn take(left: &mut usize, count: usize, what: impl Fn() -> String) -> Result<(), String> {
    *left = left.checked_sub(count).ok_or_else(|| {
        format!(
            "these are too many {}; make several topics of it and join them with topic:name",
            what()
        )
    })?;
    Ok(())
}
