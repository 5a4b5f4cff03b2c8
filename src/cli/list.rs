//! `newswire list` and `newswire search`: which stories, in which order, in which shape. The two differ in their
//! default order alone.

use std::time::Duration;

use super::context::Context;
use super::exit::{Exit, Failure};
use super::expression;
use super::format::{Format, Printer};
use super::humanize::{count, point};
use super::interrupt::Stop;
use super::item::{self, Item};
use super::list_args::{ListArgs, Options, SearchArgs, Sort};
use super::times::Times;
use super::{lookup, warnings};
use crate::model::{FeedRow, Seq};
use crate::query;
use crate::store::{Order, RANKED_MAX, Reads, Selection};

/// Items read at once: a long answer is never in memory as a whole.
const PAGE: usize = 200;

/// What `--follow` shows of what was there before.
const FOLLOW_FIRST: usize = 10;

/// How often `--follow` looks for something new.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// Runs `newswire list`.
pub fn list(cx: &mut Context, args: &ListArgs) -> Result<(), Failure> {
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
    let mut printer = printer(&expr, options, &cx.times)?;
    let mut selection = selection(cx, &expr, options, order)?;
    // Who searches at a terminal wants to see the place.
    let shows_place = order == Order::Best
        && cx.out.is_terminal()
        && format_of(options) == Format::Table
        && options.fields.is_none();
    if shows_place && let Some(expr) = &selection.expr {
        printer.mark(expr);
        selection.bodies = true;
    }
    let listing = Listing {
        reads: cx.reads()?,
        copies: options.copies,
    };
    printer.dated(listing.reads.created()?);
    let selection = listing.named(selection, options)?;
    if options.follow {
        return listing.follow(cx, &selection, &mut printer);
    }
    if options.limit.is_none() {
        cx.out.page();
    }
    printer.begin(&mut cx.out)?;
    if shows_place {
        let all = Selection {
            limit: None,
            ..selection.clone()
        };
        let mut rows = listing.find(&all)?;
        let found = listing.count_in_words(&all, rows.len())?;
        rows.truncate(options.limit.unwrap_or(usize::MAX));
        if !rows.is_empty() {
            cx.out.remark(&found)?;
        }
        listing.print_rows(cx, &rows, &selection, &mut printer)?;
    } else {
        listing.print(cx, &selection, &mut printer)?;
    }
    printer.end(&mut cx.out)?;
    if printer.printed() == 0
        && let Some(expr) = &selection.expr
    {
        for warning in warnings::of_expression(expr, &listing.reads)? {
            cx.out.note(&format!("newswire: {warning}"));
        }
    }
    if printer.printed() == 0 && options.fail_empty {
        return Err(Failure::Quiet(Exit::Nothing));
    }
    if printer.printed() == 0 && cx.out.is_terminal() {
        cx.out.note("nothing matched");
    }
    Ok(())
}

fn printer(expr: &str, options: &Options, times: &Times) -> Result<Printer, Failure> {
    let format = format_of(options);
    if options.follow && !format.is_endless() {
        return Err(Failure::usage(
            "--follow works only with --format table, jsonl, csv, tsv, ids, urls or md",
        ));
    }
    let title = if expr.is_empty() { "newswire" } else { expr };
    Printer::new(
        format,
        chosen_fields(options)?,
        title.to_owned(),
        times.clone(),
    )
}

fn format_of(options: &Options) -> Format {
    if options.json {
        Format::Jsonl
    } else {
        options.format
    }
}

fn chosen_fields(options: &Options) -> Result<Option<Vec<&'static str>>, Failure> {
    let given = options.fields.as_deref();
    given
        .map(|given| item::fields(given, options.copies))
        .transpose()
}

/// What is asked for, but for the names that only the store can tell.
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
    let is_of_body = |name: &str| name.starts_with("content_") || name == "boilerplate";
    let names_a_body = |names: Vec<&str>| names.into_iter().any(is_of_body);
    Ok(Selection {
        expr: has_expr.then(|| query::parse(expr)).transpose()?,
        since: time("--since", &options.since)?,
        until: time("--until", &options.until)?,
        seen_since: time("--seen-since", &options.seen_since)?,
        published_since: time("--published-since", &options.published_since)?,
        after: options.after,
        limit: options.limit,
        order: options.sort.map_or(order, Order::from),
        bodies: options.full
            || format_of(options).wants_bodies()
            || chosen_fields(options)?.is_some_and(names_a_body),
        now,
        ..Selection::default()
    })
}

