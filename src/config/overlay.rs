//! Settings that replace those of the file: environment variables `NEWSWIRE_SECTION__KEY`, their `_FILE` form, and flags.
//!
//! Each is one line of a text that is put behind the file's, so that a mistake in it has a place and is shown with a
//! caret as one in the file is. It never reads a section of lists (`[[feed]]`, `[[topic]]`).

use std::ffi::OsStr;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeArray, DeValue};

use super::Origin;
use super::credentials::read_first_line;
use super::environment::Environment;
use super::problem::Problem;
use super::value::Value;

/// What the names of our variables begin with.
const PREFIX: &str = "NEWSWIRE_";
/// Between section and key: both have single underscores.
const BETWEEN: &str = "__";
/// Behind a key: the value is the first line of the file that the variable names, as containers give secrets.
const FROM_FILE: &str = "_file";

/// The settings that replace those of the file.
#[derive(Debug, Default)]
pub struct Overlay {
    /// One line an entry.
    text: String,
    entries: Vec<Entry>,
}

/// One setting.
#[derive(Debug)]
struct Entry {
    section: String,
    key: String,
    origin: Origin,
    given: Given,
    /// Where the value is in [`Overlay::text`].
    place: Range<usize>,
}

/// The form in which a value was given.
#[derive(Debug)]
enum Given {
    /// A variable: TOML, or a text without quotes, or texts between commas.
    Text(String),
    /// A variable that is not UTF-8.
    Unreadable,
    /// A flag that may be repeated.
    List(Vec<String>),
}

impl Overlay {
    /// The variables of `environment` that name a section and a key.
    pub fn of_environment(environment: &Environment) -> Self {
        let mut overlay = Self::default();
        for (rest, value) in environment.with_prefix(PREFIX) {
            let Some((section, key)) = rest.split_once(BETWEEN) else {
                continue;
            };
            let given = given(value);
            let shown = match &given {
                Given::Text(text) => text.replace(['\n', '\r'], " "),
                _ => String::new(),
            };
            let name = format!("{PREFIX}{rest}");
            overlay.add(
                (&section.to_lowercase(), &key.to_lowercase()),
                &format!("{name}="),
                &shown,
                (given, Origin::Env(name)),
            );
        }
        overlay
    }

    /// Adds a flag with its values; none: the flag was not given. It replaces a variable.
    pub fn flag(&mut self, flag: &'static str, setting: (&str, &str), values: &[String]) {
        if values.is_empty() {
            return;
        }
        let (section, key) = setting;
        let of_file = format!("{key}{FROM_FILE}");
        self.entries
            .retain(|e| e.section != section || (e.key != key && e.key != of_file));
        let given = Given::List(values.to_vec());
        let shown = values.join(" ");
        self.add(
            setting,
            &format!("{flag} "),
            &shown,
            (given, Origin::Flag(flag)),
        );
    }

    fn add(
        &mut self,
        (section, key): (&str, &str),
        name: &str,
        value: &str,
        (given, origin): (Given, Origin),
    ) {
        self.text.push_str(name);
        let start = self.text.len();
        self.text.push_str(value);
        self.entries.push(Entry {
            section: section.to_owned(),
            key: key.to_owned(),
            origin,
            given,
            place: start..self.text.len(),
        });
        self.text.push('\n');
    }

    /// The lines, for messages.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where the setting at a place of [`Overlay::text`] comes from.
    pub fn origin(&self, at: usize) -> Option<Origin> {
        let found = self.entries.iter().find(|e| e.place.end >= at)?;
        Some(found.origin.clone())
    }

