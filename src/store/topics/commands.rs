//! The commands that define topics, and bring those with relative times up to date.

use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::sql::Sql;
use crate::store::topics::definition::TopicDefinition;
use crate::store::topics::tagging;
use crate::store::writer::command::{WriteCommand, WriteContext};

impl Store {
    /// Replaces the topics: at once for new articles. Stored articles are evaluated again part by part, the newest first,
    /// between other commands; see [`Self::settle_topics`]. Returns how many topics changed in any way.
    pub fn declare_topics(&self, topics: Vec<TopicDefinition>) -> Result<usize, StoreError> {
        self.ask(SetTopics(topics))
    }

    /// Declares and settles.
    pub fn set_topics(&self, topics: Vec<TopicDefinition>) -> Result<usize, StoreError> {
        let changed = self.declare_topics(topics)?;
        self.settle_topics()?;
        Ok(changed)
    }

    /// Evaluates again which articles belong to topics with relative times (`since:7d`), and completes the backfill.
    pub fn refresh_topics(&self) -> Result<(), StoreError> {
        self.ask(RefreshTopics)?;
        self.settle_topics()
    }
}

struct SetTopics(Vec<TopicDefinition>);

impl WriteCommand for SetTopics {
    type Output = usize;

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<usize> {
        tagging::set(context.conn, context.tagger, self.0, context.now)
    }
}

struct RefreshTopics;

impl WriteCommand for RefreshTopics {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        context.tagger.tag_times(context.conn, context.now)
    }
}
