//! `newswire top`: prints the stories that the most sites carry, with what explains their rank.

use clap::Args;

use super::candidates;
use super::columns::Column;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::expression::{self, EXPRESSIONS};
use super::formats::{self, ListFormat, Printer, Setup};
use super::humanize::point;
use super::item::{self, Item, Kind};
use super::list::names_body;
use super::lookup;
use super::output::Out;
use super::table::Table;
use super::times::Times;
use crate::merged::{LIMIT_MAX, Unlimited, top};
use crate::query;
use crate::store::Selection;

/// `newswire top`.
#[derive(Debug, Args)]
#[command(after_help = EXPRESSIONS)]
pub struct TopArgs {
    /// Only stories that match this expression; several words form one expression. Quote it for the shell: 'ukraine -sport'
    #[arg(value_name = "EXPR")]
    pub expr: Vec<String>,
    /// Only stories that arrived since TIME: 24h, 7d, yesterday, monday, 2030-01-31 (midnight UTC) or RFC 3339
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub since: String,
    /// Only stories in this topic
    #[arg(long, value_name = "NAME", add = candidates::topics())]
    pub topic: Option<String>,
    /// Maximum number of stories
    #[arg(long, short = 'n', value_name = "N", default_value = "20", value_parser = how_many)]
    pub limit: usize,
    /// Output format. --time applies to tables; all other formats use UTC
    #[arg(long, value_name = "FORMAT", default_value = formats::TABLE, value_parser = formats::parser())]
    pub format: &'static ListFormat,
    /// Same as --format jsonl: one object per line
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Only these fields, separated by commas, for example id,rank.sites,title
    #[arg(long, value_name = "FIELDS", add = candidates::fields())]
    pub fields: Option<String>,
    /// Include article bodies
    #[arg(long)]
    pub full: bool,
    /// Exit with code 4 if nothing matches
    #[arg(long)]
    pub fail_empty: bool,
}

/// The value of `--limit`.
fn how_many(text: &str) -> Result<usize, String> {
    let limit = text.parse().ok().filter(|n| (1..=LIMIT_MAX).contains(n));
    limit.ok_or_else(|| format!("expected a number from 1 to {LIMIT_MAX}"))
}

/// Runs the command.
pub fn run(cx: &mut Context, args: &TopArgs) -> Result<(), Failure> {
    let json = ListFormat::named(formats::JSON_LINES).filter(|_| args.json);
    let format = json.unwrap_or(args.format);
    if args.fields.is_some() && !format.has_fields {
        let names = formats::names(|f| f.has_fields);
        return Err(Failure::usage(format!(
            "--fields works only with --format {names}"
        )));
    }
    let fields = args.fields.as_deref();
    let fields = fields.map(|given| item::fields(given, Kind::Ranked));
    let fields = fields.transpose()?;
    let expr = expression::joined(&args.expr);
    let now = cx.clock.now();
    let reads = cx.reads()?;
    let topic = args.topic.as_deref();
    let topic = topic.map(|name| lookup::topic(&reads, name)).transpose()?;
    let selection = Selection {
        expr: (!expr.trim().is_empty())
            .then(|| query::parse(&expr))
            .transpose()?,
        since: Some(point("--since", &args.since, now)?),
        topic: topic.map(|topic| topic.name),
        limit: Some(args.limit),
        bodies: args.full || format.has_bodies || names_body(fields.as_deref()),
        now,
        ..Selection::default()
    };
    let found = top(&reads, &selection, &mut Unlimited)?;
    if found.is_empty() && args.fail_empty {
        return Err(Failure::Quiet(Exit::Nothing));
    }
    if found.is_empty() && cx.out.is_terminal() {
        cx.out
            .note("no matching story of this time is on two sites; --since 7d looks further back");
    }
    let mut printer: Box<dyn Printer> = if format.name == formats::TABLE && fields.is_none() {
        Box::new(TopTable::new(cx.times.clone()))
    } else {
        (format.printer)(Setup {
            fields,
            times: cx.times.clone(),
            title: if expr.is_empty() {
                "newswire: printed most".to_owned()
            } else {
                expr
            },
            created: reads.created()?,
            marks: None,
        })
    };
    printer.begin(&mut cx.out)?;
    for ranked in found {
        printer.item(&mut cx.out, Item::Ranked(Box::new(ranked)))?;
    }
    printer.end(&mut cx.out)
}

/// A table that explains each rank: the sites, and what is left of them after the story's age.
struct TopTable {
    table: Table,
    times: Times,
}

impl TopTable {
    fn new(times: Times) -> Self {
        let table = Table::new([
            Column::value("ID").dimmed(),
            Column::value(times.heading("ARRIVED")),
            Column::number("SCORE"),
            Column::number("SITES"),
            Column::number("FEEDS"),
            Column::text("TITLE").keeping(36),
        ]);
        Self { table, times }
    }
}

impl Printer for TopTable {
    fn item(&mut self, out: &mut Out, item: Item) -> Result<(), Failure> {
        let Item::Ranked(ranked) = item else {
            return Ok(());
        };
        let (story, rank) = (&ranked.story, ranked.rank);
        let id = story.id.to_string();
        let cells = vec![
            lookup::short(&id).to_owned(),
            self.times.cell(story.arrived),
            format!("{:.1}", rank.score),
            rank.sites.to_string(),
            rank.feeds.to_string(),
            story.title.clone(),
        ];
        self.table.row(out, cells)
    }

    fn end(&mut self, out: &mut Out) -> Result<(), Failure> {
        self.table.finish(out)
    }
}
