//! The help as people read it: commands in groups, examples with each command, and the options of all commands in one place.
//! What there is stands in [`super::args`]; nothing here changes how a command line is read.

use std::fmt::Write;

use clap::{Arg, Command, CommandFactory};

use super::args::Cli;
use super::examples;

/// The commands by what they are for. One that is in no group stands in the last.
const GROUPS: [(&str, &[&str]); 6] = [
    (
        "Subscriptions",
        &[
            "add", "remove", "pause", "resume", "set", "feeds", "feed", "import", "export",
        ],
    ),
    (
        "Reading",
        &["list", "search", "show", "open", "explain", "split", "join"],
    ),
    (
        "Topics and merged feeds",
        &["topics", "topic", "dedup", "emit", "render"],
    ),
    ("Daemon", &["run", "demo", "fetch", "status", "healthcheck"]),
    ("Store", &["prune", "backup", "restore", "verify"]),
    (
        "Configuration and tools",
        &["check", "config", "parse", "completions", "man"],
    ),
];

/// The help of a command: as clap has it, and at the end where the options are that every command takes.
const TEMPLATE: &str = "\
{before-help}{about-with-newline}
{usage-heading} {usage}

{all-args}{after-help}

Options of all commands, such as --config, --db and --utc: `newswire --help`";

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

/// A command whose help ends with examples, and does not repeat the options of all commands.
fn with_examples(command: Command, parent: &str, global: &[Arg]) -> Command {
    let name = format!("{parent}{}", command.get_name());
    let mut parts: Vec<String> = Vec::new();
    if let Some(lines) = examples::of(&name) {
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
        "\n{header}Options of all commands:{header:#}\n{{options}}{{after-help}}"
    );
    text
}

fn shown(cli: &Command) -> Vec<&Command> {
    cli.get_subcommands().filter(|c| !c.is_hide_set()).collect()
}

/// The commands by what they are for, in the order of the help.
pub fn groups(cli: &Command) -> impl Iterator<Item = (&'static str, Vec<&Command>)> {
    GROUPS.iter().enumerate().map(move |(n, (title, _))| {
        let here = |c: &&Command| place_of(c.get_name()).is_some_and(|place| place.0 == n);
        let mut commands: Vec<&Command> = shown(cli).into_iter().filter(here).collect();
        commands.sort_by_key(|c| place_of(c.get_name()));
        (*title, commands)
    })
}

/// The group of a command, and its place there.
fn place_of(name: &str) -> Option<(usize, usize)> {
    let of = |(n, (_, names)): (usize, &(&str, &[&str]))| {
        names.iter().position(|one| *one == name).map(|at| (n, at))
    };
    let last = (GROUPS.len() - 1, usize::MAX);
    GROUPS
        .iter()
        .enumerate()
        .find_map(of)
        .or(Some(last).filter(|_| name != "help"))
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
