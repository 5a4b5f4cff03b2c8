//! What a call asks for, and how the store answers it. A call selects by the same expressions, times and places as `newswire list`,
//! and costs no more than a search over HTTP.

use std::time::Duration;

use serde_json::Value;

use super::arguments::Arguments;
use super::changes::ChangesQuery;
use super::error::ToolError;
use super::message::Object;
use super::objects::{
    FeedList, FullStory, News, NewsOfTopic, Printed, Room, Story, StoryCopy, StoryList,
    Subscription, Topic, TopicList, notice, quoted,
};
use super::tools::{TOOLS, Tool};
use crate::merged::{PageMemory, cursor, top};
use crate::model::{ArticleRow, Feed, FeedId, StoryId, Time};
use crate::query::ast::When;
use crate::query::{self, Expr};
use crate::store::{Reads, RiverPlace, Selection, Walk};
use crate::text::nearest::nearest;

/// Time limit of a call.
pub const CALL_TIME_MAX: Duration = Duration::from_secs(4);

/// How many stories `whats_new` looks at to find those of each topic.
const NEWS_MAX: usize = 60;

/// Maximum number of topics of `whats_new`.
const NEWS_TOPICS_MAX: usize = 20;

/// Maximum number of topics on a page.
const TOPICS_PAGE: usize = 100;

/// What `whats_new` covers by default.
const NEWS_SPAN: Duration = Duration::from_secs(24 * 3600);

/// What a call asks for.
#[derive(Debug)]
pub enum Call {
    /// `search_stories`
    Search(SearchQuery),
    /// `get_story`
    Story(StoryQuery),
    /// `whats_new`
    News(NewsQuery),
    /// `list_topics`: from this one on.
    Topics(Option<String>),
    /// `list_feeds`
    Feeds(FeedQuery),
    /// `changes_since`
    Changes(ChangesQuery),
}

/// Which stories are looked for.
#[derive(Debug)]
pub struct SearchQuery {
    expr: Option<Expr>,
    topic: Option<String>,
    since: Option<When>,
    until: Option<When>,
    before: Option<RiverPlace>,
    limit: usize,
}

/// Which story is read.
#[derive(Debug)]
pub struct StoryQuery {
    id: StoryId,
    chars_max: usize,
    limit: usize,
    after: Option<ArticleRow>,
}

/// Of what time and topic the news are.
#[derive(Debug)]
pub struct NewsQuery {
    since: When,
    topic: Option<String>,
    limit: usize,
}

/// Which feeds are listed.
#[derive(Debug)]
pub struct FeedQuery {
    query: String,
    after: Option<FeedId>,
    limit: usize,
}

impl Call {
    /// Reads a call of the tool `name`.
    ///
    /// # Errors
    /// What is not as the schema says; inside, [`ToolError`] for a value that cannot be used.
    pub fn read(name: &str, arguments: &Object) -> Result<Result<Self, ToolError>, String> {
        let Some(tool) = TOOLS.iter().find(|tool| tool.name == name) else {
            return Err(unknown_tool(name));
        };
        let given = Arguments::check(tool, arguments)?;
        Ok(Self::of(tool, &given))
    }

    fn of(tool: &Tool, given: &Arguments) -> Result<Self, ToolError> {
        Ok(match tool.name {
            "search_stories" => Self::Search(SearchQuery::read(given)?),
            "get_story" => Self::Story(StoryQuery::read(given)?),
            "whats_new" => Self::News(NewsQuery {
                since: given.time("since")?.unwrap_or(When::Ago(NEWS_SPAN)),
                topic: given.text("topic").map(str::to_owned),
                limit: given.number("limit")?,
            }),
            "list_topics" => Self::Topics(given.text("cursor").map(str::to_owned)),
            "list_feeds" => Self::Feeds(FeedQuery {
                query: given.text("query").unwrap_or_default().to_owned(),
                after: read_cursor(given, |text| text.parse().ok())?,
                limit: given.number("limit")?,
            }),
            _ => Self::Changes(ChangesQuery::read(given)?),
        })
    }

    /// Whether it costs as much as a search, because many articles may be read for it.
    pub fn is_search(&self) -> bool {
        match self {
            Self::Search(query) => query.expr.is_some(),
            Self::News(_) | Self::Changes(_) => true,
            Self::Story(_) | Self::Topics(_) | Self::Feeds(_) => false,
        }
    }

