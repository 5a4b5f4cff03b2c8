//! What `newswire list` and `newswire search` take. The texts here are their help.

use clap::{Args, ValueEnum};

use super::complete;
use super::expression::EXPRESSIONS;
use super::format::Format;
use crate::model::Seq;
use crate::store::Order;

/// `newswire list`.
#[derive(Debug, Args)]
#[command(after_help = EXPRESSIONS)]
pub struct ListArgs {
    /// Only what this expression matches; several words are joined. Quote it for the shell: 'ukraine -sport'
    #[arg(value_name = "EXPR")]
    pub expr: Vec<String>,
    /// The options.
    #[command(flatten)]
    pub options: Options,
}

/// `newswire search`.
#[derive(Debug, Args)]
#[command(after_help = EXPRESSIONS)]
pub struct SearchArgs {
    /// What to look for; several words are joined. Quote it for the shell: '"armed forces" title:kyiv'
    #[arg(value_name = "EXPR", required = true)]
    pub expr: Vec<String>,
    /// The options.
    #[command(flatten)]
    pub options: Options,
}

/// What both take.
#[derive(Debug, Args)]
pub struct Options {
    /// List every copy instead of every story
    #[arg(long)]
    pub copies: bool,
    /// Only stories that arrived since TIME: 24h, 7d, yesterday, monday, 2030-01-31 (midnight UTC) or RFC 3339. A story
    /// arrives when it is published, but never before the feed's previous poll and never after newswire first saw it, so
    /// that no new story is missed
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only stories that arrived before TIME
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Only stories that newswire first saw since TIME, however old they are
    #[arg(long, value_name = "TIME")]
    pub seen_since: Option<String>,
    /// Only stories that their publisher dates since TIME; undated ones are left out
    #[arg(long, value_name = "TIME")]
    pub published_since: Option<String>,
    /// Only this topic
    #[arg(long, value_name = "NAME", add = complete::topics())]
    pub topic: Option<String>,
    /// Only this feed: id, URL or unique part of the title
    #[arg(long, value_name = "FEED", add = complete::feeds())]
    pub feed: Option<String>,
    /// Only feeds with this tag or in this folder, as tag: in an expression
    #[arg(long, value_name = "TAG", add = complete::tags())]
    pub tag: Option<String>,
    /// Only feeds in this folder or below it, as in news/world
    #[arg(long, value_name = "FOLDER", add = complete::folders())]
    pub folder: Option<String>,
    /// At most so many [default: all]
    #[arg(long, short = 'n', value_name = "N", allow_negative_numbers = true, value_parser = how_many)]
    pub limit: Option<usize>,
    /// The order [default: arrived for list, best for search]
    #[arg(long, value_name = "ORDER")]
    pub sort: Option<Sort>,
    /// Only what changed after this sequence, oldest change first
    #[arg(
        long,
        value_name = "SEQ",
        conflicts_with = "sort",
        allow_negative_numbers = true,
        value_parser = cursor
    )]
    pub after: Option<Seq>,
    /// Go on printing what is new or changed: the last ten first, or N with --limit, or all after --after
    #[arg(long, short = 'f', conflicts_with_all = ["sort", "until"])]
    pub follow: bool,
    /// The output format. Times in a table follow --time; all others are UTC
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: Format,
    /// The same as --format jsonl: one object a line
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Only these fields, separated by commas, as in id,arrived,feed.title,url
    #[arg(long, value_name = "FIELDS", add = complete::fields())]
    pub fields: Option<String>,
    /// Bodies too
    #[arg(long)]
    pub full: bool,
    /// Exit 4 if nothing matched
    #[arg(long)]
    pub fail_empty: bool,
}

/// The orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// Newest first, by arrival: the river.
    Arrived,
    /// Newest first, by publication as claimed.
    Published,
    /// Best match first.
    Best,
    /// Oldest change first.
    Seq,
}

/// The value of `--limit`.
fn how_many(text: &str) -> Result<usize, String> {
    text.parse()
        .map_err(|_| "write how many as a whole number, as in 20".to_owned())
}

/// The value of `--after`.
fn cursor(text: &str) -> Result<Seq, String> {
    text.parse()
        .map_err(|_| "write a sequence, the \"seq\" of --json; 0 is the beginning".to_owned())
}

impl From<Sort> for Order {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Arrived => Self::River,
            Sort::Published => Self::Published,
            Sort::Best => Self::Best,
            Sort::Seq => Self::Sequence,
        }
    }
}
