//! The commands of the command line. The options of one command are in the file of that command, those of every command in
//! [`super::global`]. The texts here are the help and the man pages.

use clap::{Parser, Subcommand};

use super::global::Global;
use super::{
    add, change, check, config, dedup, emit, exit, explain, extract, feeds, fetch, generate,
    import, list_args, maintain, man, open, parse, regroup, run, show, status, topic, topics,
};

/// News feeds in; clean articles, one story for many copies, and merged feeds by topic out.
#[derive(Debug, Parser)]
#[command(
    name = "newswire",
    version,
    max_term_width = 100,
    after_help = exit::exit_codes_in_help()
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order of the help.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the daemon: poll the feeds, serve the merged feeds
    Run(run::RunArgs),
    /// Try newswire on a sample: the same as `run --sample`
    #[command(mut_arg("sample", |arg| arg.hide(true)))]
    Demo(run::RunArgs),
    /// Poll feeds once, then end
    Fetch(fetch::FetchArgs),
    /// Subscribe to feeds, or to the feeds of pages, and poll them once
    Add(add::AddArgs),
    /// Unsubscribe; stored articles stay unless --purge is given
    #[command(visible_alias = "rm")]
    Remove(change::RemoveArgs),
    /// Stop polling feeds
    Pause(change::SomeFeeds),
    /// Poll paused or withdrawn feeds again
    Resume(change::SomeFeeds),
    /// Change a subscription
    Set(change::SetArgs),
    /// List the subscriptions and how they are doing
    Feeds(feeds::FeedsArgs),
    /// Show one subscription in full: health, schedule, repairs
    Feed(feeds::FeedArgs),
    /// Subscribe to the feeds of an OPML list
    Import(import::ImportArgs),
    /// Write the subscriptions
    Export(import::ExportArgs),
    /// List stories, newest first
    #[command(visible_alias = "ls")]
    List(list_args::ListArgs),
    /// Find stories, best match first
    ///
    /// Of the newest 2,000 articles that match; `newswire list EXPR` gives all of them.
    Search(list_args::SearchArgs),
    /// Show one story with its copies
    Show(show::ShowArgs),
    /// Open the page of a story in the browser
    Open(open::OpenArgs),
    /// Tell why a story is as it is: identity, copies, topics
    Explain(explain::ExplainArgs),
    /// Take copies out of a story to which they do not belong
    ///
    /// Your decision overrides the rules of grouping from now on: no poll, edit or new copy brings these copies together again. `newswire
    /// join` reverses it.
    Split(regroup::SplitArgs),
    /// Make one story of several
    ///
    /// Your decision overrides the rules of grouping from now on. `newswire split` reverses it.
    Join(regroup::JoinArgs),
    /// List the topics with their counts
    Topics(topics::TopicsArgs),
    /// Try out or explain a topic
    #[command(subcommand)]
    Topic(topic::TopicCommand),
    /// Try out how copies become stories
    #[command(subcommand)]
    Dedup(dedup::DedupCommand),
    /// Write the merged feed of a topic
    Emit(emit::EmitArgs),
    /// Write all merged feeds as files
    Render(emit::RenderArgs),
    /// Show what newswire makes of a feed; nothing is stored
    Parse(parse::ParseArgs),
    /// Show the article that newswire reads off a web page; nothing is stored
    #[command(hide = true)]
    Extract(extract::ExtractArgs),
    /// Show the store in numbers
    Status(status::StatusArgs),
    /// Tell whether the daemon is well: exit 0 or 1
    Healthcheck,
    /// Plan polls over a trace: JSON lines in, JSON lines out
    #[command(hide = true)]
    SimulateSchedule,
    /// Check the configuration
    Check(check::CheckArgs),
    /// Print a commented configuration to start from
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Remove what retention no longer keeps, now
    Prune(maintain::PruneArgs),
    /// Write a copy of the store while it is in use
    Backup(maintain::BackupArgs),
    /// Put a backup in the place of the store, while no daemon runs
    Restore(maintain::RestoreArgs),
    /// Check that the store, or a backup, is whole
    Verify(maintain::VerifyArgs),
    /// Write completions for a shell
    Completions(generate::CompletionsArgs),
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
