//! The types of settings that are not plain TOML values: sizes, addresses, and words such as `forever`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::problem::Problem;
use super::size::{parse_size, show_size};
use super::value::{Value, bad, quoted, text_of};

/// How long articles are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Without a limit.
    Forever,
    /// For this time after their arrival.
    For(Duration),
}

impl Keep {
    /// The limit, as `Store::prune` expects it; `None` without a limit.
    pub fn limit(self) -> Option<Duration> {
        match self {
            Self::Forever => None,
            Self::For(duration) => Some(duration),
        }
    }
}

/// How strictly hints of publishers are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Etiquette {
    /// As standards and good practice require.
    Normal,
    /// Every hint is followed literally.
    Strict,
}

/// An address of the HTTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An address and port.
    Tcp(SocketAddr),
    /// The path of a unix socket.
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

/// `synchronous`: true for `full`, false for `normal`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SynchronousFull(pub bool);

/// A value for an HTTP header: visible ASCII and spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderText(pub String);

impl Value for HeaderText {
    fn read(found: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Self> {
        let text = String::read(found, problems)?;
        if text.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
            return Some(Self(text));
        }
        problems.push(bad(
            found,
            "this is the value of an HTTP header",
            "only visible ASCII characters are allowed",
        ));
        None
    }
    fn show(&self) -> String {
        quoted(&self.0)
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

/// Reads one of several words.
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
                "a unix socket needs an absolute path",
                "as in \"unix:/run/newswire/http.sock\"",
            ));
            return None;
        }
        if let Ok(address) = text.parse() {
            return Some(Self::Tcp(address));
        }
        let why = match text.rsplit_once(':') {
            Some(("localhost", port)) => {
                format!("host names are not resolved; write \"127.0.0.1:{port}\"")
            }
            Some(("" | "*", port)) => {
                format!(
                    "write \"0.0.0.0:{port}\" for all addresses, \"127.0.0.1:{port}\" for this machine only"
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
