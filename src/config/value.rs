//! Single values of the configuration: how each kind is read and shown.
//!
//! A reader says what it expected and what stands there; it never falls back to something else.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use toml::Spanned;
use toml::de::DeValue;

use super::problem::Problem;
use super::size::{parse_size, show_size};
use crate::fetch::parse_network;
use crate::model::WebUrl;
use crate::model::span;

/// Stands for the value of a setting without one; it is no TOML.
pub const NOT_SET: &str = "(not set)";

/// Longest plain text, in characters.
const TEXT_CHARS_MAX: usize = 1000;

/// A kind of value.
pub trait Value: Sized {
    /// Reads it; none after reporting why not.
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self>;
    /// The value in TOML.
    fn show(&self) -> String;
}

/// How long articles are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Always.
    Forever,
    /// So long after they arrived.
    For(Duration),
}

impl Keep {
    /// None is for ever, as `Store::prune` has it.
    pub fn limit(self) -> Option<Duration> {
        match self {
            Self::Forever => None,
            Self::For(duration) => Some(duration),
        }
    }
}

/// How strictly publishers' wishes are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Etiquette {
    /// What the standards and good use ask.
    Normal,
    /// Every wish to the letter, hints included.
    Strict,
}

/// An address of the HTTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An address and port.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub struct Size(pub u64);

/// `full` or `normal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SynchronousFull(pub bool);

/// A text that may stand in an HTTP header: visible ASCII and spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderText(pub String);

/// A text in TOML.
pub fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The text that stands there, else a report of what was expected.
pub fn text_of<'v>(
    found: &'v Spanned<DeValue<'_>>,
    expected: &str,
    problems: &mut Vec<Problem>,
) -> Option<&'v str> {
    let text = found.get_ref().as_str();
    if text.is_none() {
        problems.push(mismatch(found, expected));
    }
    text
}

fn mismatch(found: &Spanned<DeValue<'_>>, expected: &str) -> Problem {
    let is = found.get_ref().type_str();
    let article = if is.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    Problem::new(
        found.span(),
        format!("expected {expected}"),
        format!("this is {article} {is}"),
    )
}

fn bad(found: &Spanned<DeValue<'_>>, what: &str, why: impl Into<String>) -> Problem {
    Problem::new(found.span(), what, why)
}

impl Value for bool {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        let value = found.get_ref().as_bool();
        if value.is_none() {
            problems.push(mismatch(found, "true or false"));
        }
        value
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for u64 {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        let Some(number) = found.get_ref().as_integer() else {
            problems.push(mismatch(found, "a whole number"));
            return None;
        };
        let value = Self::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok();
        if value.is_none() {
            problems.push(bad(
                found,
                "expected a whole number",
                "negative or too large",
            ));
        }
        value
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for usize {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        u64::read(found, problems).map(|n| Self::try_from(n).unwrap_or(Self::MAX))
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for f64 {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        let text = match found.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => {
                problems.push(mismatch(found, "a number"));
                return None;
            }
        };
        let value = text.replace('_', "").parse().ok();
        if value.is_none() {
            problems.push(mismatch(found, "a number"));
        }
        value
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for String {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        let text = text_of(found, "a text in quotes", problems)?;
        if text.trim().is_empty() {
            problems.push(bad(found, "the text is empty", "leave the key out instead"));
            return None;
        }
        if text.chars().any(char::is_control) {
            problems.push(bad(
                found,
                "control characters are not allowed here",
                "one line of plain text",
            ));
            return None;
        }
        if text.chars().count() > TEXT_CHARS_MAX {
            problems.push(bad(
                found,
                "the text is too long",
                format!("at most {TEXT_CHARS_MAX} characters"),
            ));
            return None;
        }
        Some(text.trim().to_owned())
    }
    fn show(&self) -> String {
        quoted(self)
    }
}

impl Value for HeaderText {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        let text = String::read(found, problems)?;
        if text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
            return Some(Self(text));
        }
        problems.push(bad(
            found,
            "this goes into an HTTP header",
            "only visible ASCII characters can stand there",
        ));
        None
    }
    fn show(&self) -> String {
        quoted(&self.0)
    }
}

impl Value for PathBuf {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        let text = String::read(found, problems)?;
        if text.starts_with('~') {
            problems.push(bad(
                found,
                "~ is the shell's and not read here",
                "write the whole path",
            ));
            return None;
        }
        Some(Self::from(text))
    }
    fn show(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

impl Value for Duration {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        let text = match found.get_ref() {
            DeValue::Integer(number) => number.as_str(),
            _ => text_of(found, "a duration such as \"30m\"", problems)?,
        };
        match span::parse(text) {
            Ok(duration) if found.get_ref().is_str() => Some(duration),
            Ok(_) => {
                problems.push(bad(
                    found,
                    "expected a duration such as \"30m\"",
                    "write \"0s\"",
                ));
                None
            }
            Err(why) => {
                problems.push(bad(found, "expected a duration such as \"30m\"", why));
                None
            }
        }
    }
    fn show(&self) -> String {
        quoted(&span::exact(*self))
    }
}

