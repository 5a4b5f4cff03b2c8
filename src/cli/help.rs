//! The layout of the help: commands in groups, examples for each command, and the global options in one place. It never
//! changes how a command line is parsed; that is defined in [`super::args`].

use std::fmt::Write;

use clap::{Arg, Command, CommandFactory};

use super::args::Cli;
use super::examples;
use super::groups::{groups, shown};

/// The help of a command: clap's default, with a reference to the global options at the end.
const TEMPLATE: &str = "\
{before-help}{about-with-newline}
{usage-heading} {usage}

{all-args}{after-help}

Global options such as --config, --db and --utc: see `newswire --help`";

/// The command line with its help.
pub fn command() -> Command {
    let cli = Cli::command();
    let global: Vec<Arg> = cli
        .get_arguments()
        .filter(|arg| arg.is_global_set())
        .map(|arg| arg.clone().hide(true))
        .collect();
    let overview = overview(&cli);
    cli.mut_subcommands(|sub| with_examples(sub, "", &global))
        .help_template(overview)
}

/// A command whose help ends with examples and hides the global options.
fn with_examples(command: Command, parent: &str, global: &[Arg]) -> Command {
    let name = format!("{parent}{}", command.get_name());
    let mut parts: Vec<String> = Vec::new();
    let lines = examples::of(&name);
    if !lines.is_empty() {
        let style = *command.get_styles().get_header();
        parts.push(format!(
            "{style}Examples:{style:#}\n  {}",
            lines.join("\n  ")
        ));
    }
    parts.extend(command.get_after_help().map(|text| text.ansi().to_string()));
    let command = match parts.is_empty() {
        true => command,
        false => command.after_help(parts.join("\n\n")),
    };
    command
        .args(global)
        .mut_subcommands(|sub| with_examples(sub, &format!("{name} "), global))
        .help_template(TEMPLATE)
}

/// The template of the help of `newswire` itself.
fn overview(cli: &Command) -> String {
    let (header, literal) = (
        *cli.get_styles().get_header(),
        *cli.get_styles().get_literal(),
    );
    let mut text = String::from("{about-with-newline}\n{usage-heading} {usage}\n");
    let names = |command: &Command| {
        let aliases = command.get_visible_aliases();
        let names: Vec<&str> = std::iter::once(command.get_name()).chain(aliases).collect();
        names.join(", ")
    };
    let shown = shown(cli);
    let width = shown.iter().map(|c| names(c).len()).max().unwrap_or(0);
    for (title, commands) in groups(cli) {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "\n{header}{title}:{header:#}");
        for command in commands {
            let about = command.get_about().map(ToString::to_string);
            let name = names(command);
            let _ = writeln!(
                text,
                "  {literal}{name}{literal:#}{:pad$}  {}",
                "",
                about.unwrap_or_default(),
                pad = width - name.len()
            );
        }
    }
    let _ = write!(
        text,
        "\n{header}Global options:{header:#}\n{{options}}{{after-help}}"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help_of(path: &[&str]) -> String {
        let line = ["newswire"].iter().chain(path).chain(&["--help"]);
        let error = command().try_get_matches_from(line).unwrap_err();
        error.to_string()
    }

    #[test]
    fn every_command_stands_once_in_the_overview() {
        let help = help_of(&[]);
        for sub in Cli::command().get_subcommands() {
            let name = sub.get_name();
            let lines = [format!("\n  {name} "), format!("\n  {name}, ")];
            let count: usize = lines.iter().map(|line| help.matches(line).count()).sum();
            assert_eq!(count, usize::from(!sub.is_hide_set()), "{name}");
        }
        assert!(help.contains("list, ls ") && help.contains("remove, rm "));
    }

    #[test]
    fn options_of_all_commands_stand_in_the_overview_alone() {
        assert!(help_of(&[]).contains("--config <FILE>"));
        for path in [&["list"][..], &["topic"], &["topic", "test"], &["run"]] {
            let help = help_of(path);
            assert!(!help.contains("--config <FILE>"), "{help}");
            assert!(help.contains("newswire --help"), "{help}");
        }
        let matches = command().try_get_matches_from(["newswire", "list", "--db", "x"]);
        assert!(matches.is_ok(), "they are taken there all the same");
    }

    #[test]
    fn every_line_of_the_help_fits_a_terminal() {
        let mut paths: Vec<Vec<String>> = vec![vec![]];
        for sub in Cli::command().get_subcommands() {
            paths.push(vec![sub.get_name().to_owned()]);
            let nested = sub.get_subcommands().map(|c| c.get_name().to_owned());
            paths.extend(nested.map(|name| vec![sub.get_name().to_owned(), name]));
        }
        for path in paths {
            let mut command = command().term_width(80);
            let words = path.iter().map(String::as_str);
            let line = ["newswire"].into_iter().chain(words).chain(["--help"]);
            let help = command.try_get_matches_from_mut(line).unwrap_err();
            let help = help.to_string();
            let long = help.lines().find(|line| line.chars().count() > 80);
            assert_eq!(long, None, "{path:?}");
        }
    }
}
