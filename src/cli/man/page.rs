//! The page of a command, generated from its definition. The sections at the end of the help become sections of the page;
//! newswire(1) also describes the program as a whole.

use std::fmt::Write;

use clap::Command;
use clap_mangen::Man;

use super::{Page, SOURCE, markdown};
use crate::cli::exit::EXIT_CODES;
use crate::cli::groups;

/// The sections of newswire(1) that are not generated.
const PROGRAM: &str = include_str!("newswire.md");

/// Sections of the help that are documented in other pages.
const ELSEWHERE: [&str; 2] = ["EXIT CODES", "EXPRESSIONS"];

/// The pages of a command and of its subcommands.
pub fn of_commands(root: &Command) -> Vec<Page> {
    let mut pages = Vec::new();
    write_pages(root, None, &mut pages);
    pages
}

fn write_pages(command: &Command, parent: Option<&str>, pages: &mut Vec<Page>) {
    let name = match parent {
        Some(parent) => format!("{parent}-{}", command.get_name()),
        None => command.get_name().to_owned(),
    };
    pages.push(Page {
        file: format!("{name}.1"),
        roff: page(command, &name, parent),
    });
    for sub in shown(command) {
        write_pages(sub, Some(&name), pages);
    }
}

fn shown(command: &Command) -> impl Iterator<Item = &Command> {
    command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help" && !sub.is_hide_set())
}

fn page(command: &Command, name: &str, parent: Option<&str>) -> String {
    let mut shown = command
        .clone()
        .display_name(name.to_owned())
        .mut_subcommands(|sub| {
            let is_help = sub.get_name() == "help";
            if is_help { sub.hide(true) } else { sub }
        });
    if parent.is_some() {
        // The global options are explained only in newswire(1).
        shown = shown.mut_args(|arg| {
            let is_global = arg.is_global_set();
            if is_global { arg.hide(true) } else { arg }
        });
    }
    let has_long_about = command.get_long_about().is_some();
    let has_subcommands = shown.has_subcommands();
    let man = Man::new(shown)
        .title(name.to_ascii_uppercase())
        .manual("newswire Manual")
        .source(SOURCE);
    let mut page = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = man.render_title(&mut page);
    let _ = man.render_name_section(&mut page);
    page.extend_from_slice(synopsis(command).as_bytes());
    if has_long_about {
        let _ = man.render_description_section(&mut page);
    }
    if parent.is_none() {
        page.extend_from_slice(markdown::to_roff(part(PROGRAM, "DESCRIPTION")).as_bytes());
    }
    if parent.is_none() {
        page.extend_from_slice(commands_in_groups(command).as_bytes());
    } else if has_subcommands {
        let _ = man.render_subcommands_section(&mut page);
    }
    let _ = man.render_options_section(&mut page);
    let mut page = in_bold(&String::from_utf8_lossy(&page))
        .replace(".SH SUBCOMMANDS", ".SH COMMANDS")
        .replace(".SH \"SUBCOMMANDS\"", ".SH COMMANDS");
    page.push_str(&end_of_help(command));
    page.push_str(&match parent {
        Some(parent) => end_of_command(command, parent),
        None => end_of_program(),
    });
    page
}

/// The commands in newswire(1), in groups.
fn commands_in_groups(root: &Command) -> String {
    let mut out = ".SH COMMANDS\n".to_owned();
    for (title, commands) in groups::groups(root) {
        let _ = writeln!(out, ".SS {title}");
        for command in commands.into_iter().filter(|c| c.get_name() != "help") {
            let name = format!("newswire-{}", command.get_name());
            let about = command.get_about().map(ToString::to_string);
            let about = markdown::inline(&about.unwrap_or_default());
            let _ = writeln!(out, ".TP\n.BR {} (1)\n{about}", markdown::code(&name));
        }
    }
    out
}

/// The usage of the command, as in its help.
fn synopsis(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    let mut out = ".SH SYNOPSIS\n".to_owned();
    for (n, line) in usage.lines().enumerate() {
        let line = line.trim_start_matches("Usage:").trim();
        let line = line.replace("[OPTIONS]", "[options]");
        let br = if n == 0 { "" } else { ".br\n" };
        let _ = writeln!(out, "{br}{}", markdown::code(&line));
    }
    out
}

