//! `newswire man`: writes the manual pages, which are generated from the definition of the command line, from the example
//! configuration and from the documentation.
//!
//! Where to look: [`page`] for the pages of commands, [`reference`] for newswire.toml(5), [`markdown`] for the conversion of
//! Markdown. A page must not refer to a page that is not written.

mod markdown;
mod page;
mod reference;

use std::path::PathBuf;

use clap::{Args, Command};

use super::config::EXAMPLE;
use super::context::Context;
use super::exit::Failure;
use super::files;
use super::humanize::count;

/// The output of `--json`. A test compares it with what is printed.
const JSON: &str = include_str!("newswire-json.5");

/// The documentation of the expression language.
const EXPRESSIONS: &str = include_str!("../../../docs/expressions.md");

/// The footer of a page.
const SOURCE: &str = concat!("newswire ", env!("CARGO_PKG_VERSION"));

/// `newswire man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Output directory, created if it does not exist
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// A manual page: the name of its file, and its text.
#[derive(Debug)]
pub(super) struct Page {
    file: String,
    roff: String,
}

/// Runs `newswire man`. The pages are made from `command`, the definition of the command line.
pub fn man(cx: &mut Context, args: &ManArgs, command: Command) -> Result<(), Failure> {
    files::folder(&args.dir)?;
    let pages = pages(command);
    for page in &pages {
        files::replace(&args.dir.join(&page.file), page.roff.as_bytes())?;
    }
    cx.out.note(&format!(
        "wrote {} to {}",
        count(pages.len(), "page"),
        args.dir.display()
    ));
    Ok(())
}

/// All pages.
pub(super) fn pages(mut command: Command) -> Vec<Page> {
    command.build();
    let mut pages = page::of_commands(&command);
    pages.push(Page {
        file: "newswire-json.5".to_owned(),
        roff: JSON.to_owned(),
    });
    pages.push(Page {
        file: "newswire.toml.5".to_owned(),
        roff: reference::page(EXAMPLE),
    });
    pages.push(Page {
        file: "newswire-expressions.7".to_owned(),
        roff: expressions(),
    });
    pages
}

fn expressions() -> String {
    let title = format!(
        ".TH NEWSWIRE-EXPRESSIONS 7 \"\" \"{SOURCE}\" \"Miscellaneous\"\n\
         .SH NAME\nnewswire-expressions \\- the query language of topics and searches\n.SH DESCRIPTION\n"
    );
    let see =
        ".SH SEE ALSO\n.BR newswire (1),\n.BR newswire-topic-test (1),\n.BR newswire.toml (5)\n";
    format!("{title}{}{see}", markdown::to_roff(EXPRESSIONS))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use regex::Regex;

    use super::super::help;
    use super::*;

    #[test]
    fn pages_name_only_pages_that_are_written() {
        let pages = pages(help::command());
        let names: BTreeSet<&str> = pages.iter().map(|page| page.file.as_str()).collect();
        let named = Regex::new(r"(newswire[a-z.-]*)(?:\\fR)? ?\(([1-8])\)").unwrap();
        let mut found = 0;
        for page in &pages {
            for reference in named.captures_iter(&page.roff.replace("\\-", "-")) {
                let file = format!("{}.{}", &reference[1], &reference[2]);
                assert!(names.contains(file.as_str()), "{}: {file}", page.file);
                found += 1;
            }
        }
        assert!(found > names.len(), "{found}");
    }

    #[test]
    fn every_page_has_a_title_a_name_and_somewhere_to_go_on() {
        for page in pages(help::command()) {
            for part in [".TH ", ".SH NAME\n", ".SH \"SEE ALSO\"|.SH SEE ALSO\n"] {
                let there = part.split('|').any(|p| page.roff.contains(p.trim_end()));
                assert!(there, "{} has no {part}", page.file);
            }
            let mut lines = page.roff.lines();
            assert!(
                lines.all(|l| l.is_empty() || l != "." && !l.starts_with("'")),
                "{}",
                page.file
            );
        }
    }
}
