//! The commands that make, change and end subscriptions.

use crate::model::FeedRow;
use crate::store::error::StoreError;
use crate::store::feeds::feed_settings::{FeedChange, NewFeed, Subscribed};
use crate::store::feeds::subscriptions;
use crate::store::handle::Store;
use crate::store::sql::Sql;
use crate::store::writer::command::{WriteCommand, WriteContext};

impl Store {
    /// Subscribes; all or nothing. A feed that is there stays as it is.
    pub fn subscribe(&self, feeds: Vec<NewFeed>) -> Result<Vec<Subscribed>, StoreError> {
        self.ask(Subscribe(feeds))
    }

    /// Unsubscribes; the articles stay.
    pub fn unsubscribe(&self, feed: FeedRow) -> Result<(), StoreError> {
        self.ask(Unsubscribe(feed))
    }

    /// Changes a subscription.
    pub fn change_feed(&self, feed: FeedRow, change: FeedChange) -> Result<(), StoreError> {
        self.ask(ChangeFeed(feed, change))
    }

    /// Makes the declared feeds those of the file: subscribes, updates, unsubscribes.
    pub fn reconcile(&self, declared: Vec<NewFeed>) -> Result<(), StoreError> {
        self.ask(Reconcile(declared))
    }
}

struct Subscribe(Vec<NewFeed>);

impl WriteCommand for Subscribe {
    type Output = Vec<Subscribed>;

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<Vec<Subscribed>> {
        subscribe(context, &self.0)
    }
}

/// Subscribes. A feed that was there once may come back under another name.
pub(in crate::store) fn subscribe(
    context: &mut WriteContext<'_>,
    feeds: &[NewFeed],
) -> Sql<Vec<Subscribed>> {
    let (conn, now) = (context.conn, context.now);
    let made = subscriptions::subscribe(conn, feeds, now)?;
    let new: Vec<FeedRow> = made.iter().filter(|m| m.new).map(|m| m.row).collect();
    context.tagger.feeds_changed(conn, &new, now)?;
    Ok(made)
}

struct Unsubscribe(FeedRow);

impl WriteCommand for Unsubscribe {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        subscriptions::unsubscribe(context.conn, self.0, context.now)
    }
}

struct ChangeFeed(FeedRow, FeedChange);

impl WriteCommand for ChangeFeed {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        let Self(feed, change) = self;
        let (conn, now) = (context.conn, context.now);
        let write = || subscriptions::change(conn, feed, &change, now);
        match subscriptions::renames(conn, feed, write)? {
            true => context.tagger.feeds_changed(conn, &[feed], now),
            false => Ok(()),
        }
    }
}

struct Reconcile(Vec<NewFeed>);

impl WriteCommand for Reconcile {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        let renamed = subscriptions::reconcile(context.conn, &self.0, context.now)?;
        context
            .tagger
            .feeds_changed(context.conn, &renamed, context.now)
    }
}