/// Makes text in backticks bold. The input is roff.
fn in_bold(roff: &str) -> String {
    let mut out = String::with_capacity(roff.len());
    for line in roff.split_inclusive('\n') {
        let mut parts = line.split('`').peekable();
        let mut is_code = false;
        let pairs = line.matches('`').count() % 2 == 0;
        while let Some(part) = parts.next() {
            out.push_str(part);
            if parts.peek().is_some() {
                out.push_str(match (pairs, is_code) {
                    (false, _) => "`",
                    (true, false) => "\\fB",
                    (true, true) => "\\fR",
                });
                is_code = !is_code;
            }
        }
    }
    out
}

/// The sections at the end of the help. A line at the margin is a heading; the indented lines below it are kept unchanged.
fn end_of_help(command: &Command) -> String {
    let Some(text) = command
        .get_after_long_help()
        .or_else(|| command.get_after_help())
    else {
        return String::new();
    };
    let mut out = String::new();
    let mut is_open = false;
    let mut section = String::new();
    for line in text.to_string().lines() {
        if !line.starts_with(' ') && line.ends_with(':') {
            close(&mut out, &mut is_open);
            section = line.trim_end_matches(':').to_uppercase();
            if !ELSEWHERE.contains(&section.as_str()) {
                let _ = writeln!(out, ".SH {section}");
            }
        } else if line.is_empty() || ELSEWHERE.contains(&section.as_str()) {
        } else if section == "EXAMPLES" {
            let (command, what) = line.trim().split_once("  ").unwrap_or((line.trim(), ""));
            let (command, what) = (markdown::code(command), markdown::inline(what.trim()));
            let _ = writeln!(out, ".TP\n\\fB{command}\\fR");
            if !what.is_empty() {
                let _ = writeln!(out, "{what}");
            }
        } else if line.starts_with(' ') {
            if !std::mem::replace(&mut is_open, true) {
                out.push_str(".nf\n");
            }
            let line = line.strip_prefix("  ").unwrap_or(line);
            let _ = writeln!(out, "{}", markdown::literal(line));
        } else {
            close(&mut out, &mut is_open);
            let _ = writeln!(out, ".PP\n{}", markdown::inline(line));
        }
    }
    close(&mut out, &mut is_open);
    out
}

fn close(out: &mut String, is_open: &mut bool) {
    if std::mem::take(is_open) {
        out.push_str(".fi\n");
    }
}

/// The end of the page of a command.
fn end_of_command(command: &Command, parent: &str) -> String {
    let mut see = vec![format!("{}(1)", parent)];
    see.extend(
        ["newswire(1)".to_owned()]
            .into_iter()
            .filter(|_| parent != "newswire"),
    );
    let has = |what: &str| command.get_arguments().any(|arg| arg.get_id() == what);
    if has("json") {
        see.push("newswire-json(5)".to_owned());
    }
    if command.get_name() == "config" || parent == "newswire-config" || has("print") {
        see.push("newswire.toml(5)".to_owned());
    }
    let after = command.get_after_help().map(ToString::to_string);
    if after.is_some_and(|text| text.contains("xpression")) {
        see.push("newswire-expressions(7)".to_owned());
    }
    format!(
        ".SH EXIT STATUS\n0 on success; the other codes are listed in\n.BR newswire (1).\n\
         The global options are explained there, too.\n.SH SEE ALSO\n{}",
        markdown::references(&see.join(", "))
    )
}

/// The end of newswire(1).
fn end_of_program() -> String {
    let mut out = ".SH EXIT STATUS\n".to_owned();
    for (exit, meaning) in EXIT_CODES {
        let _ = writeln!(
            out,
            ".TP 5\n.B {}\n{}",
            exit as u8,
            markdown::inline(meaning)
        );
    }
    let rest = PROGRAM.find("## ENVIRONMENT").unwrap_or_default();
    out.push_str(&markdown::to_roff(PROGRAM.get(rest..).unwrap_or_default()));
    out
}

/// A section of a document, with its heading.
fn part<'t>(document: &'t str, heading: &str) -> &'t str {
    let start = document.find(&format!("## {heading}")).unwrap_or_default();
    let rest = document.get(start..).unwrap_or_default();
    let end = rest
        .get(3..)
        .and_then(|r| r.find("\n## "))
        .map_or(rest.len(), |n| n + 4);
    rest.get(..end).unwrap_or(rest)
}
