//! robots.txt (RFC 9309), asked for pages of articles only: feeds are named by the user (ET-47). Text in, verdict out; the
//! asking itself is in `client`, and what is remembered is in `robots_cache`.

use crate::model::{Failure, FailureKind, WebUrl};

pub use super::robots_cache::Robots;

/// The name by which rules mean us (RFC 9309 section 2.2.1), whatever User-Agent is configured.
pub const TOKEN: &str = "newswire";
/// What is read of a robots.txt, in bytes (section 2.5 asks for at least that much).
pub const ROBOTS_BYTES_MAX: usize = 500 << 10;
/// Most rules of one robots.txt that are kept. Real ones have some ten, the longest known some thousands.
const RULES_MAX: usize = 10_000;
/// Longest pattern, in bytes: a URL is not longer ([`crate::model::web_url::URL_BYTES_MAX`]).
const PATTERN_BYTES_MAX: usize = 4096;

/// What one robots.txt says to us.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Rules {
    /// Nothing is forbidden: there is no robots.txt, or it says nothing to us.
    Free,
    /// Everything is: the server could not say.
    Closed,
    /// The patterns that hold for us.
    Listed(Listed),
}

/// Patterns, one behind the other: ten thousand small allocations would take many times their text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Listed {
    /// The patterns as written, percent-encoding made equal.
    text: Box<[u8]>,
    /// Where each ends in `text`, and whether it allows.
    rules: Box<[(u32, bool)]>,
}

impl Listed {
    fn patterns(&self) -> impl Iterator<Item = (&[u8], bool)> {
        let starts = std::iter::once(0).chain(self.rules.iter().map(|(end, _)| *end));
        starts
            .zip(&self.rules)
            .filter_map(|(start, (end, allows))| {
                let range = usize::try_from(start).ok()?..usize::try_from(*end).ok()?;
                Some((self.text.get(range)?, *allows))
            })
    }
}

impl Rules {
    /// Reads a robots.txt: the groups that name us, else those of `*`.
    pub fn read(text: &[u8]) -> Self {
        let text = text.get(..text.len().min(ROBOTS_BYTES_MAX));
        let text = String::from_utf8_lossy(text.unwrap_or_default());
        let text = text.trim_start_matches('\u{feff}');
        let (mut ours, mut everybodys) = (Group::default(), Group::default());
        let (mut is_ours, mut is_everybodys, mut in_names) = (false, false, false);
        for line in text.split(['\r', '\n']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "user-agent" | "useragent" => {
                    if !in_names {
                        (is_ours, is_everybodys, in_names) = (false, false, true);
                    }
                    is_ours |= names_us(value);
                    is_everybodys |= value == "*";
                    ours.is_there |= is_ours;
                }
                key @ ("allow" | "disallow") => {
                    in_names = false;
                    if value.is_empty() {
                        continue;
                    }
                    let (pattern, allows) = (pattern(value), key == "allow");
                    if is_ours {
                        ours.add(&pattern, allows);
                    }
                    if is_everybodys {
                        everybodys.add(&pattern, allows);
                    }
                }
                // Sitemap, Crawl-delay and the like belong to no group (section 2.2.4).
                _ => {}
            }
        }
        let group = if ours.is_there { ours } else { everybodys };
        if group.rules.is_empty() {
            Self::Free
        } else {
            Self::Listed(Listed {
                text: group.text.into(),
                rules: group.rules.into(),
            })
        }
    }

    /// What they take in memory, in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Free | Self::Closed => 0,
            Self::Listed(listed) => listed
                .text
                .len()
                .saturating_add(size_of_val::<[_]>(&listed.rules)),
        }
    }

    /// What it means that robots.txt could not be had, and how long (sections 2.3.1.2 to 2.3.1.4): a 4xx or a chain of
    /// redirects is no robots.txt; a server that fails, throttles or cannot be reached forbids everything.
    pub fn of_failure(failure: &Failure) -> Self {
        match failure.kind {
            FailureKind::NotFound
            | FailureKind::Gone
            | FailureKind::Forbidden
            | FailureKind::Status
            | FailureKind::Redirect => Self::Free,
            _ => Self::Closed,
        }
    }

    /// Whether they let us have `url`: the longest pattern that matches decides, `Allow` among equals (section 2.2.2).
    pub fn allow(&self, url: &WebUrl) -> bool {
        let rules = match self {
            Self::Free => return true,
            Self::Closed => return false,
            Self::Listed(rules) => rules,
        };
        let parsed = url.as_url();
        let target = match parsed.query() {
            Some(query) => format!("{}?{query}", parsed.path()),
            None => parsed.path().to_owned(),
        };
        let target = normal(&target, b"");
        rules
            .patterns()
            .filter(|(pattern, _)| matches(pattern, &target))
            .max_by_key(|(pattern, allows)| (pattern.len(), *allows))
            .is_none_or(|(_, allows)| allows)
    }
}

