//! Suggestions for a command or option that does not exist: first by a table of names that other programs use, then by spelling.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use super::args::Cli;

/// Commands of other programs, separated by spaces, and the equivalent one of newswire.
const COMMANDS: &[(&str, &str)] = &[
    ("subscribe sub new create follow-feed", "add"),
    ("unsubscribe unsub delete del", "remove"),
    ("update refresh poll sync pull crawl reload-feeds", "fetch"),
    ("serve server start daemon up web httpd", "run"),
    ("find grep query", "search"),
    ("read view cat print article story", "show"),
    ("browse browser goto", "open"),
    ("why", "explain"),
    ("separate ungroup unmerge detach unjoin", "split"),
    ("merge group combine unsplit", "join"),
    (
        "river news latest stories articles entries items unread",
        "list",
    ),
    ("tail watch follow", "list --follow"),
    ("sources subscriptions subs channels", "feeds"),
    ("stats info state", "status"),
    ("health ping alive", "healthcheck"),
    ("llm ai assistant model tools", "mcp"),
    ("validate lint configtest checkconfig", "check"),
    ("clean cleanup gc expire trim", "prune"),
    ("dump save snapshot", "backup"),
    ("fsck integrity", "verify"),
    ("publish build generate site", "render"),
    ("rename edit change move mv tag", "set"),
    ("mute disable suspend hold", "pause"),
    ("unpause enable unmute", "resume"),
    ("filters rules categories", "topics"),
    ("opml", "export"),
    ("load restore-opml", "import"),
    ("version", "--version"),
    ("complete completion", "completions"),
    ("manual docs", "man"),
];

/// Commands of other programs for which newswire has signals.
const SIGNALS: &[(&str, &str)] = &[
    (
        "stop quit shutdown down kill exit end",
        "the daemon stops on SIGTERM: `systemctl stop newswire`, `kill PID`, or Ctrl-C in its terminal",
    ),
    (
        "reload restart hup",
        "the daemon reloads its configuration on SIGHUP: `systemctl reload newswire` or `kill -HUP PID`",
    ),
];

/// Options of other programs, and the equivalent ones of newswire.
const OPTIONS: &[(&str, &str)] = &[
    ("count max head number num top max-count", "limit"),
    ("from after-date newer newer-than start begin", "since"),
    ("to before older-than end", "until"),
    ("seen first-seen", "seen-since"),
    ("published pubdate date", "published-since"),
    ("source channel subscription", "feed"),
    ("category dir directory group path", "folder"),
    ("label labels tags tagged", "tag"),
    ("filter section", "topic"),
    ("order order-by sort-by", "sort"),
    ("columns cols select output-fields", "fields"),
    ("tail watch stream", "follow"),
    ("body bodies content long", "full"),
    ("output out-file file dest destination outdir", "out"),
    ("type as", "format"),
    ("name", "title"),
    ("errors broken failed", "failing"),
    ("dry simulate test noop", "dry-run"),
    ("jsonl jsonlines", "json"),
    ("database store", "db"),
    ("conf cfg config-file", "config"),
    ("silent", "quiet"),
    ("colour", "color"),
    ("timezone tz zone", "time"),
    ("force everything", "all"),
    ("why reason plan", "why-next"),
];

/// The error with the most likely correction.
pub fn with_suggestion(mut error: clap::Error, line: &[OsString]) -> clap::Error {
    let wrong = match error.kind() {
        ErrorKind::InvalidSubcommand => error.get(ContextKind::InvalidSubcommand),
        ErrorKind::UnknownArgument => error.get(ContextKind::InvalidArg),
        _ => return error,
    };
    let Some(ContextValue::String(wrong)) = wrong.cloned() else {
        return error;
    };
    let tip = match error.kind() {
        ErrorKind::InvalidSubcommand => command_for(&wrong),
        _ => option_for(&wrong, line),
    };
    match tip {
        Some(tip) => {
            error.remove(ContextKind::SuggestedSubcommand);
            error.remove(ContextKind::SuggestedArg);
            error.insert(
                ContextKind::Suggested,
                ContextValue::StyledStrs(vec![tip.into()]),
            );
        }
        None => {
            keep_nearest_command(&mut error, &wrong);
            drop_unlike_option(&mut error, &wrong);
        }
    }
    error
}

