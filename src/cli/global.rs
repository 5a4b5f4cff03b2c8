//! The global options. The doc comments here are the help and the man pages.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, ValueEnum};

use super::times::Style;
use crate::model::Time;
use crate::query::ast::When;
use crate::telemetry::LogFormat;

/// The options of every command, before or after its name.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Configuration file [default: $NEWSWIRE_CONFIG, else ~/.config/newswire/newswire.toml, else
    /// /etc/newswire/newswire.toml, else built-in defaults]
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Store, an SQLite database [default: $NEWSWIRE_DB, else store.path, else $STATE_DIRECTORY, else
    /// ~/.local/share/newswire/newswire.db]
    #[arg(long, value_name = "FILE", global = true)]
    pub db: Option<PathBuf>,
    /// Print more (-vv: even more)
    #[arg(short, long, action = ArgAction::Count, global = true)]
    pub verbose: u8,
    /// Print only warnings and errors (-qq: nothing)
    #[arg(short, long, action = ArgAction::Count, global = true, conflicts_with = "verbose")]
    pub quiet: u8,
    /// Log filter, for example "info,newswire::fetch=debug"
    #[arg(long, value_name = "FILTER", global = true)]
    pub log: Option<String>,
    /// Log format: human or json
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
    /// When to use colour: auto (on a terminal), always or never
    #[arg(
        long,
        value_name = "WHEN",
        global = true,
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub color: Color,
    /// Show times as local, utc or relative ("3 h ago") [default: stories local, polls relative]. Machine formats use UTC
    #[arg(
        long,
        value_name = "STYLE",
        global = true,
        hide_possible_values = true,
        conflicts_with = "utc"
    )]
    pub time: Option<Style>,
    /// Same as --time utc
    #[arg(long, global = true)]
    pub utc: bool,
    /// Stop the clock at this time
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

fn log_format() -> impl TypedValueParser<Value = LogFormat> {
    PossibleValuesParser::new(["human", "json"]).map(|name| match name.as_str() {
        "json" => LogFormat::Json,
        _ => LogFormat::Human,
    })
}

/// A point in time: RFC 3339 or a date.
fn moment(text: &str) -> Result<Time, String> {
    match When::read(text) {
        Some(When::At(time)) => Ok(time),
        _ => Err("expected a time such as 2030-01-10T12:00:00Z, or a date".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_absolute() {
        assert!(moment("2030-01-10").is_ok() && moment("2030-01-10T12:00:00+02:00").is_ok());
        assert!(moment("7d").is_err() && moment("now").is_err());
    }
}