    /// The value of a setting with its place in [`Overlay::text`]. `None` if the overlay does not have it; the value is
    /// `None` after a mistake was reported.
    pub fn get<T: Value>(
        &self,
        section: &str,
        key: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<(Option<T>, Range<usize>)> {
        let from_file = self.named(section, &format!("{key}{FROM_FILE}"));
        let entry = self.named(section, key).or(from_file)?;
        // Names of variables differ in case too.
        let mut others = self.entries.iter().filter(|other| {
            let is_same = other.key == entry.key || from_file.is_some_and(|f| f.key == other.key);
            other.section == section && is_same && other.place != entry.place
        });
        if let Some(other) = others.next() {
            problems.push(Problem::new(
                other.place.clone(),
                format!("{section}.{key} is given twice"),
                "unset one of the two variables",
            ));
        }
        let mut own = Vec::new();
        let value = match (&entry.given, entry.key == key) {
            (Given::Text(text), true) => read::<T>(text, &mut own),
            (Given::Text(path), false) => match read_first_line(Path::new(path)) {
                Ok(line) => read::<T>(&line, &mut own),
                Err(why) => {
                    own.push(Problem::new(0..0, "the file cannot be used", why));
                    None
                }
            },
            (Given::List(values), _) => T::read(&list(values.iter().map(String::as_str)), &mut own),
            (Given::Unreadable, _) => {
                own.push(Problem::new(0..0, "not UTF-8", "set it to UTF-8 text"));
                None
            }
        };
        // The values were read out of texts of their own.
        problems.extend(own.into_iter().map(|mut problem| {
            problem.place = entry.place.clone();
            problem
        }));
        Some((value, entry.place.clone()))
    }

    /// Whether a setting is given.
    pub fn has(&self, section: &str, key: &str) -> bool {
        self.named(section, key).is_some()
            || self.named(section, &format!("{key}{FROM_FILE}")).is_some()
    }

    fn named(&self, section: &str, key: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|e| e.section == section && e.key == key)
    }

    /// The settings that are none of `known` (section and key), with their places and names.
    pub fn unknown<'o>(
        &'o self,
        known: &'o [(String, &'static str)],
    ) -> impl Iterator<Item = (Range<usize>, String)> + 'o {
        let is_known = |entry: &&Entry| {
            let base = entry.key.strip_suffix(FROM_FILE);
            known.iter().any(|(section, key)| {
                *section == entry.section && (*key == entry.key || Some(*key) == base)
            })
        };
        self.entries
            .iter()
            .filter(move |entry| !is_known(entry))
            .map(|e| (e.place.clone(), format!("{}.{}", e.section, e.key)))
    }
}

/// The variable of a setting.
pub fn variable(section: &str, key: &str) -> String {
    format!("{PREFIX}{section}{BETWEEN}{key}").to_uppercase()
}

fn given(value: &OsStr) -> Given {
    value
        .to_str()
        .map_or(Given::Unreadable, |text| Given::Text(text.to_owned()))
}

/// Reads a text without quotes as what the setting expects: a text, else TOML, else texts between commas.
fn read<T: Value>(text: &str, problems: &mut Vec<Problem>) -> Option<T> {
    let mut of_text = Vec::new();
    let plain = Spanned::new(0..0, DeValue::String(text.to_owned().into()));
    if let Some(value) = T::read(&plain, &mut of_text) {
        return Some(value);
    }
    let mut of_toml = Vec::new();
    if let Ok(parsed) = DeValue::parse(text)
        && let Some(value) = T::read(&parsed, &mut of_toml)
    {
        return Some(value);
    }
    let mut of_list = Vec::new();
    let parts = text.split(',').map(str::trim).filter(|p| !p.is_empty());
    if let Some(value) = T::read(&list(parts), &mut of_list) {
        return Some(value);
    }
    // The mistakes of a list name the wrong item; those of a text say what was expected.
    let expects_list = of_list.iter().all(|p| p.label != "this is an array");
    problems.extend(if expects_list { of_list } else { of_text });
    None
}

fn list<'t>(texts: impl Iterator<Item = &'t str>) -> Spanned<DeValue<'t>> {
    let mut items = DeArray::new();
    for text in texts {
        items.push(Spanned::new(0..0, DeValue::String(text.into())));
    }
    Spanned::new(0..0, DeValue::Array(items))
}