/// Drops clap's suggestion of an option that is too different.
fn drop_unlike_option(error: &mut clap::Error, wrong: &str) {
    let Some(ContextValue::String(near)) = error.get(ContextKind::SuggestedArg) else {
        return;
    };
    let wrong = wrong.split('=').next().unwrap_or_default();
    let mistakes = strsim::damerau_levenshtein(near, wrong);
    if mistakes > 1 + wrong.len() / 5 && !near.starts_with(wrong) {
        error.remove(ContextKind::SuggestedArg);
    }
}

fn by_synonym<'s>(synonyms: &[(&str, &'s str)], wrong: &str) -> Option<&'s str> {
    let wrong = wrong.to_lowercase();
    synonyms
        .iter()
        .find(|(names, _)| names.split(' ').any(|name| name == wrong))
        .map(|(_, ours)| *ours)
}

fn command_for(wrong: &str) -> Option<String> {
    if let Some(how) = by_synonym(SIGNALS, wrong) {
        return Some(how.to_owned());
    }
    let ours = by_synonym(COMMANDS, wrong)?;
    Some(format!("use `newswire {ours}`"))
}

fn option_for(wrong: &str, line: &[OsString]) -> Option<String> {
    let name = wrong.trim_start_matches('-').split('=').next()?;
    let mut cli = Cli::command();
    cli.build();
    let command = command_of(&cli, line);
    let has = |command: &Command, long: &str| {
        command
            .get_arguments()
            .any(|arg| arg.get_long() == Some(long) && arg.get_id() != "now")
    };
    if let Some(ours) = by_synonym(OPTIONS, name).filter(|ours| has(command, ours)) {
        return Some(format!("use '--{ours}'"));
    }
    // An option of another command.
    let others: Vec<&str> = cli
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set() && has(sub, name))
        .map(Command::get_name)
        .collect();
    match others.split_last() {
        None => None,
        Some((one, [])) => Some(format!("'--{name}' is an option of `newswire {one}`")),
        Some((last, others)) => Some(format!(
            "'--{name}' is an option of {} and {last}",
            others.join(", ")
        )),
    }
}

/// The innermost command that the line names.
fn command_of<'c>(cli: &'c Command, line: &[OsString]) -> &'c Command {
    let mut command = cli;
    for word in line.iter().skip(1).filter_map(|word| word.to_str()) {
        if let Some(sub) = command.find_subcommand(word) {
            command = sub;
        }
    }
    command
}

/// Keeps only the nearest of the commands that clap suggests: it also suggests hidden and quite different ones.
fn keep_nearest_command(error: &mut clap::Error, wrong: &str) {
    let Some(ContextValue::Strings(names)) = error.get(ContextKind::SuggestedSubcommand) else {
        return;
    };
    let cli = Cli::command();
    let is_shown = |name: &&String| cli.find_subcommand(name).is_none_or(|c| !c.is_hide_set());
    let nearest = names
        .iter()
        .filter(is_shown)
        .min_by_key(|name| strsim::damerau_levenshtein(name, wrong))
        // Aliases are not suggested.
        .map(|name| {
            cli.find_subcommand(name)
                .map_or(name.as_str(), Command::get_name)
        })
        .map(str::to_owned);
    let nearest = ContextValue::Strings(nearest.into_iter().collect());
    error.insert(ContextKind::SuggestedSubcommand, nearest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_synonym_maps_to_a_command_or_an_option_and_is_not_itself_one() {
        let mut cli = Cli::command();
        cli.build();
        let is_ours = |name: &str| cli.find_subcommand(name).is_some();
        for (names, ours) in COMMANDS {
            let first = ours.split(' ').next().unwrap();
            assert!(is_ours(first) || first == "--version", "{ours}");
            let taken = names.split(' ').find(|name| is_ours(name));
            assert_eq!(taken, None, "{ours}");
        }
        let options: Vec<&str> = cli
            .get_subcommands()
            .flat_map(|sub| sub.get_arguments().filter_map(|arg| arg.get_long()))
            .collect();
        for (_, ours) in OPTIONS {
            assert!(options.contains(ours), "{ours}");
        }
    }
}
