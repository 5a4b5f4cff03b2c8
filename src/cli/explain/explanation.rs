//! What `newswire explain` prints: the data, and how they are read from the store.

use serde::Serialize;

use crate::cli::exit::Failure;
use crate::cli::matches::{EvaluatedCopy, Match};
use crate::cli::similarity::Similarity;
use crate::dedup::decisions::Word;
use crate::model::{ArticleView, SameAs, Time};
use crate::query;
use crate::store::{DecisionKind, DedupSettings, Reads, TopicInfo};

/// The output of `--json`.
#[derive(Serialize)]
pub struct Explanation {
    pub id: String,
    pub title: String,
    pub copies: Vec<CopyExplained>,
}

/// One copy.
#[derive(Serialize)]
pub struct CopyExplained {
    pub id: String,
    pub feed_title: String,
    pub feed_url: String,
    pub title: String,
    pub arrived: crate::model::Time,
    pub revision: u32,
    /// `guid`, `link` or `digest`.
    pub identity: &'static str,
    pub key: String,
    pub url: Option<String>,
    pub canonical_url: Option<String>,
    pub joined_with: Option<String>,
    pub same_as: Option<SameAs>,
    /// Compares the two as they are now. `None` if it joined nothing, or if the other no longer exists.
    pub alike: Option<Similarity>,
    /// Manual decisions about it, newest last.
    pub decisions: Vec<DecisionExplained>,
    /// The paragraphs left out of its body as boilerplate.
    pub boilerplate: Vec<String>,
    /// Only for the first copy: the most similar copy of another story.
    pub nearest: Option<NearestCopy>,
    pub topics: Vec<TopicExplained>,
}

/// A manual decision about a copy.
#[derive(Serialize)]
pub struct DecisionExplained {
    pub kind: DecisionKind,
    pub at: Time,
    /// The side of the copy: 0 if it stayed in a story that was split.
    pub side: u32,
}

/// A copy of another story.
#[derive(Serialize)]
pub struct NearestCopy {
    pub id: String,
    /// Whether the user split the two.
    pub is_split: bool,
    pub feed_title: String,
    pub title: String,
    pub alike: Similarity,
}

/// A topic that contains it, and the words and conditions that matched.
#[derive(Serialize)]
pub struct TopicExplained {
    pub name: String,
    #[serde(rename = "match")]
    pub source: String,
    pub found: Vec<Match>,
}

/// The data for explaining the copies of a story.
pub struct Explainer<'a> {
    pub now: Time,
    pub reads: Reads,
    pub topics: Vec<TopicInfo>,
    pub dedup: DedupSettings,
    pub copies: &'a [ArticleView],
}

impl Explainer<'_> {
    /// Explains one of the copies.
    pub fn explained(&self, copy: &ArticleView) -> Result<CopyExplained, Failure> {
        let lineage = self.reads.lineage(copy.id)?;
        let (identity, key, joined_with) = match lineage {
            Some(lineage) => (lineage.key_kind, lineage.key, lineage.joined_with),
            None => ("gone", String::new(), None),
        };
        Ok(CopyExplained {
            id: copy.id.to_string(),
            feed_title: copy.feed.title.clone(),
            feed_url: copy.feed_url.clone(),
            title: copy.title.clone(),
            arrived: copy.arrived,
            revision: copy.revision,
            identity,
            key,
            url: copy.url.clone(),
            canonical_url: copy.canonical_url.clone(),
            alike: self.alike(copy, joined_with.as_deref())?,
            joined_with,
            same_as: copy.same_as.clone(),
            nearest: match copy.same_as {
                Some(_) => None,
                None => self.nearest(copy)?,
            },
            decisions: self
                .reads
                .decisions_about(copy.id)?
                .into_iter()
                .map(|d| DecisionExplained {
                    kind: d.kind,
                    at: d.at,
                    side: d.side,
                })
                .collect(),
            boilerplate: copy.boilerplate.clone(),
            topics: self.topics_of(copy),
        })
    }

    /// Compares a copy with the one that it was joined with.
    fn alike(&self, copy: &ArticleView, with: Option<&str>) -> Result<Option<Similarity>, Failure> {
        let other = self
            .copies
            .iter()
            .find(|c| Some(c.id.to_string().as_str()) == with);
        let Some(other) = other else { return Ok(None) };
        let verdict = self.reads.verdict(self.dedup, copy.id, other.id)?;
        Ok(verdict.map(|verdict| Similarity::of(&verdict, copy, other)))
    }

    fn nearest(&self, copy: &ArticleView) -> Result<Option<NearestCopy>, Failure> {
        let Some(nearest) = self.reads.nearest(self.dedup, copy.id)? else {
            return Ok(None);
        };
        let other = self.reads.articles_at(&[nearest.row], true)?.pop();
        let decision = self.reads.word(copy.id, nearest.id)?;
        Ok(other.map(|other| NearestCopy {
            id: other.id.to_string(),
            is_split: decision == Some(Word::Apart),
            alike: Similarity::of(&nearest.verdict, copy, &other),
            feed_title: other.content.feed.title,
            title: other.content.title,
        }))
    }

    fn topics_of(&self, copy: &ArticleView) -> Vec<TopicExplained> {
        let evaluated = EvaluatedCopy::of(copy, self.copies, self.now);
        let topics = self.topics.iter();
        topics
            .filter(|topic| copy.topics.contains(&topic.name))
            .map(|topic| TopicExplained {
                name: topic.name.clone(),
                source: topic.source.clone(),
                found: query::parse(&topic.source)
                    .map_or_else(|_| Vec::new(), |e| evaluated.matches(&e).0),
            })
            .collect()
    }
}
