//! The stories of one page or archive document, read from the store in river order (newest arrival first). Paging is by place,
//! not by offset, so that stories that arrive meanwhile shift nothing. A page is bounded in stories, bytes and rows looked at.

use std::collections::HashMap;

use super::archive::{ARCHIVE_MAX, Days};
use super::error::MergedError;
use super::memory::PageMemory;
use super::request::{LIMIT_MAX, List, ListRequest};
use super::top::top;
use crate::model::{FeedId, StoryView, Time};
use crate::store::{Reads, RiverPlace, Selection, StoreError, TopicFeed, Walk};

/// Maximum size of the stories of a page in memory, in bytes: the rest is on the next page (SEC-24). A page has at least one
/// story.
pub const PAGE_BYTES_MAX: usize = 4 << 20;

/// Maximum number of stories that are read for a page: with `limit_per_feed`, most of them may have no place on it.
const READ_MAX: usize = 5000;

/// Rows per query.
const CHUNK: usize = 64;

/// The stories of a page, in river order.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The stories.
    pub stories: Vec<StoryView>,
    /// Where the next page begins; `None` on the last page and in an archive document.
    pub next: Option<RiverPlace>,
    /// Where the archive document with the next older stories begins; `None` if there are none, and on any page but the first.
    pub archive: Option<RiverPlace>,
    /// Whether this is an archive document that never changes again.
    pub is_settled: bool,
}

impl ListRequest {
    /// Reads the page. With `bodies` the stories have their content. The memory of each story is reserved in `memory` before
    /// the next one is read.
    ///
    /// # Errors
    /// [`MergedError::Parameter`] for an expression that cannot be parsed, [`MergedError::NoMemory`], or the store's error.
    pub fn load(
        &self,
        reads: &Reads,
        now: Time,
        page_size: usize,
        bodies: bool,
        memory: &mut impl PageMemory,
    ) -> Result<Page, MergedError> {
        let options = match &self.list {
            List::Topic(name) => reads.topic_feed(name)?.unwrap_or_default(),
            List::All | List::Top | List::Search(_) => TopicFeed::default(),
        };
        let limit = match self.is_archive {
            true => ARCHIVE_MAX,
            false => self.limit.unwrap_or(page_size).clamp(1, LIMIT_MAX),
        };
        let mut selection = self.selection(now, bodies)?;
        if let List::Top = self.list {
            selection.limit = Some(limit);
            let mut page = Page::default();
            let mut bytes = 0usize;
            for ranked in top(reads, &selection, memory)? {
                bytes += ranked.story.memory();
                if bytes > PAGE_BYTES_MAX && !page.stories.is_empty() {
                    break;
                }
                page.stories.push(ranked.story);
            }
            return Ok(page);
        }
        let days = match self.is_archive {
            true => newest_arrival(reads, &selection)?.map(Days::until),
            false => None,
        };
        let mut builder = Builder::new(self, limit, options.limit_per_feed, days);
        loop {
            // One more than the page shows, to learn whether there is a next page.
            selection.limit = Some((limit + 1 - builder.page.stories.len()).min(CHUNK));
            let mut is_full = Ok(false);
            let found = for_each(reads, &selection, options.one_per_story, |story| {
                is_full = builder.add(story, memory);
                match is_full {
                    Ok(false) => Walk::Continue(()),
                    _ => Walk::Break(()),
                }
            })?;
            if is_full? || Some(found) < selection.limit {
                return Ok(builder.page);
            }
            selection.before = builder.rest.last;
        }
    }
}

/// The arrival of the newest story of the list.
fn newest_arrival(reads: &Reads, selection: &Selection) -> Result<Option<Time>, StoreError> {
    let selection = Selection {
        limit: Some(1),
        before: None,
        bodies: false,
        ..selection.clone()
    };
    let (rows, mut newest) = (reads.find_stories(&selection)?, None);
    reads.each_story(None, &rows, false, |story| {
        newest = Some(story.arrived);
        Walk::Break(())
    })?;
    Ok(newest)
}

