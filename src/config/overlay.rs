//! Settings that override those of the file: environment variables `NEWSWIRE_SECTION__KEY`, their `_FILE` form, and flags.
//!
//! Each is one line of a text that follows the file's text, so that a mistake in it has a span and is shown like one in the file.
//! Lists (`[[feed]]`, `[[topic]]`) cannot be overridden.

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

/// The prefix of our variables.
const PREFIX: &str = "NEWSWIRE_";
/// The separator of section and key, which may contain single underscores.
const SEPARATOR: &str = "__";
/// The suffix of a key whose value is the first line of a file, as containers provide secrets.
const FILE_SUFFIX: &str = "_file";

/// The settings that override those of the file.
#[derive(Debug, Default)]
pub struct Overlay {
    /// A line for each entry.
    text: String,
    entries: Vec<Entry>,
}

/// One setting.
#[derive(Debug)]
struct Entry {
    section: String,
    key: String,
    origin: Origin,
    raw: RawValue,
    /// The span of the value in [`Overlay::text`].
    span: Range<usize>,
}

/// A value before it is parsed.
#[derive(Debug)]
enum RawValue {
    /// A variable: TOML, text without quotes, or a list separated by commas.
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
            let Some((section, key)) = rest.split_once(SEPARATOR) else {
                continue;
            };
            let raw = raw_value(value);
            let shown = match &raw {
                RawValue::Text(text) => text.replace(['\n', '\r'], " "),
                _ => String::new(),
            };
            let name = format!("{PREFIX}{rest}");
            overlay.add(
                (&section.to_lowercase(), &key.to_lowercase()),
                &format!("{name}="),
                &shown,
                (raw, Origin::Env(name)),
            );
        }
        overlay
    }

    /// Adds a flag with its values, if there are any. It overrides a variable.
    pub fn flag(&mut self, flag: &'static str, setting: (&str, &str), values: &[String]) {
        if values.is_empty() {
            return;
        }
        let (section, key) = setting;
        let file_key = format!("{key}{FILE_SUFFIX}");
        self.entries
            .retain(|e| e.section != section || (e.key != key && e.key != file_key));
        let raw = RawValue::List(values.to_vec());
        let shown = values.join(" ");
        self.add(
            setting,
            &format!("{flag} "),
            &shown,
            (raw, Origin::Flag(flag)),
        );
    }

    fn add(
        &mut self,
        (section, key): (&str, &str),
        name: &str,
        value: &str,
        (raw, origin): (RawValue, Origin),
    ) {
        self.text.push_str(name);
        let start = self.text.len();
        self.text.push_str(value);
        self.entries.push(Entry {
            section: section.to_owned(),
            key: key.to_owned(),
            origin,
            raw,
            span: start..self.text.len(),
        });
        self.text.push('\n');
    }

    /// The lines, for messages.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The origin of the setting at an offset of [`Overlay::text`].
    pub fn origin(&self, at: usize) -> Option<Origin> {
        let found = self.entries.iter().find(|e| e.span.end >= at)?;
        Some(found.origin.clone())
    }

    /// The value of a setting with its span in [`Overlay::text`]. `None` if the setting is not overridden; the value is `None` if it
    /// is invalid, which is added to `problems`.
    pub fn get<T: Value>(
        &self,
        section: &str,
        key: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<(Option<T>, Range<usize>)> {
        let from_file = self.entry(section, &format!("{key}{FILE_SUFFIX}"));
        let entry = self.entry(section, key).or(from_file)?;
        // The names of variables may differ in case only.
        let mut others = self.entries.iter().filter(|other| {
            let is_same = other.key == entry.key || from_file.is_some_and(|f| f.key == other.key);
            other.section == section && is_same && other.span != entry.span
        });
        if let Some(other) = others.next() {
            problems.push(Problem::new(
                other.span.clone(),
                format!("{section}.{key} is set twice"),
                "unset one of the two variables",
            ));
        }
        let mut own = Vec::new();
        let value = match (&entry.raw, entry.key == key) {
            (RawValue::Text(text), true) => parse::<T>(text, &mut own),
            (RawValue::Text(path), false) => match read_first_line(Path::new(path)) {
                Ok(line) => parse::<T>(&line, &mut own),
                Err(why) => {
                    own.push(Problem::new(0..0, "the file cannot be used", why));
                    None
                }
            },
            (RawValue::List(values), _) => {
                T::read(&list(values.iter().map(String::as_str)), &mut own)
            }
            (RawValue::Unreadable, _) => {
                own.push(Problem::new(0..0, "not UTF-8", "set it to UTF-8 text"));
                None
            }
        };
        // The values were parsed from texts of their own.
        problems.extend(own.into_iter().map(|mut problem| {
            problem.span = entry.span.clone();
            problem
        }));
        Some((value, entry.span.clone()))
    }

    /// Whether a setting is overridden.
    pub fn has(&self, section: &str, key: &str) -> bool {
        self.entry(section, key).is_some()
            || self
                .entry(section, &format!("{key}{FILE_SUFFIX}"))
                .is_some()
    }

    fn entry(&self, section: &str, key: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|e| e.section == section && e.key == key)
    }

    /// The settings that are not in `known` (section and key), with their spans and names.
    pub fn unknown<'o>(
        &'o self,
        known: &'o [(String, &'static str)],
    ) -> impl Iterator<Item = (Range<usize>, String)> + 'o {
        let is_known = |entry: &&Entry| {
            let base = entry.key.strip_suffix(FILE_SUFFIX);
            known.iter().any(|(section, key)| {
                *section == entry.section && (*key == entry.key || Some(*key) == base)
            })
        };
        self.entries
            .iter()
            .filter(move |entry| !is_known(entry))
            .map(|e| (e.span.clone(), format!("{}.{}", e.section, e.key)))
    }
}

/// The name of the variable for a setting.
pub fn variable(section: &str, key: &str) -> String {
    format!("{PREFIX}{section}{SEPARATOR}{key}").to_uppercase()
}

fn raw_value(value: &OsStr) -> RawValue {
    value
        .to_str()
        .map_or(RawValue::Unreadable, |text| RawValue::Text(text.to_owned()))
}

/// Parses a text without quotes as what the setting expects: text, else TOML, else a list separated by commas.
fn parse<T: Value>(text: &str, problems: &mut Vec<Problem>) -> Option<T> {
    let mut text_problems = Vec::new();
    let plain = Spanned::new(0..0, DeValue::String(text.to_owned().into()));
    if let Some(value) = T::read(&plain, &mut text_problems) {
        return Some(value);
    }
    let mut toml_problems = Vec::new();
    if let Ok(parsed) = DeValue::parse(text)
        && let Some(value) = T::read(&parsed, &mut toml_problems)
    {
        return Some(value);
    }
    let mut list_problems = Vec::new();
    let parts = text.split(',').map(str::trim).filter(|p| !p.is_empty());
    if let Some(value) = T::read(&list(parts), &mut list_problems) {
        return Some(value);
    }
    // The problems of a list name the invalid item; those of a text say what was expected.
    let expects_list = list_problems.iter().all(|p| p.label != "this is an array");
    problems.extend(if expects_list {
        list_problems
    } else {
        text_problems
    });
    None
}

fn list<'t>(texts: impl Iterator<Item = &'t str>) -> Spanned<DeValue<'t>> {
    let mut items = DeArray::new();
    for text in texts {
        items.push(Spanned::new(0..0, DeValue::String(text.into())));
    }
    Spanned::new(0..0, DeValue::Array(items))
}
