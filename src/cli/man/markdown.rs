//! Converts Markdown to roff, as far as this project's documentation uses it. A line of text must never become a roff request.

use std::fmt::Write;

/// Converts a document. Headings of level one are omitted; a table becomes a list of its first column.
pub fn to_roff(document: &str) -> String {
    let mut out = String::new();
    let mut blocks = Blocks {
        out: &mut out,
        lines: document.lines().peekable(),
    };
    while blocks.next() {}
    out
}

/// Converts text with `code`, **bold** and links.
pub fn inline(text: &str) -> String {
    let mut out = String::new();
    for (n, part) in text.split('`').enumerate() {
        if n % 2 == 1 {
            let _ = write!(out, "\\fB{}\\fR", code(part));
        } else {
            out.push_str(&prose(part));
        }
    }
    guarded(out)
}

/// Escapes characters so that hyphens and quotes in commands are not replaced by typographic ones.
pub fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '\'' => out.push_str("\\(aq"),
            '`' => out.push_str("\\(ga"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            c => out.push(c),
        }
    }
    out
}

/// A line that is printed unchanged.
pub fn literal(line: &str) -> String {
    guarded(code(line))
}

/// `name(1), name(5)` as references.
pub fn references(list: &str) -> String {
    let mut out = String::new();
    for name in list.split(", ") {
        let (name, section) = name.split_once('(').unwrap_or((name, ""));
        let comma = if out.is_empty() { "" } else { ",\n" };
        let _ = write!(out, "{comma}.BR {} ({section}", code(name));
    }
    out.push('\n');
    out
}

/// Prefixes a line that would be a request with a zero-width character.
fn guarded(line: String) -> String {
    if line.starts_with(['.', '\'']) {
        format!("\\&{line}")
    } else {
        line
    }
}

fn prose(text: &str) -> String {
    let mut out = String::new();
    for (n, part) in text.split("**").enumerate() {
        let part = without_links(part).replace('\\', "\\e");
        if n % 2 == 1 {
            let _ = write!(out, "\\fB{part}\\fR");
        } else {
            out.push_str(&part);
        }
    }
    out
}

/// `[text](target)` as its text.
fn without_links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        out.push_str(before);
        let link = after
            .split_once("](")
            .and_then(|(label, tail)| Some((label, tail.split_once(')')?.1)));
        match link {
            Some((label, tail)) => {
                out.push_str(label);
                rest = tail;
            }
            None => {
                out.push('[');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

struct Blocks<'o, 'd> {
    out: &'o mut String,
    lines: std::iter::Peekable<std::str::Lines<'d>>,
}

impl Blocks<'_, '_> {
    /// Writes the next block; false at the end.
    fn next(&mut self) -> bool {
        let Some(line) = self.lines.next() else {
            return false;
        };
        if line.starts_with("```") {
            self.fenced();
        } else if let Some(heading) = line.strip_prefix("### ") {
            self.say(&format!(".SS {}", inline(heading)));
        } else if let Some(heading) = line.strip_prefix("## ") {
            self.say(&format!(".SH {}", inline(heading).to_uppercase()));
        } else if line.starts_with("# ") || line.is_empty() {
        } else if line.starts_with('|') {
            self.table();
        } else if let Some(item) = line.strip_prefix("- ") {
            self.say(".IP \\(bu 2");
            self.paragraph(item);
        } else {
            self.say(".PP");
            self.paragraph(line);
        }
        true
    }

    fn say(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    /// The lines of a paragraph or item. They are joined, because a code span may continue on the next line.
    fn paragraph(&mut self, first: &str) {
        let mut text = first.to_owned();
        let is_more = |l: &&str| {
            !l.is_empty()
                && !["#", "|", "```", "- "]
                    .iter()
                    .any(|start| l.starts_with(start))
        };
        while let Some(line) = self.lines.next_if(is_more) {
            text.push(' ');
            text.push_str(line.trim_start());
        }
        self.say(&inline(&text));
    }

    fn fenced(&mut self) {
        self.say(".PP\n.RS 4\n.nf");
        while let Some(line) = self.lines.next_if(|l| !l.starts_with("```")) {
            self.say(&literal(line));
        }
        self.lines.next();
        self.say(".fi\n.RE");
    }

    /// Skips the rule below the heading; the heading was skipped by [`Self::next`].
    fn table(&mut self) {
        self.lines.next_if(|l| l.starts_with("|--"));
        while let Some(row) = self.lines.next_if(|l| l.starts_with('|')) {
            let cells = cells(row);
            let Some((first, others)) = cells.split_first() else {
                continue;
            };
            self.say(".TP");
            self.say(&inline(first));
            self.say(&inline(&others.join("; ")));
        }
    }
}

/// The cells of a row; `\|` is a literal bar.
fn cells(row: &str) -> Vec<String> {
    let row = row.trim().trim_start_matches('|').trim_end_matches('|');
    row.replace("\\|", "\u{0}")
        .split('|')
        .map(|cell| cell.trim().replace('\u{0}', "|"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_text_becomes_a_request() {
        for text in [
            ".TH",
            "'br",
            "`.so /etc/passwd`",
            "a\\nb",
            "```\n.TH\n'x\n```",
            "- .x",
            "|a|b|\n|--|--|\n|.x|'y|",
        ] {
            for line in to_roff(text).lines() {
                let known = [".PP", ".RS 4", ".RE", ".nf", ".fi", ".IP \\(bu 2", ".TP"];
                assert!(
                    known.contains(&line) || !line.starts_with(['.', '\'']),
                    "{text}: {line}"
                );
            }
            assert!(!to_roff(text).contains("\\n"), "{text}");
        }
    }

    #[test]
    fn commands_can_be_copied_from_a_page() {
        assert_eq!(
            inline("run `ls -l 'a'` - now"),
            "run \\fBls \\-l \\(aqa\\(aq\\fR - now"
        );
        assert_eq!(inline("see [this](x.md) and [that"), "see this and [that");
        assert_eq!(inline("**a** `b`"), "\\fBa\\fR \\fBb\\fR");
    }

    #[test]
    fn a_table_is_a_list_of_its_first_column() {
        let table = "| write | to find |\n|---|---|\n| `a \\| b` | either |\n";
        assert_eq!(to_roff(table), ".TP\n\\fBa | b\\fR\neither\n");
    }
}