/// Passes the selected stories to `visit`, or every copy as a story of its own. Returns how many rows were selected.
fn for_each(
    reads: &Reads,
    selection: &Selection,
    one_per_story: bool,
    mut visit: impl FnMut(StoryView) -> Walk,
) -> Result<usize, StoreError> {
    if one_per_story {
        let rows = reads.find_stories(selection)?;
        reads.each_story(selection.topic.as_deref(), &rows, selection.bodies, visit)?;
        return Ok(rows.len());
    }
    let rows = reads.find_articles(selection)?;
    reads.each_article(&rows, selection.bodies, |copy| visit(copy.into()))?;
    Ok(rows.len())
}

/// A page to which stories are added until it is full.
struct Builder<'r> {
    request: &'r ListRequest,
    page: Page,
    rest: Rest,
    days: Option<Days>,
    /// The oldest arrival that an archive document may hold; known from its first story on.
    oldest: Option<Time>,
}

impl<'r> Builder<'r> {
    fn new(
        request: &'r ListRequest,
        limit: usize,
        limit_per_feed: Option<usize>,
        days: Option<Days>,
    ) -> Self {
        let is_settled = |from| days.is_some_and(|days| days.is_settled(from));
        Self {
            request,
            page: Page {
                is_settled: request.is_archive && request.before.is_some_and(is_settled),
                ..Page::default()
            },
            rest: Rest::new(limit, limit_per_feed),
            days,
            oldest: None,
        }
    }

    /// Adds the next story of the list, or returns true if the page ends before it.
    fn add(&mut self, story: StoryView, memory: &mut impl PageMemory) -> Result<bool, MergedError> {
        let days = *self.days.get_or_insert_with(|| Days::until(story.arrived));
        let oldest = *self
            .oldest
            .get_or_insert_with(|| days.down_to(story.arrived));
        let is_archive = self.request.is_archive;
        let is_of_older_day = is_archive && story.arrived < oldest;
        let is_out = is_of_older_day || self.rest.is_used_up(&story);
        if let Some(last) = self.rest.last.filter(|_| is_out) {
            // A day with more stories than a document holds continues where this document ends.
            let day = match is_archive && !is_of_older_day {
                true => None,
                false => days.end_of_day(story.arrived),
            };
            let has_archive = is_archive || self.request.before.is_none();
            self.page.archive = has_archive.then(|| day.unwrap_or(last));
            self.page.next = (!is_archive).then_some(last);
            return Ok(true);
        }
        if self.rest.take(&story) {
            memory.grow(story.memory())?;
            self.page.stories.push(story);
        }
        Ok(false)
    }
}

/// What may still be added to a page.
struct Rest {
    stories: usize,
    bytes: usize,
    reads: usize,
    limit_per_feed: Option<usize>,
    of_feed: HashMap<FeedId, usize>,
    /// The place of the last story that was looked at.
    last: Option<RiverPlace>,
}

impl Rest {
    fn new(stories: usize, limit_per_feed: Option<usize>) -> Self {
        Self {
            stories,
            bytes: PAGE_BYTES_MAX,
            reads: READ_MAX,
            limit_per_feed,
            of_feed: HashMap::new(),
            last: None,
        }
    }

    /// Whether the page ends before this story.
    fn is_used_up(&self, story: &StoryView) -> bool {
        self.stories == 0 || self.reads == 0 || self.bytes < story.memory()
    }

    /// Counts the story as read, and as shown if its feed has not reached `limit_per_feed`. Returns whether it is shown.
    fn take(&mut self, story: &StoryView) -> bool {
        self.reads = self.reads.saturating_sub(1);
        self.last = Some(RiverPlace {
            arrived: story.arrived,
            story: story.id,
        });
        let of_feed = self.of_feed.entry(story.feed.id).or_default();
        if self.limit_per_feed.is_some_and(|limit| *of_feed >= limit) {
            return false;
        }
        *of_feed += 1;
        self.stories = self.stories.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(story.memory());
        true
    }
}