/// Where the items come from.
struct Listing {
    reads: Reads,
    copies: bool,
}

impl Listing {
    /// The same selection, narrowed to the topic and the feed that were named.
    fn named(&self, selection: Selection, options: &Options) -> Result<Selection, Failure> {
        let topic = options.topic.as_deref();
        let topic = topic.map(|name| lookup::topic(&self.reads, name));
        let feed = options.feed.as_deref();
        let feed = feed.map(|given| -> Result<FeedRow, Failure> {
            Ok(lookup::feed(&self.reads.feeds()?, given)?.row)
        });
        let feeds = match (options.tag.as_deref(), options.folder.as_deref()) {
            (None, None) => None,
            (tag, folder) => {
                let all = self.reads.feeds()?;
                let filed = lookup::filed(&all, tag, folder)?;
                Some(filed.iter().map(|feed| feed.row).collect())
            }
        };
        Ok(Selection {
            feeds,
            topic: topic.transpose()?.map(|topic| topic.name),
            feed: feed.transpose()?,
            ..selection
        })
    }

    /// Prints what the selection means, and tells the last sequence among it.
    fn print(
        &self,
        cx: &mut Context,
        selection: &Selection,
        printer: &mut Printer,
    ) -> Result<Seq, Failure> {
        let rows = self.find(selection)?;
        self.print_rows(cx, &rows, selection, printer)
    }

    fn print_rows(
        &self,
        cx: &mut Context,
        rows: &[i64],
        selection: &Selection,
        printer: &mut Printer,
    ) -> Result<Seq, Failure> {
        let mut last = 0;
        for page in rows.chunks(PAGE) {
            for item in self.items(page, selection)? {
                last = last.max(item.seq());
                printer.item(&mut cx.out, item)?;
            }
        }
        Ok(last)
    }

    /// How many stories or copies a search found: `23 stories match, in 41 copies`.
    fn count_in_words(&self, selection: &Selection, found: usize) -> Result<String, Failure> {
        let match_ = if found == 1 { "matches" } else { "match" };
        if self.copies {
            return Ok(format!("{} {match_}", count(found, "copy")));
        }
        let copies = self.reads.find_articles(selection)?.len();
        let stories = count(found, "story");
        Ok(if copies > RANKED_MAX {
            format!(
                "{stories} among the newest {RANKED_MAX} copies that match; `newswire list EXPR` lists all"
            )
        } else {
            format!("{stories} {match_}, in {}", count(copies, "copy"))
        })
    }

    fn find(&self, selection: &Selection) -> Result<Vec<i64>, Failure> {
        Ok(if self.copies {
            self.reads.find_articles(selection)?
        } else {
            self.reads.find_stories(selection)?
        })
    }

    fn items(&self, rows: &[i64], selection: &Selection) -> Result<Vec<Item>, Failure> {
        let bodies = selection.bodies;
        Ok(if self.copies {
            let articles = self.reads.articles_at(rows, bodies)?;
            articles
                .into_iter()
                .map(|a| Item::Article(Box::new(a)))
                .collect()
        } else {
            let topic = selection.topic.as_deref();
            let stories = self.reads.stories_in(topic, rows, bodies)?;
            stories
                .into_iter()
                .map(|s| Item::Story(Box::new(s)))
                .collect()
        })
    }

    /// Prints the newest, oldest first, and then whatever comes, until somebody stops it.
    fn follow(
        &self,
        cx: &mut Context,
        selection: &Selection,
        printer: &mut Printer,
    ) -> Result<(), Failure> {
        let mut stop = Stop::new()?;
        printer.begin(&mut cx.out)?;
        let mut cursor = match selection.after {
            Some(after) => self.print(cx, selection, printer)?.max(after),
            None => {
                let now = self.reads.sequence()?;
                let newest = Selection {
                    order: Order::River,
                    limit: Some(selection.limit.unwrap_or(FOLLOW_FIRST)),
                    ..selection.clone()
                };
                let mut rows = self.find(&newest)?;
                rows.reverse();
                self.print_rows(cx, &rows, selection, printer)?.max(now)
            }
        };
        loop {
            printer.settle(&mut cx.out)?;
            if stop.requested_within(FOLLOW_EVERY) {
                return Ok(());
            }
            let sequence = self.reads.sequence()?;
            if sequence > cursor {
                let news = Selection {
                    after: Some(cursor),
                    limit: None,
                    now: cx.clock.now(),
                    ..selection.clone()
                };
                cursor = sequence.max(self.print(cx, &news, printer)?);
            }
        }
    }
}