    /// What the tool returns.
    ///
    /// # Errors
    /// [`ToolError`].
    pub fn run(
        &self,
        reads: &Reads,
        now: Time,
        memory: &mut impl PageMemory,
    ) -> Result<Value, ToolError> {
        let value = match self {
            Self::Search(query) => serde_json::to_value(query.run(reads, now, memory)?),
            Self::Story(query) => serde_json::to_value(query.run(reads, memory)?),
            Self::News(query) => serde_json::to_value(query.run(reads, now, memory)?),
            Self::Topics(after) => serde_json::to_value(topics(reads, after.as_deref())?),
            Self::Feeds(query) => serde_json::to_value(query.run(reads, memory)?),
            Self::Changes(query) => serde_json::to_value(query.run(reads, memory)?),
        };
        value.map_err(|_| ToolError::TooMuch)
    }
}

impl SearchQuery {
    fn read(given: &Arguments) -> Result<Self, ToolError> {
        let expr = given.text("query").map(query::parse).transpose();
        Ok(Self {
            expr: expr.map_err(|errors| ToolError::of_expression(&errors))?,
            topic: given.text("topic").map(str::to_owned),
            since: given.time("since")?,
            until: given.time("until")?,
            before: read_cursor(given, |text| cursor::decode("cursor", text).ok())?,
            limit: given.number("limit")?,
        })
    }

    fn run(
        &self,
        reads: &Reads,
        now: Time,
        memory: &mut impl PageMemory,
    ) -> Result<StoryList, ToolError> {
        check_topic(reads, self.topic.as_deref())?;
        let rows = reads.find_stories(&Selection {
            expr: self.expr.clone(),
            topic: self.topic.clone(),
            since: self.since.as_ref().map(|when| when.at(now)),
            until: self.until.as_ref().map(|when| when.at(now)),
            before: self.before,
            limit: Some(self.limit + 1),
            now,
            ..Selection::default()
        })?;
        let (mut stories, mut room) = (Vec::new(), Room::default());
        let (mut last, mut reserved) = (None, Ok(()));
        let mut is_full = rows.len() > self.limit;
        let shown = rows.get(..self.limit).unwrap_or(&rows);
        reads.each_story(self.topic.as_deref(), shown, false, |view| {
            let story = Story::from(&view);
            reserved = memory.grow(view.memory());
            if reserved.is_err() || !room.takes(&story) {
                is_full = true;
                return Walk::Break(());
            }
            last = Some(RiverPlace {
                arrived: view.arrived,
                story: view.id,
            });
            stories.push(story);
            Walk::Continue(())
        })?;
        reserved?;
        Ok(StoryList {
            notice: notice(),
            stories,
            next_cursor: last.filter(|_| is_full).map(cursor::encode),
        })
    }
}

impl StoryQuery {
    fn read(given: &Arguments) -> Result<Self, ToolError> {
        let id = given.text("id").unwrap_or_default();
        let wrong = |_| {
            ToolError::Wrong(format!(
                "id: {:?} is not the id of a story; take one from search_stories",
                quoted(id, 100).0
            ))
        };
        let row = |text: &str| Some(ArticleRow::new(text.parse().ok()?));
        Ok(Self {
            id: id.parse().map_err(wrong)?,
            chars_max: given.number("max_chars")?,
            limit: given.number("limit")?,
            after: read_cursor(given, row)?,
        })
    }

    fn run(&self, reads: &Reads, memory: &mut impl PageMemory) -> Result<FullStory, ToolError> {
        let gone = "there is no such story; it may have been removed because of its age";
        let view = reads.story_briefly(self.id)?;
        let view = view.ok_or_else(|| ToolError::Wrong(gone.to_owned()))?;
        memory.grow(view.memory())?;
        let text = view
            .content_text
            .as_deref()
            .filter(|_| self.after.is_none());
        let shown = text.map(|text| quoted(text, self.chars_max));
        let mut full = FullStory {
            notice: notice(),
            story: Story::from(&view),
            text_chars: view
                .content_text
                .as_deref()
                .map_or(0, |text| text.chars().count()),
            text_is_cut: shown.as_ref().is_some_and(|(_, is_cut)| *is_cut),
            text: shown.map(|(text, _)| text).filter(|text| !text.is_empty()),
            copies: Vec::new(),
            next_cursor: None,
        };
        let (mut room, mut reserved) = (Room::default(), Ok(()));
        room.takes(&full);
        // Copies are read one by one, so that one at a time is in memory.
        let (mut last, mut largest) = (self.after.unwrap_or_default(), 0);
        reads.each_copy(view.id, last, |row, copy| {
            let shown = StoryCopy::from(&copy);
            reserved = memory.grow(copy.memory().saturating_sub(largest));
            largest = largest.max(copy.memory());
            if reserved.is_err() || full.copies.len() == self.limit || !room.takes(&shown) {
                full.next_cursor = Some(last.to_string());
                return Walk::Break(());
            }
            full.copies.push(shown);
            last = row;
            Walk::Continue(())
        })?;
        reserved?;
        Ok(full)
    }
}

