//! Parses robots.txt and matches URLs against its rules (RFC 9309). Pure; linear in the text, however hostile it is.

use percent_encoding::percent_encode_byte;

use crate::model::web_url::URL_BYTES_MAX;
use crate::model::{Failure, FailureKind, WebUrl};

/// Our product token (section 2.2.1), whatever User-Agent is configured.
const PRODUCT_TOKEN: &str = "newswire";
/// How much of a robots.txt is read, in bytes (section 2.5 requires at least this).
pub const ROBOTS_BYTES_MAX: usize = 500 << 10;
/// Most rules kept of one robots.txt. Typical files have about ten, the longest known ones some thousands.
const RULES_MAX: usize = 10_000;

/// The rules of one robots.txt that apply to newswire.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Rules {
    /// Every URL is allowed: there is no robots.txt, or none of its rules applies.
    AllowAll,
    /// No URL is allowed: the server could not provide its robots.txt.
    DisallowAll,
    /// The patterns that apply.
    Patterns(Patterns),
}

/// Patterns in one buffer: ten thousand small allocations would take many times the memory of their text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Patterns {
    /// The patterns with normalized percent-encoding.
    text: Box<[u8]>,
    /// The end of each in `text`, and whether it allows.
    rules: Box<[(u32, bool)]>,
}

impl Patterns {
    fn iter(&self) -> impl Iterator<Item = (&[u8], bool)> {
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
    /// Parses a robots.txt: the groups of our product token, or those of `*` if there are none.
    pub fn parse(text: &[u8]) -> Self {
        let text = text.get(..text.len().min(ROBOTS_BYTES_MAX));
        let text = String::from_utf8_lossy(text.unwrap_or_default());
        let text = text.trim_start_matches('\u{feff}');
        let (mut ours, mut default) = (Group::default(), Group::default());
        let (mut is_ours, mut is_default, mut in_names) = (false, false, false);
        for line in text.split(['\r', '\n']) {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "user-agent" | "useragent" => {
                    if !in_names {
                        (is_ours, is_default, in_names) = (false, false, true);
                    }
                    is_ours |= is_our_token(value);
                    is_default |= value == "*";
                    ours.exists |= is_ours;
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
                    if is_default {
                        default.add(&pattern, allows);
                    }
                }
                // Sitemap, Crawl-delay and the like belong to no group (section 2.2.4).
                _ => {}
            }
        }
        let group = if ours.exists { ours } else { default };
        if group.rules.is_empty() {
            Self::AllowAll
        } else {
            Self::Patterns(Patterns {
                text: group.text.into(),
                rules: group.rules.into(),
            })
        }
    }

    /// Memory that the rules take on the heap, in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::AllowAll | Self::DisallowAll => 0,
            Self::Patterns(patterns) => patterns
                .text
                .len()
                .saturating_add(size_of_val::<[_]>(&patterns.rules)),
        }
    }

    /// The rules that a failed request implies (sections 2.3.1.2 to 2.3.1.4): a 4xx or a chain of redirects means that there is
    /// no robots.txt; a server that fails, throttles or cannot be reached allows nothing.
    pub fn of_failure(failure: &Failure) -> Self {
        match failure.kind {
            FailureKind::NotFound
            | FailureKind::Gone
            | FailureKind::Forbidden
            | FailureKind::Status
            | FailureKind::Redirect => Self::AllowAll,
            _ => Self::DisallowAll,
        }
    }

    /// Whether `url` may be read: the longest matching pattern decides, and of equally long ones `Allow` (section 2.2.2).
    pub fn allow(&self, url: &WebUrl) -> bool {
        let patterns = match self {
            Self::AllowAll => return true,
            Self::DisallowAll => return false,
            Self::Patterns(patterns) => patterns,
        };
        let parsed = url.as_url();
        let target = match parsed.query() {
            Some(query) => format!("{}?{query}", parsed.path()),
            None => parsed.path().to_owned(),
        };
        let target = normalized(&target, b"");
        patterns
            .iter()
            .filter(|(pattern, _)| matches(pattern, &target))
            .max_by_key(|(pattern, allows)| (pattern.len(), *allows))
            .is_none_or(|(_, allows)| allows)
    }
}

#[derive(Default)]
struct Group {
    exists: bool,
    text: Vec<u8>,
    rules: Vec<(u32, bool)>,
}

