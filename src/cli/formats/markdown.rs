//! A list in Markdown. Text of articles is escaped, so that it never becomes markup.

use super::{Printer, Setup};
use crate::cli::exit::Failure;
use crate::cli::item::Item;
use crate::cli::output::Out;
use crate::cli::terminal_escape;
use crate::cli::times::Times;

/// The printer of `md`.
pub fn markdown(setup: Setup) -> Box<dyn Printer> {
    Box::new(Markdown { times: setup.times })
}

struct Markdown {
    times: Times,
}

impl Printer for Markdown {
    fn item(&mut self, out: &mut Out, item: Item) -> Result<(), Failure> {
        let story = item.into_story();
        let title = escaped(&story.title);
        let linked = match &story.url {
            Some(url) => format!(
                "[{title}](<{}>)",
                terminal_escape::line(url).replace(['<', '>'], "")
            ),
            None => title,
        };
        let copies = if story.copies > 1 {
            format!(", {} copies", story.copies)
        } else {
            String::new()
        };
        out.line(&format!(
            "- {linked} — {}, {}{copies}",
            escaped(&story.feed.title),
            self.times.exact(story.arrived)
        ))?;
        if let Some(text) = story.content_text.as_ref().filter(|text| !text.is_empty()) {
            out.line("")?;
            for paragraph in text.lines() {
                out.line(format!("  {}", escaped(paragraph)).trim_end())?;
            }
            out.line("")?;
        }
        Ok(())
    }
}

fn escaped(text: &str) -> String {
    let is_markup = |c| {
        matches!(
            c,
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '&'
        )
    };
    let mut out = String::with_capacity(text.len());
    for c in terminal_escape::line(text).chars() {
        if is_markup(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_headline_is_never_markup() {
        assert_eq!(escaped("*a* [b](c) <d>"), "\\*a\\* \\[b\\](c) \\<d\\>");
    }
}
