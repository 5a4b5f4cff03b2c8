//! Expressions that begin with `-`, as in `newswire search '-covid vaccines'`, would be options for clap. Such arguments get a
//! leading space before clap parses the command line. Arguments that begin with `--` are never changed, so that a mistyped
//! option is still an error.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command, CommandFactory};

use super::args::Cli;

/// The value name of arguments that are an expression.
const EXPRESSION: &str = "EXPR";

/// The command line, with a leading space before each argument that begins with `-` and belongs to an expression.
pub fn arguments(line: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let line: Vec<OsString> = line.collect();
    let is_short = |arg: &OsString| arg.to_str().is_some_and(|a| short_of(a).is_some());
    if !line.iter().any(is_short) {
        return line;
    }
    let mut cli = Cli::command();
    cli.build();
    let mut command = &cli;
    let mut is_value = false;
    let mut line = line.into_iter();
    let mut out: Vec<OsString> = line.next().into_iter().collect();
    for arg in line.by_ref() {
        let text = arg.to_str().unwrap_or_default();
        if text == "--" {
            out.push(arg);
            break;
        }
        if std::mem::take(&mut is_value) {
        } else if let Some(name) = text.strip_prefix("--") {
            is_value = long_of(command, name).is_some_and(takes_value);
        } else if let Some(shorts) = short_of(text) {
            match options(command, shorts) {
                Some(value_follows) => is_value = value_follows,
                None if takes_expression(command) => {
                    out.push(format!(" {text}").into());
                    continue;
                }
                None => {}
            }
        } else if let Some(sub) = command.find_subcommand(text) {
            command = sub;
        }
        out.push(arg);
    }
    out.extend(line);
    out
}

/// The text after a single `-`.
fn short_of(text: &str) -> Option<&str> {
    let shorts = text.strip_prefix('-')?;
    (!shorts.is_empty() && !shorts.starts_with('-')).then_some(shorts)
}

fn takes_expression(command: &Command) -> bool {
    let mut names = command.get_positionals().filter_map(Arg::get_value_names);
    names.any(|names| names.iter().any(|name| name.as_str() == EXPRESSION))
}

fn long_of<'c>(command: &'c Command, name: &str) -> Option<&'c Arg> {
    command.get_arguments().find(|a| a.get_long() == Some(name))
}

fn takes_value(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

/// Whether the next argument is the value of the last of these options. `None` if they are not all options.
fn options(command: &Command, shorts: &str) -> Option<bool> {
    for (at, c) in shorts.char_indices() {
        let arg = command.get_arguments().find(|a| a.get_short() == Some(c))?;
        if takes_value(arg) {
            // The only option with a value takes a number: -n5, -n=5, -n 5.
            let value = shorts.get(at + c.len_utf8()..).unwrap_or_default();
            let is_number =
                value.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '=' | '-'));
            return (value.is_empty() || is_number).then_some(value.is_empty());
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[&str]) -> Vec<String> {
        let line = std::iter::once("newswire").chain(line.iter().copied());
        let read = arguments(line.map(OsString::from)).into_iter().skip(1);
        read.map(|arg| arg.into_string().unwrap()).collect()
    }

    #[test]
    fn an_expression_may_begin_with_a_minus_where_one_is_taken() {
        for line in [
            vec!["search", "-covid vaccines"],
            vec!["list", "-covid"],
            vec!["--db", "x", "-v", "list", "--json", "-title:covid"],
            vec!["topic", "test", "-(a OR b)"],
            vec!["search", "--since", "7d", "-\"red fox\""],
            vec!["list", "-n", "5", "-київ"],
            vec!["list", "-n5", "-nuclear"],
            vec!["list", "-fox"],
            vec!["search", "vaccines", "-qatar"],
        ] {
            let mut expected: Vec<String> = line.iter().map(|a| (*a).to_owned()).collect();
            let last = expected.last_mut().unwrap();
            *last = format!(" {last}");
            assert_eq!(read(&line), expected);
        }
    }

    #[test]
    fn options_their_values_and_mistakes_stay_as_they_are() {
        for line in [
            vec!["search", "--josn", "a"],
            vec!["list", "--limit", "-1"],
            vec!["list", "-n", "-1", "--feed", "-x"],
            vec!["list", "-f", "-vv", "-n20", "-fn", "3", "-h"],
            vec!["search", "a", "--", "-b"],
            vec!["fetch", "-x"],
            vec!["-x", "search", "a"],
            vec!["topic", "-x"],
            vec!["search", "-"],
        ] {
            assert_eq!(read(&line), line);
        }
    }
}
