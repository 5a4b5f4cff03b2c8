//! What somebody meant who typed a command or an option that does not exist: by meaning first, for other programs have other
//! names for the same; then by likeness of the letters.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};

use super::args::Cli;

/// Names of other programs, and the command of ours.
const COMMANDS: &[(&[&str], &str)] = &[
    (&["subscribe", "sub", "new", "create", "follow-feed"], "add"),
    (&["unsubscribe", "unsub", "delete", "del"], "remove"),
    (
        &[
            "update",
            "refresh",
            "poll",
            "sync",
            "pull",
            "crawl",
            "reload-feeds",
        ],
        "fetch",
    ),
    (
        &["serve", "server", "start", "daemon", "up", "web", "httpd"],
        "run",
    ),
    (&["find", "grep", "query"], "search"),
    (
        &["read", "view", "cat", "print", "article", "story"],
        "show",
    ),
    (&["browse", "browser", "goto"], "open"),
    (&["why"], "explain"),
    (
        &["separate", "ungroup", "unmerge", "detach", "unjoin"],
        "split",
    ),
    (&["merge", "group", "combine", "unsplit"], "join"),
    (
        &[
            "river", "news", "latest", "stories", "articles", "entries", "items", "unread",
        ],
        "list",
    ),
    (&["tail", "watch", "follow"], "list --follow"),
    (&["sources", "subscriptions", "subs", "channels"], "feeds"),
    (&["stats", "info", "state"], "status"),
    (&["health", "ping", "alive"], "healthcheck"),
    (&["validate", "lint", "configtest", "checkconfig"], "check"),
    (&["clean", "cleanup", "gc", "expire", "trim"], "prune"),
    (&["dump", "save", "snapshot"], "backup"),
    (&["fsck", "integrity"], "verify"),
    (&["publish", "build", "generate", "site"], "render"),
    (&["rename", "edit", "change", "move", "mv", "tag"], "set"),
    (&["mute", "disable", "suspend", "hold"], "pause"),
    (&["unpause", "enable", "unmute"], "resume"),
    (&["filters", "rules", "categories"], "topics"),
    (&["opml"], "export"),
    (&["load", "restore-opml"], "import"),
    (&["version"], "--version"),
    (&["complete", "completion"], "completions"),
    (&["manual", "docs"], "man"),
];

/// Commands that other programs have and that are signals here.
const SIGNALS: &[(&[&str], &str)] = &[
    (
        &["stop", "quit", "shutdown", "down", "kill", "exit", "end"],
        "the daemon ends on SIGTERM: `systemctl stop newswire`, `kill PID`, or Ctrl-C where it runs",
    ),
    (
        &["reload", "restart", "hup"],
        "the daemon reads its configuration again on SIGHUP: `systemctl reload newswire` or `kill -HUP PID`",
    ),
];

/// Options of other programs, and ours.
const OPTIONS: &[(&[&str], &str)] = &[
    (
        &["count", "max", "head", "number", "num", "top", "max-count"],
        "limit",
    ),
    (
        &[
            "from",
            "after-date",
            "newer",
            "newer-than",
            "start",
            "begin",
        ],
        "since",
    ),
    (&["to", "before", "older-than", "end"], "until"),
    (&["seen", "first-seen"], "seen-since"),
    (&["published", "pubdate", "date"], "published-since"),
    (&["source", "channel", "subscription"], "feed"),
    (&["category", "dir", "directory", "group", "path"], "folder"),
    (&["label", "labels", "tags", "tagged"], "tag"),
    (&["filter", "section"], "topic"),
    (&["order", "order-by", "sort-by"], "sort"),
    (&["columns", "cols", "select", "output-fields"], "fields"),
    (&["tail", "watch", "stream"], "follow"),
    (&["body", "bodies", "content", "long"], "full"),
    (
        &[
            "output",
            "out-file",
            "file",
            "dest",
            "destination",
            "outdir",
        ],
        "out",
    ),
    (&["type", "as"], "format"),
    (&["name"], "title"),
    (&["errors", "broken", "failed"], "failing"),
    (&["dry", "simulate", "test", "noop"], "dry-run"),
    (&["jsonl", "jsonlines"], "json"),
    (&["database", "store"], "db"),
    (&["conf", "cfg", "config-file"], "config"),
    (&["silent"], "quiet"),
    (&["colour"], "color"),
    (&["timezone", "tz", "zone"], "time"),
    (&["force", "everything"], "all"),
    (&["why", "reason", "plan"], "why-next"),
];

