//! Reads the items of a selection from the store and prints them, once or for as long as new ones arrive.

use std::time::Duration;

use super::context::Context;
use super::exit::Failure;
use super::formats::Printer;
use super::humanize::count;
use super::interrupt::Stop;
use super::item::Item;
use super::list_args::Options;
use super::lookup;
use crate::model::{ArticleRow, FeedRow, Seq, StoryRow};
use crate::store::{Order, RANKED_MAX, Reads, Selection};

/// Number of items read at once, so that a long result is never in memory as a whole.
const PAGE: usize = 200;

/// Default number of stored items that `--follow` prints first.
const FOLLOW_FIRST: usize = 10;

/// Interval at which `--follow` checks for new items.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// Rows of what is listed, in its order.
enum Rows {
    Stories(Vec<StoryRow>),
    Copies(Vec<ArticleRow>),
}

impl Rows {
    fn len(&self) -> usize {
        match self {
            Self::Stories(rows) => rows.len(),
            Self::Copies(rows) => rows.len(),
        }
    }

    fn truncate(&mut self, len: usize) {
        match self {
            Self::Stories(rows) => rows.truncate(len),
            Self::Copies(rows) => rows.truncate(len),
        }
    }

    fn reverse(&mut self) {
        match self {
            Self::Stories(rows) => rows.reverse(),
            Self::Copies(rows) => rows.reverse(),
        }
    }
}

/// Up to [`PAGE`] rows from this place on.
fn page<T>(rows: &[T], first: usize) -> &[T] {
    let rest = rows.get(first..).unwrap_or_default();
    rest.get(..PAGE).unwrap_or(rest)
}

/// A result that is being printed.
pub struct Listing {
    /// The store.
    pub reads: Reads,
    copies: bool,
    printer: Box<dyn Printer>,
    /// Number of items printed.
    printed: u64,
}

impl Listing {
    /// A result of stories or of copies.
    pub fn new(reads: Reads, copies: bool, printer: Box<dyn Printer>) -> Self {
        Self {
            reads,
            copies,
            printer,
            printed: 0,
        }
    }

    /// The selection, limited to the topic, feed, tag and folder of the options.
    pub fn named(&self, selection: Selection, options: &Options) -> Result<Selection, Failure> {
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

    /// Prints the whole selection, on request after a line with the number of matches. Returns the number of items.
    pub fn print_all(
        &mut self,
        cx: &mut Context,
        selection: &Selection,
        with_count: bool,
    ) -> Result<u64, Failure> {
        self.printer.begin(&mut cx.out)?;
        if with_count {
            self.print_with_count(cx, selection)?;
        } else {
            self.print(cx, selection)?;
        }
        self.printer.end(&mut cx.out)?;
        Ok(self.printed)
    }

    /// Prints the selection, and returns the highest sequence number in it.
    fn print(&mut self, cx: &mut Context, selection: &Selection) -> Result<Seq, Failure> {
        let rows = self.find(selection)?;
        self.print_rows(cx, &rows, selection)
    }

    /// Prints the selection after a line with the number of all matches.
    fn print_with_count(
        &mut self,
        cx: &mut Context,
        selection: &Selection,
    ) -> Result<Seq, Failure> {
        let all = Selection {
            limit: None,
            ..selection.clone()
        };
        let mut rows = self.find(&all)?;
        let found = self.count_in_words(&all, rows.len())?;
        rows.truncate(selection.limit.unwrap_or(usize::MAX));
        if rows.len() > 0 {
            cx.out.remark(&found)?;
        }
        self.print_rows(cx, &rows, selection)
    }

    fn print_rows(
        &mut self,
        cx: &mut Context,
        rows: &Rows,
        selection: &Selection,
    ) -> Result<Seq, Failure> {
        let mut last = Seq::default();
        for first in (0..rows.len()).step_by(PAGE) {
            for item in self.items(rows, first, selection)? {
                last = last.max(item.seq());
                self.printed += 1;
                self.printer.item(&mut cx.out, item)?;
            }
        }
        Ok(last)
    }

    /// The number of matches: `23 stories match, in 41 copies`.
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

    fn find(&self, selection: &Selection) -> Result<Rows, Failure> {
        Ok(if self.copies {
            Rows::Copies(self.reads.find_articles(selection)?)
        } else {
            Rows::Stories(self.reads.find_stories(selection)?)
        })
    }

    /// A page of items, from this place on.
    fn items(
        &self,
        rows: &Rows,
        first: usize,
        selection: &Selection,
    ) -> Result<Vec<Item>, Failure> {
        let bodies = selection.bodies;
        Ok(match rows {
            Rows::Copies(rows) => {
                let articles = self.reads.articles_at(page(rows, first), bodies)?;
                let articles = articles.into_iter().map(Box::new);
                articles.map(Item::Article).collect()
            }
            Rows::Stories(rows) => {
                let topic = selection.topic.as_deref();
                let stories = self.reads.stories_in(topic, page(rows, first), bodies)?;
                let stories = stories.into_iter().map(Box::new);
                stories.map(Item::Story).collect()
            }
        })
    }

    /// Prints the newest items, oldest first, and then new and changed ones until a signal arrives.
    pub fn follow(&mut self, cx: &mut Context, selection: &Selection) -> Result<(), Failure> {
        let mut stop = Stop::new()?;
        self.printer.begin(&mut cx.out)?;
        let mut cursor = match selection.after {
            Some(after) => self.print(cx, selection)?.max(after),
            None => {
                let now = self.reads.sequence()?;
                let newest = Selection {
                    order: Order::River,
                    limit: Some(selection.limit.unwrap_or(FOLLOW_FIRST)),
                    ..selection.clone()
                };
                let mut rows = self.find(&newest)?;
                rows.reverse();
                self.print_rows(cx, &rows, selection)?.max(now)
            }
        };
        loop {
            self.printer.pause(&mut cx.out)?;
            cx.out.flush()?;
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
                cursor = sequence.max(self.print(cx, &news)?);
            }
        }
    }
}
