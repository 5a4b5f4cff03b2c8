//! Reads one table of the configuration, key by key. serde would stop at the first mistake; a [`Section`] reads each key once, with
//! its span, and [`Section::close`] reports all keys that were not read.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Origin;
use super::credentials::{CredentialError, Credentials, is_open_to_others};
use super::paths::resolve;
use super::problem::Problem;
use super::reading::Reading;
use super::value::Value;
use crate::text::nearest::nearest;

/// A table of the document, which may be missing.
pub struct Section<'r, 'd, 't> {
    reading: &'r mut Reading<'t>,
    /// `store`, `feed[2]`.
    path: String,
    table: Option<&'d DeTable<'d>>,
    span: Range<usize>,
    known: Vec<&'static str>,
}

impl<'r, 'd, 't> Section<'r, 'd, 't> {
    /// Opens a table.
    pub fn open(
        reading: &'r mut Reading<'t>,
        path: impl Into<String>,
        table: Option<&'d DeTable<'d>>,
        span: Range<usize>,
    ) -> Self {
        Self {
            reading,
            path: path.into(),
            table,
            span,
            known: Vec::new(),
        }
    }

    /// The whole document.
    pub fn text(&self) -> &'t str {
        self.reading.text
    }

    /// The origin of a span.
    pub fn origin(&self, span: &Range<usize>) -> Origin {
        self.reading.origin(span)
    }

    /// Whether the key is set, with a valid value or not.
    pub fn has(&mut self, key: &'static str) -> bool {
        let overlay = self.reading.overlay;
        self.raw(key).is_some() || overlay.has(&self.path, key)
    }

    /// The span of the table.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The raw value of a key.
    pub fn raw(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.table?
            .iter()
            .find(|(name, _)| name.get_ref().as_ref() == key)
            .map(|(_, value)| value)
    }

    /// The value of a key with its span, if it is set and valid.
    pub fn get<T: Value>(&mut self, key: &'static str) -> Option<(T, Range<usize>)> {
        let (value, span) = self.get_unrecorded::<T>(key)?;
        self.record(key, value.show(), &span);
        Some((value, span))
    }

    /// The same for a value that may contain a secret: the caller records what may be shown.
    pub fn get_unrecorded<T: Value>(&mut self, key: &'static str) -> Option<(T, Range<usize>)> {
        if let Some((value, span)) = self.overridden::<T>(key) {
            // The overridden value in the file must be valid too.
            if let Some(found) = self.raw(key) {
                T::read(found, &mut self.reading.problems);
            }
            return value.map(|value| (value, span));
        }
        let found = self.raw(key)?;
        let value = T::read(found, &mut self.reading.problems)?;
        Some((value, found.span()))
    }

    /// The value that overrides the file's, if any, with its span after the file's text.
    fn overridden<T: Value>(&mut self, key: &'static str) -> Option<(Option<T>, Range<usize>)> {
        let begin = self.reading.text.len() + 1;
        let mut problems = Vec::new();
        let found = self
            .reading
            .overlay
            .get::<T>(&self.path, key, &mut problems);
        for problem in &mut problems {
            problem.span = begin + problem.span.start..begin + problem.span.end;
        }
        self.reading.problems.append(&mut problems);
        let (value, span) = found?;
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        Some((value, begin + span.start..begin + span.end))
    }

    /// The value of a key, else the default.
    pub fn or<T: Value>(&mut self, key: &'static str, default: T) -> T {
        self.or_spanned(key, default).0
    }

    /// The same with the span of the value, if the key is set.
    pub fn or_spanned<T: Value>(
        &mut self,
        key: &'static str,
        default: T,
    ) -> (T, Option<Range<usize>>) {
        match self.get(key) {
            Some((value, span)) => (value, Some(span)),
            None => {
                self.record_default(key, &default);
                (default, None)
            }
        }
    }

    /// The value of a key, else the default. Reports a value out of range.
    pub fn within<T: Value + PartialOrd>(
        &mut self,
        key: &'static str,
        default: T,
        min: T,
        max: T,
    ) -> T {
        let (value, span) = self.or_spanned(key, default);
        if let Some(span) = span
            && !(value >= min && value <= max)
        {
            let limits = format!("from {} to {}", min.show(), max.show());
            self.wrong(span, &format!("{key} is out of range"), limits);
        }
        value
    }

    /// Reports a mistake.
    pub fn problem(&mut self, problem: Problem) {
        self.reading.problems.push(problem);
    }

    /// Reports a mistake without advice.
    pub fn wrong(&mut self, span: Range<usize>, what: &str, label: impl Into<String>) {
        self.problem(Problem::new(span, what, label));
    }

    /// Records a value that is shown differently from how it is written.
    pub fn record(&mut self, key: &str, value: String, span: &Range<usize>) {
        let origin = self.reading.origin(span);
        self.reading
            .record(format!("{}.{key}", self.path), value, origin);
    }

    /// Records a default that is used.
    pub fn record_default<T: Value>(&mut self, key: &str, default: &T) {
        let key = format!("{}.{key}", self.path);
        self.reading.record(key, default.show(), Origin::Default);
    }

    /// Reads a secret with `read`: from the file that a key names, or from a credential. `file` is the configuration file, for
    /// relative paths; `what` names the secret in messages, as in "the password of https://…".
    pub fn secret<T>(
        &mut self,
        what: &str,
        (keys, file): ([&'static str; 2], Option<&Path>),
        read: impl FnOnce(&Path) -> Result<T, String>,
    ) -> Option<T> {
        let [file_key, credential_key] = keys;
        let path = self.get::<PathBuf>(file_key);
        let credential = self.get::<String>(credential_key);
        let (name, span) = match (path, credential) {
            (None, None) => return None,
            (Some(_), Some((_, span))) => {
                let what = format!("{file_key} and {credential_key} are both set");
                self.wrong(span, &what, "remove one of them");
                return None;
            }
            (None, Some(named)) => named,
            (Some((path, span)), None) => match Credentials::named_by(&path) {
                Some(name) => (name.to_owned(), span),
                None => {
                    let path = resolve(file, path, &self.origin(&span));
                    if is_open_to_others(&path) {
                        self.warn(format!(
                            "{what} is in {}, which other users may read; run chmod 600 on it",
                            path.display()
                        ));
                    }
                    let found = read(&path);
                    return found
                        .map_err(|why| {
                            self.wrong(span, &format!("{file_key} cannot be used"), why);
                        })
                        .ok();
                }
            },
        };
        match self.reading.credentials.read(&name, read) {
            Ok(secret) => return Some(secret),
            Err(CredentialError::Unavailable(why)) => {
                self.reading.unavailable.push(format!("{what}: {why}"));
            }
            Err(CredentialError::Wrong(why)) => {
                self.wrong(span, "the credential cannot be used", why);
            }
        }
        None
    }

    /// Adds a warning.
    pub fn warn(&mut self, warning: String) {
        self.reading.warnings.push(warning);
    }

    /// The problems so far, for readers of nested values.
    pub fn problems(&mut self) -> &mut Vec<Problem> {
        &mut self.reading.problems
    }

    /// A table inside this one.
    pub fn inner<'a>(
        &'a mut self,
        key: &str,
        table: &'d DeTable<'d>,
        span: Range<usize>,
    ) -> Section<'a, 'd, 't> {
        let path = format!("{}.{key}", self.path);
        Section::open(self.reading, path, Some(table), span)
    }

    /// Closes the section: every key that was not read is a mistake.
    pub fn close(self) {
        let known = self.known.iter().map(|key| (self.path.clone(), *key));
        // Lists cannot be overridden.
        if !self.path.contains('[') {
            self.reading.known.extend(known);
        }
        let Some(table) = self.table else { return };
        for key in table.keys() {
            let name = key.get_ref().as_ref();
            if !self.known.contains(&name) {
                let inside = match self.path.as_str() {
                    "" => "at the top level".to_owned(),
                    path => format!("in [{path}]"),
                };
                self.reading
                    .problems
                    .push(unknown(name, key.span(), &inside, &self.known));
            }
        }
    }
}

fn unknown(name: &str, span: Range<usize>, inside: &str, known: &[&'static str]) -> Problem {
    let what = format!("unknown key \"{name}\" {inside}");
    match nearest(name, known.iter().copied()) {
        Some(near) => Problem::new(span, what, format!("did you mean \"{near}\"?")),
        None => Problem::new(span, what, "there is no such key")
            .help(format!("the keys here are {}", known.join(", "))),
    }
}
