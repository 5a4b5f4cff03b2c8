//! The options of `newswire list` and `newswire search`. The doc comments here are their help.

use clap::{Args, ValueEnum};

use super::candidates;
use super::expression::EXPRESSIONS;
use super::formats::{self, ListFormat};
use crate::model::Seq;
use crate::store::{Epoch, Order};

/// `newswire list`.
#[derive(Debug, Args)]
#[command(after_help = EXPRESSIONS)]
pub struct ListArgs {
    /// Only stories that match this expression; several words form one expression. Quote it for the shell: 'ukraine -sport'
    #[arg(value_name = "EXPR")]
    pub expr: Vec<String>,
    /// Print every change of articles and stories, also removals, oldest first, one JSON object per line: all that is stored,
    /// or what changed after SEQ with --after. Programs use it to keep a copy of the store
    #[arg(long, conflicts_with_all = [
        "expr", "copies", "since", "until", "seen_since", "published_since", "topic", "feed", "tag", "folder", "sort",
        "format", "fields",
    ])]
    pub changes: bool,
    /// With --changes --after: the epoch that was printed with SEQ. If the store was restored from a backup since, the command fails instead of
    /// leaving changes out
    #[arg(long, value_name = "EPOCH", requires = "changes")]
    pub epoch: Option<Epoch>,
    /// The options.
    #[command(flatten)]
    pub options: Options,
}

/// `newswire search`.
#[derive(Debug, Args)]
#[command(after_help = EXPRESSIONS)]
pub struct SearchArgs {
    /// The expression to search for; several words form one expression. Quote it for the shell: '"armed forces" title:kyiv'
    #[arg(value_name = "EXPR", required = true)]
    pub expr: Vec<String>,
    /// The options.
    #[command(flatten)]
    pub options: Options,
}

/// The options of both.
#[derive(Debug, Args)]
pub struct Options {
    /// List copies instead of stories
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
    /// Only stories published since TIME, according to their publishers; undated stories are left out
    #[arg(long, value_name = "TIME")]
    pub published_since: Option<String>,
    /// Only stories in this topic
    #[arg(long, value_name = "NAME", add = candidates::topics())]
    pub topic: Option<String>,
    /// Only stories from this feed: its id, its URL or a unique part of its title
    #[arg(long, value_name = "FEED", add = candidates::feeds())]
    pub feed: Option<String>,
    /// Only stories from feeds with this tag or in this folder; same as tag: in an expression
    #[arg(long, value_name = "TAG", add = candidates::tags())]
    pub tag: Option<String>,
    /// Only stories from feeds in this folder or its subfolders, for example news/world
    #[arg(long, value_name = "FOLDER", add = candidates::folders())]
    pub folder: Option<String>,
    /// Maximum number of results [default: no limit]
    #[arg(long, short = 'n', value_name = "N", allow_negative_numbers = true, value_parser = how_many)]
    pub limit: Option<usize>,
    /// Sort order [default: arrived for list, best for search]
    #[arg(long, value_name = "ORDER")]
    pub sort: Option<Sort>,
    /// Only what changed after this sequence number, oldest change first
    #[arg(
        long,
        value_name = "SEQ",
        conflicts_with = "sort",
        allow_negative_numbers = true,
        value_parser = cursor
    )]
    pub after: Option<Seq>,
    /// Keep running and print new and changed stories as they arrive, after the last 10 (or N with --limit, or all since
    /// SEQ with --after)
    #[arg(long, short = 'f', conflicts_with_all = ["sort", "until"])]
    pub follow: bool,
    /// Output format. --time applies to tables; all other formats use UTC
    #[arg(long, value_name = "FORMAT", default_value = formats::TABLE, value_parser = formats::parser())]
    pub format: &'static ListFormat,
    /// Same as --format jsonl: one object per line
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Only these fields, separated by commas, for example id,arrived,feed.title,url
    #[arg(long, value_name = "FIELDS", add = candidates::fields())]
    pub fields: Option<String>,
    /// Include article bodies
    #[arg(long)]
    pub full: bool,
    /// Exit with code 4 if nothing matches
    #[arg(long)]
    pub fail_empty: bool,
}

/// The sort orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    /// Newest first, by arrival.
    Arrived,
    /// Newest first, by the publisher's date.
    Published,
    /// Best match first.
    Best,
    /// Oldest change first.
    Seq,
}

/// The value of `--limit`.
fn how_many(text: &str) -> Result<usize, String> {
    text.parse()
        .map_err(|_| "expected a whole number, for example 20".to_owned())
}

/// The value of `--after`.
fn cursor(text: &str) -> Result<Seq, String> {
    text.parse().map(Seq::new).map_err(|_| {
        "expected a sequence number: a \"seq\" from --json, or 0 for the beginning".to_owned()
    })
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
