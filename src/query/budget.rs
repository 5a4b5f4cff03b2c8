//! What one expression may cost (SEC-21). The limits hold wherever it is written: topics, command line, HTTP. They are
//! counted while it is read, so that nothing is compiled beyond them.
//!
//! Measured on 100,000 articles: a word costs the index some 20 KB while a search runs, a beginning up to 150 KB.

/// Most words and facts together; every word of a phrase counts.
pub const WORDS_MAX: usize = 1000;

/// Most beginnings (`nuclear*`).
pub const PREFIXES_MAX: usize = 100;

/// Most `NEAR(…)`, and most phrases in one of them.
pub const NEARS_MAX: usize = 32;
pub const NEAR_PHRASES_MAX: usize = 16;

/// Most regular expressions.
pub const REGEXES_MAX: usize = 32;

/// All regular expressions of an expression together, in bytes when compiled.
pub const COMPILED_BYTES_MAX: usize = 2 << 20;

/// What is left of the budget of an expression.
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
    /// Takes so many words, or a fact.
    ///
    /// # Errors
    /// What there is too much of, and what to do.
    pub fn words(&mut self, words: usize) -> Result<(), String> {
        take(&mut self.words, words, || {
            format!("words, the most that an expression may have is {WORDS_MAX}")
        })
    }

    /// Takes a beginning.
    pub fn prefix(&mut self) -> Result<(), String> {
        take(&mut self.prefixes, 1, || {
            format!("beginnings (word*), the most that an expression may have is {PREFIXES_MAX}")
        })
    }

    /// Takes a `NEAR` of so many phrases.
    pub fn near(&mut self, phrases: usize) -> Result<(), String> {
        let mut room = NEAR_PHRASES_MAX;
        take(&mut room, phrases, || {
            format!("words in this NEAR, the most is {NEAR_PHRASES_MAX}")
        })?;
        take(&mut self.nears, 1, || {
            format!("NEAR(…), the most that an expression may have is {NEARS_MAX}")
        })
    }

    /// Takes a regular expression before it is compiled; what it may take when compiled, in bytes.
    pub fn regex(&mut self) -> Result<usize, String> {
        take(&mut self.regexes, 1, || {
            format!("regular expressions, the most that an expression may have is {REGEXES_MAX}")
        })?;
        Ok(self.compiled)
    }

    /// Takes what it came to.
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