impl Value for Keep {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        if found.get_ref().as_str() == Some("forever") {
            return Some(Self::Forever);
        }
        Duration::read(found, problems).map(Self::For)
    }
    fn show(&self) -> String {
        match self {
            Self::Forever => quoted("forever"),
            Self::For(duration) => duration.show(),
        }
    }
}

impl Value for Size {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        if found.get_ref().is_integer() {
            return u64::read(found, problems).map(Self);
        }
        let text = text_of(
            found,
            "a size such as \"10MiB\" or a number of bytes",
            problems,
        )?;
        match parse_size(text) {
            Ok(bytes) => Some(Self(bytes)),
            Err(why) => {
                problems.push(bad(found, "expected a size such as \"10MiB\"", why));
                None
            }
        }
    }
    fn show(&self) -> String {
        quoted(&show_size(self.0))
    }
}

/// Reads one word of a few.
fn one_of<T: Copy>(
    found: &Spanned<DeValue<'_>>,
    words: &[(&str, T)],
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let all = words
        .iter()
        .map(|(word, _)| quoted(word))
        .collect::<Vec<_>>()
        .join(" or ");
    let text = text_of(found, &all, problems)?;
    let value = words.iter().find(|(word, _)| *word == text);
    if value.is_none() {
        problems.push(bad(found, &format!("expected {all}"), "not one of these"));
    }
    value.map(|(_, value)| *value)
}

impl Value for SynchronousFull {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        one_of(
            found,
            &[("normal", Self(false)), ("full", Self(true))],
            problems,
        )
    }
    fn show(&self) -> String {
        quoted(if self.0 { "full" } else { "normal" })
    }
}

impl Value for Etiquette {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        let words = [("normal", Self::Normal), ("strict", Self::Strict)];
        one_of(found, &words, problems)
    }
    fn show(&self) -> String {
        quoted(match self {
            Self::Normal => "normal",
            Self::Strict => "strict",
        })
    }
}

impl Value for WebUrl {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        let text = text_of(found, "a URL in quotes", problems)?;
        match Self::parse(text) {
            Ok(url) => Some(url),
            Err(why) => {
                problems.push(bad(found, "expected an http or https URL", why.to_string()));
                None
            }
        }
    }
    fn show(&self) -> String {
        quoted(self.as_str())
    }
}

impl Value for Listen {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        let expected = "an address such as \"127.0.0.1:8390\" or \"unix:/path\"";
        let text = text_of(found, expected, problems)?;
        if let Some(path) = text.strip_prefix("unix:") {
            if Path::new(path).is_absolute() {
                return Some(Self::Unix(PathBuf::from(path)));
            }
            problems.push(bad(
                found,
                "a socket needs an absolute path",
                "as in \"unix:/run/newswire/http.sock\"",
            ));
            return None;
        }
        if let Ok(address) = text.parse() {
            return Some(Self::Tcp(address));
        }
        let why = match text.rsplit_once(':') {
            Some(("localhost", port)) => format!("names are not looked up: \"127.0.0.1:{port}\""),
            Some(("" | "*", port)) => {
                format!(
                    "\"0.0.0.0:{port}\" for every address, \"127.0.0.1:{port}\" for this machine"
                )
            }
            _ if text.parse::<IpAddr>().is_ok() => "the port is missing".to_owned(),
            _ => "not an address with a port".to_owned(),
        };
        problems.push(bad(found, &format!("expected {expected}"), why));
        None
    }
    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Value for IpNet {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        let expected = "a network such as \"10.0.0.0/8\"";
        let text = text_of(found, expected, problems)?;
        let network = parse_network(text).ok();
        if network.is_none() {
            problems.push(bad(
                found,
                &format!("expected {expected}"),
                "not an address with a prefix length",
            ));
        }
        network
    }
    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

impl<T: Value> Value for Vec<T> {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        let Some(items) = found.get_ref().as_array() else {
            problems.push(mismatch(found, "a list in brackets"));
            return None;
        };
        // Not collect::<Option<_>>: that would stop at the first mistake.
        let read: Self = items
            .iter()
            .filter_map(|item| T::read(item, problems))
            .collect();
        (read.len() == items.len()).then_some(read)
    }
    fn show(&self) -> String {
        let items: Vec<String> = self.iter().map(Value::show).collect();
        format!("[{}]", items.join(", "))
    }
}

/// A value that may be absent; absent is shown as a comment, for TOML has no null.
impl<T: Value> Value for Option<T> {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        T::read(found, problems).map(Some)
    }
    fn show(&self) -> String {
        self.as_ref()
            .map_or_else(|| NOT_SET.to_owned(), Value::show)
    }
}
