//! The commands of retention: what is old or too much is removed in small parts, between which polls are committed.

use std::time::Duration;

use crate::model::{ArticleRow, FeedRow, Time};
use crate::store::articles::removal::{self, PART_MAX, Progress, Pruned};
use crate::store::articles::tombstones;
use crate::store::changes::ChangeKind;
use crate::store::changes::marks::{self, REMOVALS_MAX};
use crate::store::error::StoreError;
use crate::store::feeds::subscriptions;
use crate::store::handle::Store;
use crate::store::hosts;
use crate::store::maintenance::prune;
use crate::store::sql::Sql;
use crate::store::stories::decisions;
use crate::store::writer::command::{WriteCommand, WriteContext};

impl Store {
    /// Removes what retention no longer keeps (`None` as `keep`: no limit of age), in small parts between which polls are
    /// committed. `dry_run`: only counts it.
    pub fn prune(
        &self,
        keep: Option<Duration>,
        keep_max_per_feed: u64,
        dry_run: bool,
    ) -> Result<Pruned, StoreError> {
        let now = self.clock.now();
        if dry_run {
            return self.reads().prunable(keep, keep_max_per_feed, now);
        }
        let expired = self
            .reads()
            .expired_articles(keep, keep_max_per_feed, now)?;
        let pruned = self.remove_all(&expired, ChangeKind::Expired)?;
        for part in self.reads().expired_tombstones(now)?.chunks(PART_MAX) {
            self.ask(RemoveTombstones(part.to_vec()))?;
        }
        while self.ask(ForgetRemovals { now })? {}
        self.ask(ForgetHosts { now })?;
        self.ask(ForgetWithdrawn { now })?;
        for feed in self.reads().abandoned_feeds(now)? {
            self.ask(ForgetFeed(feed))?;
        }
        Ok(pruned)
    }

    /// Deletes every article of a feed that was unsubscribed, and what was learned about the feed, in small parts. No
    /// tombstones stay: if the feed is added again, its articles come back. The feed's row keeps its address.
    ///
    /// # Errors
    /// [`StoreError`]; what was deleted before stays deleted, and another call continues.
    pub fn purge(&self, feed: FeedRow) -> Result<Pruned, StoreError> {
        let articles = self.reads().articles_of(feed)?;
        let pruned = self.remove_all(&articles, ChangeKind::Purged)?;
        self.ask(PurgeFeed(feed))?;
        Ok(pruned)
    }

    /// Removes these articles in small parts between which polls are committed.
    fn remove_all(
        &self,
        articles: &[ArticleRow],
        reason: ChangeKind,
    ) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        let mut left = articles;
        let mut part_max = PART_MAX;
        while !left.is_empty() {
            let part: Vec<_> = left.iter().take(part_max).copied().collect();
            let first = part.first().copied().map(ArticleRow::get);
            let done = match self.ask(RemoveArticles(part, reason)) {
                Ok(progress) => {
                    pruned.articles += progress.pruned.articles;
                    pruned.stories += progress.pruned.stories;
                    progress.done
                }
                Err(e) if e.is_of_store() => return Err(e),
                // One article that cannot be removed must not keep the others (REL-12).
                Err(_) if part_max > 1 => {
                    part_max = 1;
                    continue;
                }
                Err(e) => {
                    tracing::warn!(article = first, "an article could not be removed: {e}");
                    part_max = PART_MAX;
                    1
                }
            };
            left = left.get(done..).unwrap_or_default();
        }
        Ok(pruned)
    }
}

struct RemoveArticles(Vec<ArticleRow>, ChangeKind);

impl WriteCommand for RemoveArticles {
    type Output = Progress;

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<Progress> {
        let (conn, now) = (context.conn, context.now);
        let Self(part, reason) = self;
        removal::remove_part(conn, context.grouping, context.tagger, &part, reason, now)
    }
}

struct RemoveTombstones(Vec<[u8; 16]>);

impl WriteCommand for RemoveTombstones {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        tombstones::remove(context.conn, &self.0)
    }
}

struct ForgetRemovals {
    now: Time,
}

impl WriteCommand for ForgetRemovals {
    /// Whether any are left.
    type Output = bool;

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<bool> {
        marks::forget_removals(context.conn, self.now, REMOVALS_MAX)
    }
}

struct ForgetHosts {
    now: Time,
}

impl WriteCommand for ForgetHosts {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        hosts::forget_hosts(context.conn, self.now)
    }
}

struct ForgetWithdrawn {
    now: Time,
}

impl WriteCommand for ForgetWithdrawn {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        decisions::forget_withdrawn(context.conn, self.now)
    }
}

struct ForgetFeed(FeedRow);

impl WriteCommand for ForgetFeed {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        // It may have been subscribed again meanwhile.
        match subscriptions::is_subscribed(context.conn, self.0)? {
            true => Ok(()),
            false => prune::forget(context.conn, self.0),
        }
    }
}

struct PurgeFeed(FeedRow);

impl WriteCommand for PurgeFeed {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        prune::purge(context.conn, self.0)
    }
}