impl Group {
    /// Drops patterns beyond the limit, and those that are too long for any URL.
    fn add(&mut self, pattern: &[u8], allows: bool) {
        let end = u32::try_from(self.text.len().saturating_add(pattern.len()));
        if let Ok(end) = end
            && self.rules.len() < RULES_MAX
            && pattern.len() <= URL_BYTES_MAX
        {
            self.text.extend_from_slice(pattern);
            self.rules.push((end, allows));
        }
    }
}

/// Matches `newswire`, `Newswire/1.0` and `newswire (…)`: what follows the token does not count.
fn is_our_token(value: &str) -> bool {
    let token = value
        .split(|c: char| !(c.is_ascii_alphabetic() || c == '-' || c == '_'))
        .next()
        .unwrap_or_default();
    token.eq_ignore_ascii_case(PRODUCT_TOKEN)
}

/// A pattern with normalized percent-encoding. Every `*` is special, and `$` only at the end.
fn pattern(text: &str) -> Vec<u8> {
    let (text, end) = match text.strip_suffix('$') {
        Some(text) => (text, "$"),
        None => (text, ""),
    };
    let mut pattern = normalized(text, b"*");
    pattern.extend(end.bytes());
    pattern
}

/// Normalizes percent-encoding (section 2.2.2): unreserved characters are decoded, all others are encoded with upper-case
/// digits. Not encoded are ASCII characters that stand for themselves; `*` and `$` do so only if they are `special`.
fn normalized(text: &str, special: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        let digits = (*byte == b'%').then(|| after.split_at_checked(2)).flatten();
        let decoded = digits.and_then(|(digits, after)| {
            let mut value = [0];
            hex::decode_to_slice(digits, &mut value).ok()?;
            Some((value[0], after))
        });
        let (value, is_plain, after) = match decoded {
            Some((value, after)) => {
                let is_unreserved = value.is_ascii_alphanumeric() || b"-._~".contains(&value);
                (value, is_unreserved, after)
            }
            None => {
                let is_special = b"*$".contains(byte) && !special.contains(byte);
                (*byte, byte.is_ascii() && !is_special, after)
            }
        };
        rest = after;
        if is_plain {
            out.push(value);
        } else {
            out.extend(percent_encode_byte(value).bytes());
        }
    }
    out
}

/// Whether a pattern matches the beginning of `target`: `*` matches any bytes, and `$` the end (section 2.2.3). Linear in both,
/// because each part is searched for after the previous one.
fn matches(pattern: &[u8], target: &[u8]) -> bool {
    let (pattern, is_anchored) = match pattern.strip_suffix(b"$") {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split(|b| *b == b'*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = target.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&[u8]> = parts.collect();
    let last = if is_anchored { parts.pop() } else { None };
    for part in parts {
        let Some(at) = memchr::memmem::find(rest, part) else {
            return false;
        };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    match last {
        Some(last) => rest.ends_with(last),
        None => !is_anchored || rest.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(text: &str, path: &str) -> bool {
        let url = WebUrl::parse(&format!("https://a.example{path}")).unwrap();
        Rules::parse(text.as_bytes()).allow(&url)
    }

    #[test]
    fn et_47_the_group_of_our_token_applies_or_else_the_default_group() {
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
    fn et_47_percent_encoding_is_normalized() {
        let text = "User-agent: *\nDisallow: /foo/bar/ツ\nDisallow: /%62ar\nDisallow: /a%3cd\nDisallow: /st%2Ar\nDisallow: /a$b";
        assert!(!allows(text, "/foo/bar/%E3%83%84"));
        assert!(!allows(text, "/bar") && !allows(text, "/a%3Cd.html"));
        assert!(!allows(text, "/st*r") && allows(text, "/star"));
        assert!(!allows(text, "/a$bc"));
    }

    #[test]
    fn et_47_4xx_allows_everything_and_other_failures_nothing() {
        let of = |kind| Rules::of_failure(&Failure::new(kind, ""));
        for kind in [
            FailureKind::NotFound,
            FailureKind::Forbidden,
            FailureKind::Gone,
        ] {
            assert_eq!(of(kind), Rules::AllowAll);
        }
        for kind in [
            FailureKind::Server,
            FailureKind::Timeout,
            FailureKind::Throttled,
            FailureKind::Dns,
        ] {
            assert_eq!(of(kind), Rules::DisallowAll);
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
            let rules = Rules::parse(text.as_bytes());
            assert!(rules.bytes() <= RULES_MAX * 16, "{}", rules.bytes());
        }
        assert!(!allows("User-agent: *\nDisallow: /a", "/a"));
    }
}
