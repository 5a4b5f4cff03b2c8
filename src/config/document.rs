//! Walks a TOML document section by section and keeps the places, so that one reading finds every mistake.
//!
//! serde would stop at the first unknown key; this asks for each key once, remembers the names that exist, and
//! at the end of a section reports what nobody asked for with the nearest name that exists.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, line_and_column};
use super::value::Value;
use super::{Origin, Setting};

/// Least likeness (Jaro-Winkler, 0 to 1) at which a name is proposed for a wrong one.
const LIKENESS_MIN: f64 = 0.75;

/// The state of one reading.
#[derive(Debug)]
pub struct Reading<'t> {
    /// The text, for line numbers.
    pub text: &'t str,
    /// The mistakes so far.
    pub problems: Vec<Problem>,
    /// The values so far.
    pub settings: Vec<Setting>,
    /// The warnings so far.
    pub warnings: Vec<String>,
}

impl<'t> Reading<'t> {
    /// Begins to read `text`.
    pub fn new(text: &'t str) -> Self {
        Self {
            text,
            problems: Vec::new(),
            settings: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Where in the file this is.
    pub fn origin(&self, place: &Range<usize>) -> Origin {
        Origin::Line(line_and_column(self.text, place.start).0)
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
        let found = self.raw(key)?;
        let value = T::read(found, &mut self.reading.problems)?;
        Some((value, found.span()))
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

    /// Closes the section: every key that nobody asked for is a mistake.
    pub fn close(self) {
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

/// The name most like a wrong one, if any is like it at all.
pub fn nearest<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let wrong = wrong.to_lowercase().replace('-', "_");
    names
        .map(|name| (strsim::jaro_winkler(&wrong, name), name))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}
