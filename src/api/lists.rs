//! Pages of stories and of articles: the objects of `newswire list --json`, selected as `newswire list` does it.
//!
//! Without `after` the order is that of the river, newest first, and a page continues at a place in it (`before`), so that what
//! arrives meanwhile shifts nothing. With `after` the order is that of the sequence. A page is limited in number and in bytes.

use schemars::JsonSchema;
use serde::Serialize;
use url::form_urlencoded;

use super::error::{ApiError, BadParameter};
use super::parameters::{Parameters, TimeParameter, at};
use crate::merged::{PAGE_BYTES_MAX, PageMemory, cursor};
use crate::model::{ArticleView, Seq, StoryId, StoryView, Time};
use crate::query;
use crate::store::{Reads, RiverPlace, Selection, Walk};

/// A page of stories.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct StoryPage {
    /// The stories.
    pub stories: Vec<StoryView>,
    /// The query of the next page, with its `?`, for the same path; null on the last page.
    pub next: Option<String>,
}

/// A page of articles: every copy by itself.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct ArticlePage {
    /// The articles.
    pub articles: Vec<ArticleView>,
    /// The query of the next page, with its `?`, for the same path; null on the last page.
    pub next: Option<String>,
}

/// Which stories or articles a request selects.
#[derive(Debug, Clone)]
pub struct ListQuery {
    /// Only what this expression matches, as written.
    pub q: Option<String>,
    /// Only this topic's, by name.
    pub topic: Option<String>,
    /// Only what arrived at or after.
    pub since: Option<TimeParameter>,
    /// Only what arrived before.
    pub until: Option<TimeParameter>,
    /// Only what changed after this sequence, oldest change first.
    pub after: Option<Seq>,
    /// Only what stands below this place in the river.
    pub before: Option<RiverPlace>,
    /// Maximum number of objects.
    pub limit: usize,
    /// Whether the objects have their bodies.
    pub bodies: bool,
}

/// What stories and articles have in common as members of a page.
trait Listed {
    fn seq(&self) -> Seq;
    fn place(&self) -> RiverPlace;
    fn memory(&self) -> usize;
}

impl Listed for StoryView {
    fn seq(&self) -> Seq {
        self.seq
    }

    fn place(&self) -> RiverPlace {
        RiverPlace {
            arrived: self.arrived,
            story: self.id,
        }
    }

    fn memory(&self) -> usize {
        self.memory()
    }
}

impl Listed for ArticleView {
    fn seq(&self) -> Seq {
        self.seq
    }

    fn place(&self) -> RiverPlace {
        RiverPlace {
            arrived: self.arrived,
            story: StoryId::from(self.id),
        }
    }

    fn memory(&self) -> usize {
        self.memory()
    }
}

impl ListQuery {
    /// Reads the parameters.
    ///
    /// # Errors
    /// The first wrong one. The expression is parsed later.
    pub fn read(given: &Parameters) -> Result<Self, BadParameter> {
        let owned = |name| given.text(name).map(str::to_owned);
        let before = given.text("before").map(|text| {
            cursor::decode("before", text).map_err(|_| {
                let message =
                    format!("\"{text}\" is not a place in the list; take it from \"next\"");
                BadParameter::new("before", message)
            })
        });
        let query = Self {
            q: owned("q"),
            topic: owned("topic"),
            since: given.time("since")?,
            until: given.time("until")?,
            after: given.sequence("after")?,
            before: before.transpose()?,
            limit: given.limit()?,
            bodies: given.flag("bodies", false)?,
        };
        if query.after.is_some() && query.before.is_some() {
            return Err(BadParameter::new(
                "before",
                "cannot be combined with \"after\": one is a place in the order of arrival, the other in the order of changes",
            ));
        }
        Ok(query)
    }

    /// Whether an index leads to the stories of a page, or else many may have to be read and put in order.
    pub fn is_indexed(&self, of_articles: bool) -> bool {
        let is_narrowed = self.topic.is_some() || self.since.is_some() || self.until.is_some();
        let is_topic_of_articles = of_articles && self.topic.is_some();
        self.q.is_none() && !is_topic_of_articles && !(self.after.is_some() && is_narrowed)
    }

    /// Whether no parameter selects anything, so that all clients ask for the same page.
    pub fn is_first_page(&self) -> bool {
        let is_narrowed = self.topic.is_some() || self.since.is_some() || self.until.is_some();
        self.q.is_none() && !is_narrowed && self.after.is_none() && self.before.is_none()
    }

