//! The commands that lease feeds and give them back.

use std::time::Duration;

use crate::model::{FeedRow, Time};
use crate::store::error::StoreError;
use crate::store::feeds::commands::subscribe;
use crate::store::feeds::feed_settings::{NewFeed, Subscribed};
use crate::store::handle::Store;
use crate::store::leases::claim::{Claim, ClaimScope, Skipped};
use crate::store::leases::{claims, runs};
use crate::store::sql::Sql;
use crate::store::writer::command::{WriteCommand, WriteContext};

impl Store {
    /// Subscribes to a feed that was asked already, and leases it in the same moment, so that no other process asks it again
    /// before its first answer is committed (ET-20). Without a lease it says why.
    pub fn subscribe_asked(
        &self,
        feed: NewFeed,
        now: Time,
    ) -> Result<(Subscribed, Result<Claim, Skipped>), StoreError> {
        self.ask(SubscribeAndClaim { feed, now })
    }

    /// Leases up to `limit` feeds.
    pub fn claim(
        &self,
        now: Time,
        scope: ClaimScope,
        limit: usize,
    ) -> Result<(Vec<Claim>, Vec<Skipped>), StoreError> {
        self.ask(ClaimFeeds { now, scope, limit })
    }

    /// Extends leases, each given by its feed and fencing number, by a whole term from `now` on: for visits that take long.
    pub fn renew(&self, leases: Vec<(FeedRow, i64)>, now: Time) -> Result<(), StoreError> {
        self.ask(RenewLeases { leases, now })
    }

    /// Frees the feeds that are held by processes which have died. Returns how many. To be called before anything is claimed.
    pub fn free_dead_leases(&self, now: Time) -> Result<usize, StoreError> {
        self.ask(FreeDeadLeases { now })
    }

    /// Gives a claimed feed back unasked: it is due when it was.
    pub fn give_back(&self, claim: &Claim) -> Result<(), StoreError> {
        self.ask(GiveBack {
            lease: (claim.feed, claim.lease),
            due: claim.due,
            why: None,
        })
    }

    /// Gives a claimed feed back unasked: it is due at `until`, for the reason `why`.
    pub fn defer(&self, claim: &Claim, until: Time, why: &str) -> Result<(), StoreError> {
        self.ask(GiveBack {
            lease: (claim.feed, claim.lease),
            due: Some(until),
            why: Some(why.to_owned()),
        })
    }

    /// Spreads the feeds that are overdue and were polled before over the time to come: at most one a second, or all
    /// within a quarter of an hour if that is more (ET-22). Returns how many.
    pub fn spread_overdue(&self, now: Time) -> Result<usize, StoreError> {
        self.ask(SpreadOverdue { now })
    }

    /// Records an error of newswire itself as a claimed feed's failure where not even a failed poll can be committed: the
    /// feed is due again at `until`.
    pub fn note_fault(
        &self,
        claim: &Claim,
        message: String,
        until: Time,
        now: Time,
    ) -> Result<(), StoreError> {
        self.ask(NoteFault {
            lease: (claim.feed, claim.lease),
            message,
            until,
            now,
        })
    }
}

struct SubscribeAndClaim {
    feed: NewFeed,
    now: Time,
}

impl WriteCommand for SubscribeAndClaim {
    type Output = (Subscribed, Result<Claim, Skipped>);

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<Self::Output> {
        context.now = self.now;
        let made = subscribe(context, &[self.feed])?.into_iter().next();
        let made = made.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let scope = ClaimScope::These {
            feeds: vec![made.row],
            manual_interval: Duration::ZERO,
        };
        let (claims, skipped) = claim(context, self.now, &scope, 1)?;
        let lease = match (claims.into_iter().next(), skipped.into_iter().next()) {
            (Some(claim), _) => Ok(claim),
            (None, Some(skipped)) => Err(skipped),
            (None, None) => return Err(rusqlite::Error::QueryReturnedNoRows),
        };
        Ok((made, lease))
    }
}

struct ClaimFeeds {
    now: Time,
    scope: ClaimScope,
    limit: usize,
}

impl WriteCommand for ClaimFeeds {
    type Output = (Vec<Claim>, Vec<Skipped>);

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<Self::Output> {
        claim(context, self.now, &self.scope, self.limit)
    }
}

fn claim(
    context: &mut WriteContext<'_>,
    now: Time,
    scope: &ClaimScope,
    limit: usize,
) -> Sql<(Vec<Claim>, Vec<Skipped>)> {
    let (conn, path) = (context.conn, context.path);
    claims::claim(conn, now, scope, limit, || context.run.id(conn, path))
}

struct RenewLeases {
    leases: Vec<(FeedRow, i64)>,
    now: Time,
}

impl WriteCommand for RenewLeases {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        claims::renew(context.conn, &self.leases, self.now)
    }
}

struct FreeDeadLeases {
    now: Time,
}

impl WriteCommand for FreeDeadLeases {
    type Output = usize;

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<usize> {
        runs::free_dead(context.conn, context.path, self.now)
    }
}

struct GiveBack {
    lease: (FeedRow, i64),
    due: Option<Time>,
    why: Option<String>,
}

impl WriteCommand for GiveBack {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        claims::give_back(context.conn, self.lease, self.due, self.why.as_deref())
    }
}

struct SpreadOverdue {
    now: Time,
}

impl WriteCommand for SpreadOverdue {
    type Output = usize;

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<usize> {
        claims::spread_overdue(context.conn, self.now)
    }
}

struct NoteFault {
    lease: (FeedRow, i64),
    message: String,
    until: Time,
    now: Time,
}

impl WriteCommand for NoteFault {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        let (feed, lease) = self.lease;
        let (message, until) = (&self.message, self.until);
        claims::note_fault(context.conn, feed, Some(lease), message, until, self.now)
    }
}
