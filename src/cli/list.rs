//! `newswire list` and `newswire search`: print the stories or copies that match. They differ only in their default order.

use super::changes;
use super::context::Context;
use super::exit::{Exit, Failure};
use super::expression;
use super::formats::{self, ListFormat, Setup};
use super::humanize::point;
use super::item::{self, Kind};
use super::list_args::{ListArgs, Options, SearchArgs, Sort};
use super::listing::Listing;
use super::warnings;
use crate::query;
use crate::query::highlight::Highlighter;
use crate::store::{Order, Reads, Selection};

/// Runs `newswire list`.
pub fn list(cx: &mut Context, args: &ListArgs) -> Result<(), Failure> {
    if args.changes {
        return changes::run(cx, args);
    }
    show(cx, &args.expr, &args.options, Order::River)
}

/// Runs `newswire search`.
pub fn search(cx: &mut Context, args: &SearchArgs) -> Result<(), Failure> {
    if args.expr.iter().all(|word| word.trim().is_empty()) {
        return Err(Failure::usage(
            "the expression is empty; `newswire list` lists everything",
        ));
    }
    show(cx, &args.expr, &args.options, Order::Best)
}

fn show(
    cx: &mut Context,
    words: &[String],
    options: &Options,
    order: Order,
) -> Result<(), Failure> {
    let expr = expression::joined(words);
    let format = format_of(options)?;
    let fields = options.fields.as_deref();
    let fields = fields.map(|given| {
        item::fields(
            given,
            if options.copies {
                Kind::Articles
            } else {
                Kind::Stories
            },
        )
    });
    let fields = fields.transpose()?;
    let mut selection = selection(cx, &expr, options, order)?;
    selection.bodies = options.full || format.has_bodies || names_body(fields.as_deref());
    let shows_passages = order == Order::Best
        && cx.out.is_terminal()
        && format.name == formats::TABLE
        && fields.is_none();
    selection.bodies |= shows_passages;
    let expr_of_passages = selection.expr.as_ref().filter(|_| shows_passages);
    let reads = cx.reads()?;
    let setup = Setup {
        fields,
        times: cx.times.clone(),
        title: if expr.is_empty() {
            "newswire".to_owned()
        } else {
            expr
        },
        created: reads.created()?,
        marks: expr_of_passages.map(Highlighter::of),
    };
    let mut listing = Listing::new(reads, options.copies, (format.printer)(setup));
    let selection = listing.named(selection, options)?;
    if options.follow {
        return listing.follow(cx, &selection);
    }
    if options.limit.is_none() {
        cx.out.page();
    }
    match listing.print_all(cx, &selection, shows_passages)? {
        0 => nothing_matched(cx, &selection, options, &listing.reads),
        _ => Ok(()),
    }
}

/// Explains an empty result.
fn nothing_matched(
    cx: &Context,
    selection: &Selection,
    options: &Options,
    reads: &Reads,
) -> Result<(), Failure> {
    if let Some(expr) = &selection.expr {
        for warning in warnings::of_expression(expr, reads)? {
            cx.out.note(&format!("newswire: {warning}"));
        }
    }
    if options.fail_empty {
        return Err(Failure::Quiet(Exit::Nothing));
    }
    if cx.out.is_terminal() {
        cx.out.note("nothing matched");
    }
    Ok(())
}

/// The format, if the other options can be combined with it.
fn format_of(options: &Options) -> Result<&'static ListFormat, Failure> {
    let json = ListFormat::named(formats::JSON_LINES).filter(|_| options.json);
    let format = json.unwrap_or(options.format);
    let only = |option: &str, names: String| {
        Failure::usage(format!("{option} works only with --format {names}"))
    };
    if options.follow && !format.is_streamed {
        return Err(only("--follow", formats::names(|f| f.is_streamed)));
    }
    if options.fields.is_some() && !format.has_fields {
        return Err(only("--fields", formats::names(|f| f.has_fields)));
    }
    Ok(format)
}

pub(super) fn names_body(fields: Option<&[&str]>) -> bool {
    let is_of_body = |name: &&str| name.starts_with("content_") || *name == "boilerplate";
    fields.is_some_and(|fields| fields.iter().any(is_of_body))
}

/// The selection, except for the names that must be looked up in the store.
fn selection(
    cx: &Context,
    expr: &str,
    options: &Options,
    order: Order,
) -> Result<Selection, Failure> {
    let has_expr = !expr.trim().is_empty();
    if options.sort == Some(Sort::Best) && !has_expr {
        return Err(Failure::usage("--sort best requires an expression"));
    }
    let now = cx.clock.now();
    let time =
        |option, text: &Option<String>| text.as_deref().map(|t| point(option, t, now)).transpose();
    Ok(Selection {
        expr: has_expr.then(|| query::parse(expr)).transpose()?,
        since: time("--since", &options.since)?,
        until: time("--until", &options.until)?,
        seen_since: time("--seen-since", &options.seen_since)?,
        published_since: time("--published-since", &options.published_since)?,
        after: options.after,
        limit: options.limit,
        order: options.sort.map_or(order, Order::from),
        now,
        ..Selection::default()
    })
}
