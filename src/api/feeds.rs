//! The subscriptions with their health: the objects of `newswire feeds --json`. A page continues after the id of its last feed, in
//! the order of the ids, which no poll changes.

use schemars::JsonSchema;
use serde::Serialize;
use url::form_urlencoded;

use super::error::{ApiError, BadParameter};
use super::parameters::Parameters;
use crate::merged::PageMemory;
use crate::model::{Feed, FeedId, FeedState};
use crate::schedule::{PlanExplanation, remedy};
use crate::store::Reads;

/// A page of subscriptions.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct FeedPage {
    /// The subscriptions, by id.
    pub feeds: Vec<FeedLine>,
    /// The query of the next page, with its `?`, for the same path; null on the last page.
    pub next: Option<String>,
}

/// A subscription, and what is derived from its state.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "FeedWithHealth")]
pub struct FeedLine {
    /// The subscription.
    #[serde(flatten)]
    pub feed: Feed,
    /// Why it is polled next at its planned time, one constraint a line; only with `newswire feeds --why-next`.
    #[serde(skip_serializing_if = "WhyNext::is_left_out")]
    #[schemars(with = "Option<String>")]
    pub why_next: WhyNext,
    /// What to do about its failure; absent if it does not fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub what_to_do: Option<String>,
}

/// `why_next` of a feed. Serialized as the explanation or null.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum WhyNext {
    /// It was not asked for.
    LeftOut,
    /// It was; `None` if the feed has no plan.
    Of(Option<PlanExplanation>),
}

impl WhyNext {
    fn is_left_out(&self) -> bool {
        matches!(self, Self::LeftOut)
    }
}

impl FeedLine {
    /// The object of a feed.
    pub fn new(feed: Feed, why_next: WhyNext) -> Self {
        Self {
            what_to_do: remedy::what_to_do(&feed),
            feed,
            why_next,
        }
    }
}

/// Which subscriptions a request selects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedQuery {
    /// Only those in this state.
    pub state: Option<FeedState>,
    /// Only those with this in their title or URL, whatever its case.
    pub q: Option<String>,
    /// Only those after this one.
    pub after: Option<FeedId>,
    /// Maximum number of feeds.
    pub limit: usize,
}

impl FeedQuery {
    /// Reads the parameters.
    ///
    /// # Errors
    /// The first wrong one.
    pub fn read(given: &Parameters) -> Result<Self, BadParameter> {
        let state = given.text("state").map(|text| {
            FeedState::from_name(text).ok_or_else(|| {
                let names = FeedState::ALL.map(FeedState::name).join(", ");
                BadParameter::new("state", format!("\"{text}\" is none of {names}"))
            })
        });
        let after = given.text("after").map(|text| {
            let wrong = |_| {
                let message = format!("\"{text}\" is not the id of a feed; take it from \"next\"");
                BadParameter::new("after", message)
            };
            text.parse().map_err(wrong)
        });
        Ok(Self {
            state: state.transpose()?,
            q: given.text("q").map(str::to_owned),
            after: after.transpose()?,
            limit: given.limit()?,
        })
    }

    /// The parameters in one fixed order, with `?` in front.
    pub fn to_query_string(&self) -> String {
        let mut query = form_urlencoded::Serializer::new("?".to_owned());
        if let Some(state) = self.state {
            query.append_pair("state", state.name());
        }
        if let Some(q) = &self.q {
            query.append_pair("q", q);
        }
        if let Some(after) = self.after {
            query.append_pair("after", &after.to_string());
        }
        query.append_pair("limit", &self.limit.to_string());
        query.finish().replacen("?&", "?", 1)
    }

    /// The page of subscriptions.
    ///
    /// # Errors
    /// [`ApiError`].
    pub fn load(&self, reads: &Reads, memory: &mut impl PageMemory) -> Result<FeedPage, ApiError> {
        let q = self.q.as_deref().unwrap_or_default();
        let mut feeds = reads.feeds_by_id(self.state, q, self.after, self.limit + 1)?;
        let is_full = feeds.len() > self.limit;
        feeds.truncate(self.limit);
        memory.grow(feeds.iter().map(Feed::memory).sum())?;
        let last = feeds.last().map(|feed| feed.id);
        let next = last.filter(|_| is_full).map(|last| {
            let next = Self {
                after: Some(last),
                ..self.clone()
            };
            next.to_query_string()
        });
        let feeds = feeds.into_iter();
        Ok(FeedPage {
            feeds: feeds.map(|f| FeedLine::new(f, WhyNext::LeftOut)).collect(),
            next,
        })
    }
}