impl NewsQuery {
    fn run(
        &self,
        reads: &Reads,
        now: Time,
        memory: &mut impl PageMemory,
    ) -> Result<News, ToolError> {
        let names = check_topic(reads, self.topic.as_deref())?;
        let since = self.since.at(now);
        let (mut room, mut stories) = (Room::default(), Vec::new());
        let mut by_topic: Vec<NewsOfTopic> = Vec::new();
        let selection = Selection {
            topic: self.topic.clone(),
            since: Some(since),
            limit: Some(NEWS_MAX),
            now,
            ..Selection::default()
        };
        for found in top(reads, &selection, memory)? {
            let printed = Printed::new(&found.story, found.rank);
            let is_of = |name: &String| found.story.topics.contains(name);
            if stories.len() < self.limit && room.takes(&printed) {
                stories.push(printed.clone());
            }
            for name in names
                .iter()
                .filter(|name| self.topic.is_none() && is_of(name))
            {
                add(&mut by_topic, name, &printed, self.limit, &mut room);
            }
        }
        Ok(News {
            notice: notice(),
            since: since.to_string(),
            stories,
            topics: by_topic,
        })
    }
}

/// Adds a story to its topic, if there is room for it.
fn add(topics: &mut Vec<NewsOfTopic>, name: &str, story: &Printed, limit: usize, room: &mut Room) {
    let known = topics.iter().position(|of| of.topic == name);
    let has_room = match known.and_then(|at| topics.get(at)) {
        Some(of) => of.stories.len() < limit,
        None => topics.len() < NEWS_TOPICS_MAX,
    };
    if !has_room || !room.takes(story) {
        return;
    }
    match known.and_then(|at| topics.get_mut(at)) {
        Some(of) => of.stories.push(story.clone()),
        None => topics.push(NewsOfTopic {
            topic: name.to_owned(),
            stories: vec![story.clone()],
        }),
    }
}

impl FeedQuery {
    fn run(&self, reads: &Reads, memory: &mut impl PageMemory) -> Result<FeedList, ToolError> {
        let feeds = reads.feeds_by_id(None, &self.query, self.after, self.limit + 1)?;
        memory.grow(feeds.iter().map(Feed::memory).sum())?;
        let (mut room, mut listed, mut last) = (Room::default(), Vec::new(), None);
        let mut is_full = false;
        for feed in &feeds {
            let shown = Subscription::from(feed);
            if listed.len() == self.limit || !room.takes(&shown) {
                is_full = true;
                break;
            }
            listed.push(shown);
            last = Some(feed.id);
        }
        Ok(FeedList {
            notice: notice(),
            feeds: listed,
            next_cursor: last.filter(|_| is_full).map(|id| id.to_string()),
        })
    }
}

fn topics(reads: &Reads, after: Option<&str>) -> Result<TopicList, ToolError> {
    let mut topics = reads.topics()?;
    topics.sort_by(|a, b| a.name.cmp(&b.name));
    let from = after.map_or(0, |after| {
        topics.partition_point(|topic| topic.name.as_str() <= after)
    });
    let (mut room, mut listed): (_, Vec<Topic>) = (Room::default(), Vec::new());
    let mut next_cursor = None;
    for topic in topics.iter().skip(from) {
        let shown = Topic::from(topic);
        if listed.len() == TOPICS_PAGE || !room.takes(&shown) {
            next_cursor = listed.last().map(|last| last.name.clone());
            break;
        }
        listed.push(shown);
    }
    Ok(TopicList {
        topics: listed,
        next_cursor,
    })
}

/// The names of all topics, if the one that was asked for is among them.
fn check_topic(reads: &Reads, asked: Option<&str>) -> Result<Vec<String>, ToolError> {
    let names: Vec<String> = reads
        .topic_heads()?
        .into_iter()
        .map(|head| head.name)
        .collect();
    match asked {
        Some(asked) if !names.iter().any(|name| name == asked) => {
            Err(ToolError::no_such_topic(asked, &names))
        }
        _ => Ok(names),
    }
}

fn read_cursor<T>(
    given: &Arguments,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, ToolError> {
    let Some(text) = given.text("cursor") else {
        return Ok(None);
    };
    let wrong = || {
        ToolError::Wrong(
            "cursor: not a next_cursor of this tool; leave it out to begin with the first page"
                .to_owned(),
        )
    };
    read(text).map(Some).ok_or_else(wrong)
}

fn unknown_tool(name: &str) -> String {
    let names = TOOLS.iter().map(|tool| tool.name);
    let hint = match nearest(name, names.clone()) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("the tools are {}", names.collect::<Vec<_>>().join(", ")),
    };
    format!("Unknown tool: {}; {hint}", quoted(name, 100).0)
}
