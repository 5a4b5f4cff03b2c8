//! The commands of the command line. The options of one command are in the file of that command, those of every command in
//! [`super::global`]. The texts here are the help and the man pages.

use clap::{Parser, Subcommand};

use super::global::Global;
use super::{
    add, change, check, completions, config, dedup, emit, exit, explain, extract, feed, feeds,
    fetch, import, list_args, maintain, man, notify, open, parse, regroup, run, schema, set, show,
    status, top, topic, topics,
};

/// A news aggregator: polls RSS, Atom and JSON feeds, groups copies into stories, and serves merged feeds by topic.
#[derive(Debug, Parser)]
#[command(
    name = "newswire",
    version,
    max_term_width = 100,
    after_help = exit::exit_codes_in_help()
)]
pub struct Cli {
    /// The global options.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the daemon: poll feeds and serve merged feeds
    Run(run::RunArgs),
    /// Try newswire with sample feeds; same as `run --sample`
    #[command(mut_arg("sample", |arg| arg.hide(true)))]
    Demo(run::RunArgs),
    /// Poll feeds once and exit
    Fetch(fetch::FetchArgs),
    /// Subscribe to feeds, or feeds of web pages, and poll them once
    Add(add::AddArgs),
    /// Unsubscribe; keeps the stored articles unless --purge is given
    #[command(visible_alias = "rm")]
    Remove(change::RemoveArgs),
    /// Stop polling feeds
    Pause(change::SomeFeeds),
    /// Resume polling paused or withdrawn feeds
    Resume(change::SomeFeeds),
    /// Change a subscription
    Set(set::SetArgs),
    /// List subscriptions with their health
    Feeds(feeds::FeedsArgs),
    /// Show a subscription in detail: health, schedule, repairs
    Feed(feed::FeedArgs),
    /// Subscribe to the feeds in an OPML file
    Import(import::ImportArgs),
    /// Export subscriptions as OPML or JSON
    Export(import::ExportArgs),
    /// List stories, newest first
    #[command(visible_alias = "ls")]
    List(list_args::ListArgs),
    /// Search stories, best match first
    ///
    /// Ranks the newest 2,000 articles that match; `newswire list EXPR` lists all of them.
    Search(list_args::SearchArgs),
    /// List the stories printed most
    ///
    /// Each site counts once, however many of its feeds carry a story, and a story counts half after 12 hours. Stories on one site only are
    /// left out. docs/top.md explains the rank.
    Top(top::TopArgs),
    /// Show a story with its copies
    Show(show::ShowArgs),
    /// Open the page of a story in a browser
    Open(open::OpenArgs),
    /// Explain a story: identity, copies, topics
    Explain(explain::ExplainArgs),
    /// Split copies off a story that they do not belong to
    ///
    /// Your decision takes precedence over the grouping rules from now on: no poll, edit or new copy joins these copies again.
    /// `newswire join` reverses it.
    Split(regroup::SplitArgs),
    /// Join several stories into one
    ///
    /// Your decision takes precedence over the grouping rules from now on. `newswire split` reverses it.
    Join(regroup::JoinArgs),
    /// List topics with their counts
    Topics(topics::TopicsArgs),
    /// Test or explain a topic
    #[command(subcommand)]
    Topic(topic::TopicCommand),
    /// Test a target of notifications, or show what was sent
    #[command(subcommand)]
    Notify(notify::NotifyCommand),
    /// Test how copies are grouped into stories
    #[command(subcommand)]
    Dedup(dedup::DedupCommand),
    /// Write the merged feed of a topic
    Emit(emit::EmitArgs),
    /// Write all merged feeds to files
    Render(emit::RenderArgs),
    /// Show how newswire reads a feed; nothing is stored
    Parse(parse::ParseArgs),
    /// Show the article that newswire extracts from a web page; nothing is stored
    #[command(hide = true)]
    Extract(extract::ExtractArgs),
    /// Show an overview of feeds, articles, stories and hosts
    Status(status::StatusArgs),
    /// Check whether the daemon is healthy: exit 0 or 1
    Healthcheck,
    /// Let language models read the news (MCP on stdin and stdout)
    ///
    /// For programs that start it, such as Claude Desktop and editors: a server of the Model Context Protocol. It reads the store
    /// and never writes, with or without a daemon. docs/mcp.md has the settings of common programs; over HTTP set server.mcp.
    Mcp,
    /// Simulate the schedule over a trace: JSON lines in, JSON lines out
    #[command(hide = true)]
    SimulateSchedule,
    /// Check the configuration
    Check(check::CheckArgs),
    /// Print an example configuration
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Apply the retention limits now
    Prune(maintain::PruneArgs),
    /// Back up the store, even while it is in use
    Backup(maintain::BackupArgs),
    /// Replace the store with a backup; the daemon must be stopped
    Restore(maintain::RestoreArgs),
    /// Check the integrity of the store or of a backup
    Verify(maintain::VerifyArgs),
    /// Print the JSON Schema of an object, or the OpenAPI document
    Schema(schema::SchemaArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
    /// Write the man pages
    Man(man::ManArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::global::Color;
    use super::*;

    #[test]
    fn the_definitions_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn global_options_stand_before_or_after_the_command() {
        for line in [
            "newswire --db x status --color never",
            "newswire status --color=never --db x",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(cli.global.db, Some("x".into()));
            assert_eq!(cli.global.color, Color::Never);
        }
    }
}