#[derive(Default)]
struct Group {
    is_there: bool,
    text: Vec<u8>,
    rules: Vec<(u32, bool)>,
}

impl Group {
    /// A pattern that no URL can be long enough for says nothing; neither does what comes after the limit.
    fn add(&mut self, pattern: &[u8], allows: bool) {
        let end = u32::try_from(self.text.len().saturating_add(pattern.len()));
        if let Ok(end) = end
            && self.rules.len() < RULES_MAX
            && pattern.len() <= PATTERN_BYTES_MAX
        {
            self.text.extend_from_slice(pattern);
            self.rules.push((end, allows));
        }
    }
}

/// `newswire`, `Newswire/1.0`, `newswire (…)`: the token before anything that cannot stand in one.
fn names_us(value: &str) -> bool {
    let token = value
        .split(|c: char| !(c.is_ascii_alphabetic() || c == '-' || c == '_'))
        .next()
        .unwrap_or_default();
    token.eq_ignore_ascii_case(TOKEN)
}

/// A pattern with its percent-encoding made equal; only a `$` at its end and every `*` are special.
fn pattern(text: &str) -> Vec<u8> {
    let (text, end) = match text.strip_suffix('$') {
        Some(text) => (text, "$"),
        None => (text, ""),
    };
    let mut pattern = normal(text, b"*");
    pattern.extend(end.bytes());
    pattern
}

/// Percent-encoding made equal (section 2.2.2): unreserved characters plain, others in upper-case hex; what is not ASCII,
/// and `*` and `$` unless they are `special`, encoded.
fn normal(text: &str, special: &[u8]) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = |n: usize| {
            let digit = char::from(*bytes.get(n)?).to_digit(16)?;
            u8::try_from(digit).ok()
        };
        let encoded = (byte == b'%')
            .then(|| Some(hex(at + 1)? << 4 | hex(at + 2)?))
            .flatten();
        at += if encoded.is_some() { 3 } else { 1 };
        let value = encoded.unwrap_or(byte);
        let is_plain = match encoded {
            Some(value) => value.is_ascii_alphanumeric() || b"-._~".contains(&value),
            None => byte.is_ascii() && (!b"*$".contains(&byte) || special.contains(&byte)),
        };
        if is_plain {
            out.push(value);
        } else {
            out.extend(format!("%{value:02X}").bytes());
        }
    }
    out
}

