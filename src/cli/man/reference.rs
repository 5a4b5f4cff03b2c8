//! newswire.toml(5), generated from the example configuration (`config/newswire.toml`), so that the two never differ.
//!
//! In that file a comment precedes the keys that it explains. In the lists at its end, which are commented out, it follows the key
//! and continues on the next lines.

use std::fmt::Write;

use super::{SOURCE, markdown};

/// The text before the keys.
const HEAD: &str = include_str!("newswire.toml.md");

/// The page.
pub fn page(example: &str) -> String {
    let mut out = format!(
        ".TH NEWSWIRE.TOML 5 \"\" \"{SOURCE}\" \"File formats\"\n\
         .SH NAME\nnewswire.toml \\- the configuration of newswire\n"
    );
    out.push_str(&markdown::to_roff(HEAD));
    let mut sections = Sections {
        out: &mut out,
        comment: Vec::new(),
        keys: Vec::new(),
    };
    // The first paragraph describes the file itself, as HEAD does.
    let body = example.split_once("\n\n").map_or(example, |(_, body)| body);
    body.lines().for_each(|line| sections.line(line));
    sections.end_of_block();
    out.push_str(
        ".SH SEE ALSO\n.BR newswire (1),\n.BR newswire-check (1),\n.BR newswire-expressions (7)\n",
    );
    out
}

struct Sections<'o> {
    out: &'o mut String,
    comment: Vec<String>,
    /// Keys that share the comment before them.
    keys: Vec<String>,
}

impl Sections<'_> {
    fn line(&mut self, line: &str) {
        let code = line.strip_prefix("# ").unwrap_or(line);
        if line.is_empty() {
            self.end_of_block();
        } else if line == "#" {
        } else if code.starts_with('[') && code.trim_end().ends_with(']') {
            self.section(code);
        } else if line.starts_with('#') && code.starts_with("       ") {
            let text = code.trim_start().trim_start_matches('#').trim();
            let _ = writeln!(self.out, "{}", markdown::inline(text));
        } else if is_key(code) {
            self.key(code);
        } else {
            if !self.keys.is_empty() {
                self.end_of_block();
            }
            self.comment.push(code.to_owned());
        }
    }

    /// A comment before a list of keys belongs below the heading of the list.
    fn section(&mut self, name: &str) {
        let _ = writeln!(self.out, ".SH {}", markdown::literal(name));
        self.end_of_block();
    }

    /// A key with a comment on its line is complete; otherwise the next keys may share the comment.
    fn key(&mut self, code: &str) {
        let (setting, behind) = split_comment(code);
        self.keys.push(quoted(setting));
        if !behind.is_empty() {
            self.comment.push(behind.to_owned());
            self.end_of_block();
        }
    }

    /// Writes the keys with their comment, or a comment that explains no key.
    fn end_of_block(&mut self) {
        let text = markdown::inline(&std::mem::take(&mut self.comment).join(" "));
        let keys = std::mem::take(&mut self.keys);
        for (n, key) in keys.iter().enumerate() {
            let request = if n == 0 { ".TP" } else { ".TQ" };
            let _ = writeln!(self.out, "{request}\n.B {key}");
        }
        if keys.is_empty() && !text.is_empty() {
            self.out.push_str(".PP\n");
        }
        if !text.is_empty() {
            self.out.push_str(&text);
            self.out.push('\n');
        }
    }
}

fn is_key(code: &str) -> bool {
    code.split_once(" = ").is_some_and(|(key, _)| {
        !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    })
}

/// A setting and the comment behind it.
fn split_comment(code: &str) -> (&str, &str) {
    code.split_once("  #")
        .map_or((code, ""), |(setting, comment)| {
            (setting.trim(), comment.trim())
        })
}

/// An argument of a request.
fn quoted(text: &str) -> String {
    format!("\"{}\"", markdown::code(text).replace('"', "\\(dq"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::config::EXAMPLE;

    #[test]
    fn every_key_of_the_example_is_explained_under_its_section() {
        let page = page(EXAMPLE);
        let keys = EXAMPLE
            .lines()
            .map(|line| line.strip_prefix("# ").unwrap_or(line))
            .filter(|code| is_key(code));
        let mut n = 0;
        for code in keys {
            let heading = format!("\n.B {}\n", quoted(split_comment(code).0));
            let at = page
                .find(&heading)
                .unwrap_or_else(|| panic!("{code} is missing"));
            let below = page
                .get(at + heading.len()..)
                .unwrap()
                .lines()
                .next()
                .unwrap();
            assert!(!below.starts_with('.') || below == ".TQ", "{code}: {below}");
            n += 1;
        }
        assert!(n > 40, "{n}");
        assert!(page.contains(".SH [fetch]\n") && page.contains(".SH [[topic]]\n"));
    }
}