/// A mistake on the command line, with what was most likely meant.
pub fn advised(mut error: clap::Error, line: &[OsString]) -> clap::Error {
    let wrong = match error.kind() {
        ErrorKind::InvalidSubcommand => error.get(ContextKind::InvalidSubcommand),
        ErrorKind::UnknownArgument => error.get(ContextKind::InvalidArg),
        _ => return error,
    };
    let Some(ContextValue::String(wrong)) = wrong.cloned() else {
        return error;
    };
    let tip = match error.kind() {
        ErrorKind::InvalidSubcommand => command_meant(&wrong),
        _ => option_meant(&wrong, line),
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
            only_nearest(&mut error, &wrong);
            only_like(&mut error, &wrong);
        }
    }
    error
}

/// No option that only has some letters in common.
fn only_like(error: &mut clap::Error, wrong: &str) {
    let Some(ContextValue::String(near)) = error.get(ContextKind::SuggestedArg) else {
        return;
    };
    let wrong = wrong.split('=').next().unwrap_or_default();
    let mistakes = strsim::damerau_levenshtein(near, wrong);
    if mistakes > 1 + wrong.len() / 5 && !near.starts_with(wrong) {
        error.remove(ContextKind::SuggestedArg);
    }
}

fn by_meaning<'m>(meanings: &[(&[&str], &'m str)], wrong: &str) -> Option<&'m str> {
    let wrong = wrong.to_lowercase();
    meanings
        .iter()
        .find(|(names, _)| names.contains(&wrong.as_str()))
        .map(|(_, meant)| *meant)
}

fn command_meant(wrong: &str) -> Option<String> {
    if let Some(how) = by_meaning(SIGNALS, wrong) {
        return Some(how.to_owned());
    }
    let meant = by_meaning(COMMANDS, wrong)?;
    Some(format!("`newswire {meant}` does that"))
}

fn option_meant(wrong: &str, line: &[OsString]) -> Option<String> {
    let name = wrong.trim_start_matches('-').split('=').next()?;
    let mut cli = Cli::command();
    cli.build();
    let command = command_of(&cli, line);
    let has = |command: &Command, long: &str| {
        command
            .get_arguments()
            .any(|arg| arg.get_long() == Some(long) && arg.get_id() != "now")
    };
    if let Some(meant) = by_meaning(OPTIONS, name).filter(|meant| has(command, meant)) {
        return Some(format!("'--{meant}' does that"));
    }
    // The right option with the wrong command.
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

/// The command that a line is of, as far as it names one.
fn command_of<'c>(cli: &'c Command, line: &[OsString]) -> &'c Command {
    let mut command = cli;
    for word in line.iter().skip(1).filter_map(|word| word.to_str()) {
        if let Some(sub) = command.find_subcommand(word) {
            command = sub;
        }
    }
    command
}

/// Of the commands that are written alike the nearest: clap also names hidden ones, and those that have letters in common in
/// any order.
fn only_nearest(error: &mut clap::Error, wrong: &str) {
    let Some(ContextValue::Strings(names)) = error.get(ContextKind::SuggestedSubcommand) else {
        return;
    };
    let cli = Cli::command();
    let is_shown = |name: &&String| cli.find_subcommand(name).is_none_or(|c| !c.is_hide_set());
    let nearest = names
        .iter()
        .filter(is_shown)
        .min_by_key(|name| strsim::damerau_levenshtein(name, wrong))
        // An alias is for those who know it.
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
    fn every_meaning_is_a_command_or_an_option_and_no_name_of_our_own() {
        let mut cli = Cli::command();
        cli.build();
        let is_ours = |name: &str| cli.find_subcommand(name).is_some();
        for (names, meant) in COMMANDS {
            let first = meant.split(' ').next().unwrap();
            assert!(is_ours(first) || first == "--version", "{meant}");
            let taken = names.iter().find(|name| is_ours(name));
            assert_eq!(taken, None, "{meant}");
        }
        let options: Vec<&str> = cli
            .get_subcommands()
            .flat_map(|sub| sub.get_arguments().filter_map(|arg| arg.get_long()))
            .collect();
        for (_, meant) in OPTIONS {
            assert!(options.contains(meant), "{meant}");
        }
    }
}