/// Whether a pattern matches from the beginning: `*` is any run of octets, `$` at the end the end (section 2.2.3). Linear
/// in both: each part is looked for behind the one before it.
fn matches(pattern: &[u8], target: &[u8]) -> bool {
    let (pattern, is_whole) = match pattern.strip_suffix(b"$") {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split(|b| *b == b'*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = target.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&[u8]> = parts.collect();
    let last = if is_whole { parts.pop() } else { None };
    for part in parts {
        let Some(at) = memchr::memmem::find(rest, part) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    match last {
        Some(last) => rest.ends_with(last),
        None => !is_whole || rest.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(text: &str, path: &str) -> bool {
        let url = WebUrl::parse(&format!("https://a.example{path}")).unwrap();
        Rules::read(text.as_bytes()).allow(&url)
    }

    #[test]
    fn et_47_the_group_that_names_us_holds_else_that_of_everybody() {
        let text = "User-agent: *\nDisallow: /\n\nUser-agent: other\nUser-Agent: NewsWire/2.0\nDisallow: /private\n";
        assert!(allows(text, "/news"));
        assert!(!allows(text, "/private/x"));
        assert!(!allows("user-agent: *\ndisallow: /a", "/a"));
        assert!(!allows(
            "User-agent: newswires\nAllow: /\nUser-agent: *\nDisallow: /",
            "/a"
        ));
        assert!(allows("User-agent: other\nDisallow: /", "/a"));
        assert!(allows("", "/a") && allows("<html>Not found</html>", "/a"));
        // Groups of one name are one (section 2.2.1); a group without rules forbids nothing.
        let twice = "User-agent: newswire\nDisallow: /a\nUser-agent: x\nDisallow: /\nUser-agent: newswire\nDisallow: /b";
        assert!(!allows(twice, "/a") && !allows(twice, "/b") && allows(twice, "/c"));
        assert!(allows(
            "User-agent: newswire\nDisallow:\n\nUser-agent: *\nDisallow: /",
            "/a"
        ));
    }

    #[test]
    fn et_47_the_longest_pattern_decides_and_allow_among_equals() {
        let text = "User-agent: *\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\nDisallow: /same\nAllow: /same";
        assert!(allows(text, "/example/page/"));
        assert!(!allows(text, "/example/page/disallowed.gif"));
        assert!(allows(text, "/same/x"));
    }

    #[test]
    fn et_47_stars_and_dollars() {
        let text = "User-agent: *\nDisallow: /*.gif$\nDisallow: /a*b*c\nDisallow: /end$\nDisallow: *?print=";
        assert!(!allows(text, "/x/y.gif") && allows(text, "/x/y.gif?z"));
        assert!(!allows(text, "/a/x/b/y/c/z") && allows(text, "/a/c/b"));
        assert!(!allows(text, "/end") && allows(text, "/ending"));
        assert!(!allows(text, "/n?print=1") && allows(text, "/n?p=1"));
    }

    #[test]
    fn et_47_percent_encoding_is_made_equal() {
        let text = "User-agent: *\nDisallow: /foo/bar/ツ\nDisallow: /%62ar\nDisallow: /a%3cd\nDisallow: /st%2Ar\nDisallow: /a$b";
        assert!(!allows(text, "/foo/bar/%E3%83%84"));
        assert!(!allows(text, "/bar") && !allows(text, "/a%3Cd.html"));
        assert!(!allows(text, "/st*r") && allows(text, "/star"));
        assert!(!allows(text, "/a$bc"));
    }

    #[test]
    fn et_47_what_a_failure_means() {
        let of = |kind| {
            Rules::of_failure(&Failure {
                kind,
                message: String::new(),
            })
        };
        for kind in [
            FailureKind::NotFound,
            FailureKind::Forbidden,
            FailureKind::Gone,
        ] {
            assert_eq!(of(kind), Rules::Free);
        }
        for kind in [
            FailureKind::Server,
            FailureKind::Timeout,
            FailureKind::Throttled,
            FailureKind::Dns,
        ] {
            assert_eq!(of(kind), Rules::Closed);
        }
    }

    #[test]
    fn sec_03_hostile_rules_are_linear() {
        let line = format!("Disallow: /{}\n", "*a".repeat(120));
        let text = format!("User-agent: *\n{}", line.repeat(2000));
        assert!(allows(&text, &format!("/{}", "b".repeat(4000))));
        let long = format!(
            "User-agent: *\n{}Disallow: /x",
            "#\n".repeat(ROBOTS_BYTES_MAX)
        );
        assert!(allows(&long, "/x"), "only the first 500 KiB count");
    }

    #[test]
    fn sec_24_the_rules_of_a_file_take_little_more_than_its_text() {
        let line = "Disallow:/\n";
        let many = format!(
            "User-agent:*\n{}",
            line.repeat(ROBOTS_BYTES_MAX / line.len())
        );
        let long = format!(
            "User-agent:*\nDisallow:/{}\nDisallow:/a",
            "\u{30c4}".repeat(9000)
        );
        for text in [many, long] {
            let rules = Rules::read(text.as_bytes());
            assert!(rules.bytes() <= RULES_MAX * 16, "{}", rules.bytes());
        }
        assert!(!allows("User-agent: *\nDisallow: /a", "/a"));
    }
}
