//! The command line as a whole: what every command takes, and which commands there are. What one command takes stands
//! in that command's file. The texts here are the help and the man pages.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use super::times::Style;
use super::{
    add, change, check, config, dedup, emit, exit, explain, extract, feeds, fetch, generate,
    import, list_args, maintain, man, open, parse, regroup, run, show, status, topic, topics,
};
use crate::model::Time;
use crate::query::ast::When;
use crate::telemetry::LogFormat;

/// What an expression may say, for the help of commands that take one.
pub const EXPRESSIONS: &str = "\
Expressions:
  ukraine (defence OR \"armed forces\") -sport
                              words, phrases, OR, NOT; side by side is AND
  a | b   a || b   a && b     the same; lang:en|de is lang:(en OR de)
  nuclear*   /re.?gex/i       beginnings, regular expressions
  NEAR(a b, 5)                at most five words between them
  wifi  us  obrien  3000  🚀  Wi-Fi, U.S., O'Brien, 3,000 too; emoji
  title: body: author: category: agency: feed: tag: lang: site: url: topic:
                              a word, phrase, regex or (group) there
  since:7d  since:yesterday   by arrival; a date or day (today, yesterday,
  until:2030-01-31            the last monday ... sunday) is its midnight UTC
  copies>=3   words>=200      by number; feeds>=3 too";

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

/// What every command takes, before or after its name.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Read this configuration [default: $NEWSWIRE_CONFIG, else ~/.config/newswire/newswire.toml, else
    /// /etc/newswire/newswire.toml, else built-in defaults]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Use this store [default: $NEWSWIRE_DB, else store.path, else $STATE_DIRECTORY, else
    /// ~/.local/share/newswire/newswire.db]
    #[arg(long, value_name = "FILE", global = true)]
    pub db: Option<PathBuf>,
    /// Say more (-vv: still more)
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub verbose: u8,
    /// Say less: only warnings and failures (-qq: nothing; the exit code tells)
    #[arg(short, long, action = ArgAction::Count, global = true, conflicts_with = "verbose")]
    pub quiet: u8,
    /// What is logged, as in "info,newswire::fetch=debug"
    #[arg(long, value_name = "FILTER", global = true)]
    pub log: Option<String>,
    /// How the log is written: human or json
    #[arg(
        long,
        value_name = "FORMAT",
        global = true,
        default_value = "human",
        hide_default_value = true,
        hide_possible_values = true,
        value_parser = log_format()
    )]
    pub log_format: LogFormat,
    /// When to colour: auto (on a terminal), always or never
    #[arg(
        long,
        value_name = "WHEN",
        global = true,
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub color: Color,
    /// Write times as local, utc or relative ("3 h ago") [default: news local, polls relative]. Machine formats are UTC
    #[arg(
        long,
        value_name = "STYLE",
        global = true,
        hide_possible_values = true,
        conflicts_with = "utc"
    )]
    pub time: Option<Style>,
    /// The same as --time utc
    #[arg(long, global = true)]
    pub utc: bool,
    /// Let the clock stand at this time
    #[arg(long, value_name = "TIME", global = true, hide = true, value_parser = moment)]
    pub now: Option<Time>,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
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

fn log_format() -> impl TypedValueParser<Value = LogFormat> {
    PossibleValuesParser::new(["human", "json"]).map(|name| match name.as_str() {
        "json" => LogFormat::Json,
        _ => LogFormat::Human,
    })
}

/// A point in time as options take it: RFC 3339 or a date.
fn moment(text: &str) -> Result<Time, String> {
    match When::read(text) {
        Some(When::At(time)) => Ok(time),
        _ => Err("expected a time as in 2030-01-10T12:00:00Z, or a date".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

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

    #[test]
    fn a_moment_is_absolute() {
        assert!(moment("2030-01-10").is_ok() && moment("2030-01-10T12:00:00+02:00").is_ok());
        assert!(moment("7d").is_err() && moment("now").is_err());
    }
}
