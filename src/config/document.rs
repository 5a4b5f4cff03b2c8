//! Walks a TOML document section by section and keeps the places, so that one reading finds every mistake.
//!
//! serde would stop at the first unknown key; this asks for each key once, remembers the names that exist, and
//! at the end of a section reports what nobody asked for with the nearest name that exists.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::credentials::{CredentialError, Credentials, is_open_to_others};
use super::overlay::Overlay;
use super::places::beside;
use super::problem::{Problem, line_and_column};
use super::value::Value;
use super::{Origin, Setting};
use crate::text::nearest::nearest;

/// A table with its place in the text.
pub type Placed<'d> = (&'d DeTable<'d>, Range<usize>);

/// The state of one reading.
#[derive(Debug)]
pub struct Reading<'t> {
    /// The file's text, for line numbers.
    pub text: &'t str,
    /// What replaces the file's settings. Its places begin where the file's text ends.
    overlay: &'t Overlay,
    /// Section and key of every setting that was read.
    known: Vec<(String, &'static str)>,
    /// Where secrets may come from.
    pub credentials: Credentials,
    /// The credentials that this process was not given, a line each.
    pub unavailable: Vec<String>,
    /// The mistakes so far.
    pub problems: Vec<Problem>,
    /// The values so far.
    pub settings: Vec<Setting>,
    /// The warnings so far.
    pub warnings: Vec<String>,
}

impl<'t> Reading<'t> {
    /// Begins to read `text`, whose settings `overlay` replaces.
    pub fn new(text: &'t str, overlay: &'t Overlay, credentials: Credentials) -> Self {
        Self {
            text,
            overlay,
            known: Vec::new(),
            credentials,
            unavailable: Vec::new(),
            problems: Vec::new(),
            settings: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// What a place belongs to: a line of the file, a variable or a flag.
    pub fn origin(&self, place: &Range<usize>) -> Origin {
        let of_overlay = place.start.checked_sub(self.text.len() + 1);
        of_overlay
            .and_then(|at| self.overlay.origin(at))
            .unwrap_or_else(|| Origin::Line(line_and_column(self.text, place.start).0))
    }

    /// Reports every setting of the overlay that no section has.
    pub fn close(&mut self) {
        let begin = self.text.len() + 1;
        for (place, name) in self.overlay.unknown(&self.known) {
            // A variable names a section and a key; `[[feed]]` and the like have none.
            let names: Vec<String> = self
                .known
                .iter()
                .filter(|(section, _)| !section.is_empty())
                .map(|(section, key)| format!("{section}.{key}"))
                .collect();
            let near = nearest(&name, names.iter().map(String::as_str))
                .filter(|_| !name.ends_with('.') && !name.starts_with('.'));
            let label = match near {
                _ if name.starts_with("feed.") => "feeds are in the file only".to_owned(),
                _ if name.starts_with("topic.") => "topics are in the file only".to_owned(),
                Some(near) => {
                    let (section, key) = near.split_once('.').unwrap_or((near, ""));
                    format!("did you mean {}?", super::overlay::variable(section, key))
                }
                None => "unset it; `newswire check --print` lists the settings".to_owned(),
            };
            self.problems.push(Problem::new(
                begin + place.start..begin + place.end,
                format!("there is no setting {name}"),
                label,
            ));
        }
    }

    /// Notes a value that is in force.
    pub fn note(&mut self, key: String, value: String, origin: Origin) {
        self.settings.push(Setting { key, value, origin });
    }
}

/// One table of the document, or an absent one.
pub struct Section<'r, 'd, 't> {
    reading: &'r mut Reading<'t>,
    /// `store`, `feed[2]`.
    path: String,
    table: Option<&'d DeTable<'d>>,
    place: Range<usize>,
    known: Vec<&'static str>,
    later: &'static [&'static str],
}

