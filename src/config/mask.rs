//! Masks the secrets in the text of a configuration before a line of it is shown in a message (SEC-08). Works on text, not on TOML,
//! because the text may be invalid. Never changes the number of bytes, so that spans stay valid.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// Secrets: the userinfo of a URL, and values of keys with such names.
static SECRETS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r#"://([^\s"'/]*)@"#,
        r#"://([^\s"'/@]*:[^\s"']*)@"#,
        // A URL without a scheme, or with an invalid one.
        r#"([^\s"'/=]+:[^\s"'/][^\s"']*)@"#,
        r#"(?i)(?:password|passwd|secret|token|authorization|cookie|api[-_]?key)["']?\s*=\s*"((?:[^"\\\n]|\\.)*)"#,
        r#"(?i)(?:password|passwd|secret|token|authorization|cookie|api[-_]?key)["']?\s*=\s*'([^'\n]*)"#,
        // The path of a target's URL may be its secret.
        r#"(?:webhook|slack|discord|apprise|ntfy)\s*=\s*["']https?://[^/"'\n]+/([^"'\n]*)"#,
    ]
    .iter()
    .filter_map(|pattern| Regex::new(pattern).ok())
    .collect()
});

/// A table of headers: on one line, or as a section. All its values are secret.
static HEADERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^\s*headers\s*=\s*\{.*$|^\s*\[[^\]\n]*headers\]\n[^\[]*").ok()
});

/// A value in quotes.
static VALUE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"=\s*(?:"((?:[^"\\\n]|\\.)*)|'([^'\n]*))"#).ok());

/// The text with a star for each byte of a secret.
pub fn mask(text: &str) -> String {
    let mut secrets: Vec<Range<usize>> = Vec::new();
    for pattern in SECRETS.iter() {
        secrets.extend(groups(pattern, text, 0));
    }
    if let (Some(tables), Some(value)) = (&*HEADERS, &*VALUE) {
        for table in tables.find_iter(text) {
            secrets.extend(groups(value, table.as_str(), table.start()));
        }
    }
    let mut bytes = text.as_bytes().to_vec();
    for secret in secrets {
        if let Some(bytes) = bytes.get_mut(secret) {
            bytes.fill(b'*');
        }
    }
    // Only whole characters were replaced.
    String::from_utf8(bytes).unwrap_or_default()
}

fn groups(pattern: &Regex, text: &str, from: usize) -> Vec<Range<usize>> {
    pattern
        .captures_iter(text)
        .filter_map(|found| found.iter().skip(1).flatten().next())
        .map(|group| from + group.start()..from + group.end())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_08_every_secret_is_masked_and_no_byte_moves() {
        let text = r#"
            [fetch]
            proxy = "http://me:pröxy@10.0.0.1/"   # stays
            [[feed]]
            url = "https://ann:a/b@c@feeds.example/x"
            url = "https://social.example/@ann.rss"
            auth = { user = "ann", password = "in \" here", password_file = "/etc/pw" }
            headers = { "X-Key" = "abc", Other = 'def' }
            [feed.headers]
            X-More = "ghi"
            [[topic]]
            match = "token of love"
            token='jkl'
            webhook = "https://hook.example/path-of-hook?x"
        "#;
        let masked = mask(text);
        assert_eq!(masked.len(), text.len());
        for secret in [
            "me:", "xy@", "ann:", "a/b", "c@f", "in \\", "here", "abc", "def", "ghi", "jkl",
            "path-of",
        ] {
            assert!(!masked.contains(secret), "{secret}: {masked}");
        }
        for plain in [
            "@10.0.0.1/",
            "@feeds.example/x",
            "social.example/@ann.rss",
            "# stays",
            "\"ann\"",
            "/etc/pw",
            "X-Key",
            "token of love",
            "https://hook.example/",
            "feed.headers",
        ] {
            assert!(masked.contains(plain), "{plain}: {masked}");
        }
    }
}