    /// The parameters in one fixed order, with `?` in front. Queries that select the same have the same text.
    pub fn to_query_string(&self) -> String {
        let mut query = form_urlencoded::Serializer::new("?".to_owned());
        let texts = [
            ("q", self.q.as_deref()),
            ("topic", self.topic.as_deref()),
            ("since", self.since.as_ref().map(|(text, _)| text.as_str())),
            ("until", self.until.as_ref().map(|(text, _)| text.as_str())),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        if let Some(after) = self.after {
            query.append_pair("after", &after.to_string());
        }
        if let Some(place) = self.before {
            query.append_pair("before", &cursor::encode(place));
        }
        query.append_pair("limit", &self.limit.to_string());
        if self.bodies {
            query.append_pair("bodies", "true");
        }
        query.finish().replacen("?&", "?", 1)
    }

    /// The page of stories.
    ///
    /// # Errors
    /// [`ApiError`].
    pub fn stories(
        &self,
        reads: &Reads,
        now: Time,
        memory: &mut impl PageMemory,
    ) -> Result<StoryPage, ApiError> {
        let selection = self.selection(reads, now)?;
        let rows = reads.find_stories(&selection)?;
        let topic = self.topic.as_deref();
        let (stories, next) = self.page(&rows, memory, |rows, visit| {
            Ok(reads.each_story(topic, rows, self.bodies, visit)?)
        })?;
        Ok(StoryPage { stories, next })
    }

    /// The page of articles.
    ///
    /// # Errors
    /// [`ApiError`].
    pub fn articles(
        &self,
        reads: &Reads,
        now: Time,
        memory: &mut impl PageMemory,
    ) -> Result<ArticlePage, ApiError> {
        let selection = self.selection(reads, now)?;
        let rows = reads.find_articles(&selection)?;
        let (articles, next) = self.page(&rows, memory, |rows, visit| {
            Ok(reads.each_article(rows, self.bodies, visit)?)
        })?;
        Ok(ArticlePage { articles, next })
    }

    /// What the store is asked for: one more than the page has, to learn whether there is another page.
    fn selection(&self, reads: &Reads, now: Time) -> Result<Selection, ApiError> {
        let expr = self.q.as_deref().map(query::parse).transpose();
        let expr = expr.map_err(|errors| BadParameter::of_expression("q", &errors))?;
        if let Some(name) = &self.topic {
            let topics: Vec<String> = reads.topic_heads()?.into_iter().map(|t| t.name).collect();
            if !topics.contains(name) {
                let name = name.clone();
                return Err(ApiError::NoSuchTopic { name, topics });
            }
        }
        Ok(Selection {
            expr,
            topic: self.topic.clone(),
            since: at(self.since.as_ref(), now),
            until: at(self.until.as_ref(), now),
            after: self.after,
            before: self.before,
            limit: Some(self.limit + 1),
            bodies: self.bodies,
            now,
            ..Selection::default()
        })
    }

    /// The objects at the first of `rows`, as many as the page may have, and the query of the next page.
    fn page<R, T: Listed>(
        &self,
        rows: &[R],
        memory: &mut impl PageMemory,
        read: impl FnOnce(&[R], &mut dyn FnMut(T) -> Walk) -> Result<(), ApiError>,
    ) -> Result<(Vec<T>, Option<String>), ApiError> {
        let (mut found, mut bytes_left) = (Vec::new(), PAGE_BYTES_MAX);
        let (mut is_full, mut reserved) = (rows.len() > self.limit, Ok(()));
        let shown = rows.get(..self.limit).unwrap_or(rows);
        read(shown, &mut |object: T| {
            let bytes = object.memory();
            if !found.is_empty() && bytes > bytes_left {
                is_full = true;
                return Walk::Break(());
            }
            bytes_left = bytes_left.saturating_sub(bytes);
            reserved = memory.grow(bytes);
            if reserved.is_err() {
                return Walk::Break(());
            }
            found.push(object);
            Walk::Continue(())
        })?;
        reserved?;
        let next = is_full.then(|| self.continued(found.last()).to_query_string());
        Ok((found, next))
    }

    /// The query that continues after the last object of a page. Without one, all of the page were removed while it was read.
    fn continued(&self, last: Option<&impl Listed>) -> Self {
        let mut next = self.clone();
        match (last, self.after) {
            (None, _) => {}
            (Some(last), Some(_)) => next.after = Some(last.seq()),
            (Some(last), None) => next.before = Some(last.place()),
        }
        next
    }
}
