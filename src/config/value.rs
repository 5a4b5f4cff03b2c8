//! How each kind of TOML value is read and shown. An invalid value is reported with what was expected; it is never replaced.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use toml::Spanned;
use toml::de::DeValue;

use super::problem::Problem;
use crate::fetch::parse_network;
use crate::model::WebUrl;
use crate::model::span;

/// Shown for a setting without a value. It is not TOML.
pub const NOT_SET: &str = "(not set)";

/// Maximum length of a text, in characters.
const TEXT_CHARS_MAX: usize = 1000;

/// A kind of value of a setting.
pub trait Value: Sized {
    /// Reads a value; `None` after it added a problem.
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self>;
    /// The value as TOML.
    fn show(&self) -> String;
}

/// A text as TOML.
pub fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The text of a value; `None` after it added a problem that names what was `expected`.
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

/// A problem of a value with the expected kind.
pub fn bad(found: &Spanned<DeValue<'_>>, what: &str, why: impl Into<String>) -> Problem {
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
            problems.push(bad(found, "the text is empty", "remove the key instead"));
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

impl Value for PathBuf {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        let text = String::read(found, problems)?;
        if text.starts_with('~') {
            problems.push(bad(
                found,
                "~ is only expanded by shells",
                "write the full path",
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
        // collect::<Option<_>> would stop at the first mistake.
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

/// A value that may be missing.
impl<T: Value> Value for Option<T> {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        T::read(found, problems).map(Some)
    }
    fn show(&self) -> String {
        self.as_ref()
            .map_or_else(|| NOT_SET.to_owned(), Value::show)
    }
}