impl<'r, 'd, 't> Section<'r, 'd, 't> {
    /// Opens a table. `later` are names that are refused with the hint that they come with a later version.
    pub fn open(
        reading: &'r mut Reading<'t>,
        path: impl Into<String>,
        table: Option<&'d DeTable<'d>>,
        place: Range<usize>,
        later: &'static [&'static str],
    ) -> Self {
        Self {
            reading,
            path: path.into(),
            table,
            place,
            known: Vec::new(),
            later,
        }
    }

    /// The whole document.
    pub fn text(&self) -> &'t str {
        self.reading.text
    }

    /// Where in the file a place is.
    pub fn origin(&self, place: &Range<usize>) -> Origin {
        self.reading.origin(place)
    }

    /// Whether the key is given, well or not.
    pub fn has(&mut self, key: &'static str) -> bool {
        let overlay = self.reading.overlay;
        self.raw(key).is_some() || overlay.has(&self.path, key)
    }

    /// The table's own place.
    pub fn place(&self) -> Range<usize> {
        self.place.clone()
    }

    /// The key's value as it stands, with its place.
    pub fn raw(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        self.table?
            .iter()
            .find(|(name, _)| name.get_ref().as_ref() == key)
            .map(|(_, value)| value)
    }

    /// The key's value, if it is there and good.
    pub fn get<T: Value>(&mut self, key: &'static str) -> Option<(T, Range<usize>)> {
        let (value, place) = self.get_unshown::<T>(key)?;
        self.note(key, value.show(), &place);
        Some((value, place))
    }

    /// The same for a value that may hold a secret: the caller notes what may be shown of it.
    pub fn get_unshown<T: Value>(&mut self, key: &'static str) -> Option<(T, Range<usize>)> {
        if let Some((value, place)) = self.overlaid::<T>(key) {
            // The file's own value must be right all the same.
            if let Some(found) = self.raw(key) {
                T::read(found, &mut self.reading.problems);
            }
            return value.map(|value| (value, place));
        }
        let found = self.raw(key)?;
        let value = T::read(found, &mut self.reading.problems)?;
        Some((value, found.span()))
    }

    /// The value that replaces the file's, if any, with its place behind the file's text.
    fn overlaid<T: Value>(&mut self, key: &'static str) -> Option<(Option<T>, Range<usize>)> {
        let begin = self.reading.text.len() + 1;
        let mut problems = Vec::new();
        let found = self
            .reading
            .overlay
            .get::<T>(&self.path, key, &mut problems);
        for problem in &mut problems {
            problem.place = begin + problem.place.start..begin + problem.place.end;
        }
        self.reading.problems.append(&mut problems);
        let (value, place) = found?;
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        Some((value, begin + place.start..begin + place.end))
    }

    /// The key's value, else the default, which is noted as such.
    pub fn or<T: Value>(&mut self, key: &'static str, default: T) -> T {
        self.or_placed(key, default).0
    }

    /// The same with the value's place, if it stands in the file.
    pub fn or_placed<T: Value>(
        &mut self,
        key: &'static str,
        default: T,
    ) -> (T, Option<Range<usize>>) {
        match self.get(key) {
            Some((value, place)) => (value, Some(place)),
            None => {
                self.note_default(key, &default);
                (default, None)
            }
        }
    }

    /// The key's value within limits, else the default.
    pub fn within<T: Value + PartialOrd>(
        &mut self,
        key: &'static str,
        default: T,
        min: T,
        max: T,
    ) -> T {
        let (value, place) = self.or_placed(key, default);
        if let Some(place) = place
            && !(value >= min && value <= max)
        {
            let limits = format!("from {} to {}", min.show(), max.show());
            self.wrong(place, &format!("{key} is out of range"), limits);
        }
        value
    }

    /// Reports a mistake.
    pub fn problem(&mut self, problem: Problem) {
        self.reading.problems.push(problem);
    }

    /// Reports a mistake without advice.
    pub fn wrong(&mut self, place: Range<usize>, what: &str, label: impl Into<String>) {
        self.problem(Problem::new(place, what, label));
    }

    /// Notes a value that is shown otherwise than it is written.
    pub fn note(&mut self, key: &str, value: String, place: &Range<usize>) {
        let origin = self.reading.origin(place);
        self.reading
            .note(format!("{}.{key}", self.path), value, origin);
    }

    /// Notes a default that is in force.
    pub fn note_default<T: Value>(&mut self, key: &str, default: &T) {
        let key = format!("{}.{key}", self.path);
        self.reading.note(key, default.show(), Origin::Default);
    }

    /// Reads a secret with `read`: the file that a key names, or a credential. `file` is the configuration's, for relative
    /// paths; `what` names the secret in messages, as in "the password of https://…".
    pub fn secret<T>(
        &mut self,
        what: &str,
        (keys, file): ([&'static str; 2], Option<&Path>),
        read: impl FnOnce(&Path) -> Result<T, String>,
    ) -> Option<T> {
        let [file_key, credential_key] = keys;
        let path = self.get::<PathBuf>(file_key);
        let credential = self.get::<String>(credential_key);
        let (name, place) = match (path, credential) {
            (None, None) => return None,
            (Some(_), Some((_, place))) => {
                let what = format!("{file_key} and {credential_key} exclude each other");
                self.wrong(place, &what, "leave one of them out");
                return None;
            }
            (None, Some(named)) => named,
            (Some((path, place)), None) => match Credentials::named_by(&path) {
                Some(name) => (name.to_owned(), place),
                None => {
                    let path = beside(file, path, &self.origin(&place));
                    if is_open_to_others(&path) {
                        self.warn(format!(
                            "{what} is in {}, which others may read; run chmod 600 on it",
                            path.display()
                        ));
                    }
                    let found = read(&path);
                    return found
                        .map_err(|why| {
                            self.wrong(place, &format!("{file_key} cannot be used"), why);
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
                self.wrong(place, "the credential cannot be used", why);
            }
        }
        None
    }

    /// Warns.
    pub fn warn(&mut self, warning: String) {
        self.reading.warnings.push(warning);
    }

    /// The problems so far; for readers of nested values.
    pub fn problems(&mut self) -> &mut Vec<Problem> {
        &mut self.reading.problems
    }

    /// A table inside this one.
    pub fn inner<'a>(
        &'a mut self,
        key: &str,
        table: &'d DeTable<'d>,
        place: Range<usize>,
    ) -> Section<'a, 'd, 't> {
        let path = format!("{}.{key}", self.path);
        Section::open(self.reading, path, Some(table), place, &[])
    }

    /// Closes the section: every key that was not read is a mistake.
    pub fn close(self) {
        let known = self.known.iter().map(|key| (self.path.clone(), *key));
        // Sections of lists are not replaced.
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
                self.reading.problems.push(unknown(
                    name,
                    key.span(),
                    &inside,
                    &self.known,
                    self.later,
                ));
            }
        }
    }
}

fn unknown(
    name: &str,
    place: Range<usize>,
    inside: &str,
    known: &[&'static str],
    later: &[&str],
) -> Problem {
    let what = format!("unknown key \"{name}\" {inside}");
    if later.contains(&name) {
        return Problem::new(place, what, "comes with a later version")
            .help("take it out; this version has no use for it");
    }
    match nearest(name, known.iter().copied()) {
        Some(near) => Problem::new(place, what, format!("did you mean \"{near}\"?")),
        None => Problem::new(place, what, "there is no such key")
            .help(format!("the keys here are {}", known.join(", "))),
    }
}
