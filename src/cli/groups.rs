//! The commands in groups by purpose, as the help and newswire(1) list them.

use clap::Command;

/// A command that is in no group is listed at the end of the last one.
const GROUPS: [(&str, &[&str]); 6] = [
    (
        "Subscriptions",
        &[
            "add", "remove", "pause", "resume", "set", "feeds", "feed", "import", "export",
        ],
    ),
    (
        "Reading",
        &[
            "list", "search", "top", "show", "open", "explain", "split", "join",
        ],
    ),
    (
        "Topics and merged feeds",
        &["topics", "topic", "dedup", "emit", "render"],
    ),
    (
        "Daemon",
        &[
            "run",
            "demo",
            "fetch",
            "status",
            "healthcheck",
            "notify",
            "mcp",
        ],
    ),
    ("Store", &["prune", "backup", "restore", "verify"]),
    (
        "Configuration and tools",
        &["check", "config", "parse", "schema", "completions", "man"],
    ),
];

/// The commands that the help shows.
pub fn shown(cli: &Command) -> Vec<&Command> {
    cli.get_subcommands().filter(|c| !c.is_hide_set()).collect()
}

/// The groups with their titles, in the order of the help.
pub fn groups(cli: &Command) -> impl Iterator<Item = (&'static str, Vec<&Command>)> {
    GROUPS.iter().enumerate().map(move |(n, (title, _))| {
        let here = |c: &&Command| place_of(c.get_name()).is_some_and(|place| place.0 == n);
        let mut commands: Vec<&Command> = shown(cli).into_iter().filter(here).collect();
        commands.sort_by_key(|c| place_of(c.get_name()));
        (*title, commands)
    })
}

/// The index of a command's group, and its index in the group. `None` for `help`.
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
