//! The commands that ask hubs and take their answers.

use std::time::Duration;

use crate::model::{FeedRow, Time};
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::hubs::websub::{self, HubAsk};
use crate::store::sql::Sql;
use crate::store::writer::command::{WriteCommand, WriteContext};

impl Store {
    /// Which hubs are to be asked now, at most `limit`; each is claimed by being put off. Leases that ended are given up.
    pub fn hub_asks(
        &self,
        callback: String,
        now: Time,
        limit: usize,
    ) -> Result<Vec<HubAsk>, StoreError> {
        self.ask(ClaimHubs {
            callback,
            now,
            limit,
        })
    }

    /// What came of asking: an error, or a yes that is still to be verified.
    pub fn hub_asked(&self, path: String, error: Option<String>) -> Result<(), StoreError> {
        self.ask(HubAsked { path, error })
    }

    /// A hub asks whether we meant to subscribe; whether we did. Then the lease runs from now.
    pub fn hub_verified(
        &self,
        path: String,
        topic: String,
        lease: Duration,
        now: Time,
    ) -> Result<bool, StoreError> {
        self.ask(HubVerified {
            path,
            topic,
            lease,
            now,
        })
    }

    /// A hub asks whether we meant to unsubscribe; whether we did. Then the subscription has ended.
    pub fn hub_left(&self, path: String, topic: String) -> Result<bool, StoreError> {
        self.ask(HubLeft { path, topic })
    }

    /// A hub refuses to send us news; whether that is about a subscription of ours.
    pub fn hub_denied(
        &self,
        path: String,
        topic: String,
        reason: String,
        now: Time,
    ) -> Result<bool, StoreError> {
        self.ask(HubDenied {
            path,
            topic,
            reason,
            now,
        })
    }

    /// From now on hubs reach us at `callback`, or not at all. Returns how many leases are lost by that.
    pub fn reach_by(&self, callback: Option<String>, now: Time) -> Result<usize, StoreError> {
        self.ask(ReachBy { callback, now })
    }

    /// Makes a feed due at `at` if it would be later; floors and a poll on its way win.
    pub fn poll_soon(&self, feed: FeedRow, at: Time, why: &'static str) -> Result<(), StoreError> {
        self.ask(PollSoon { feed, at, why })
    }
}

struct ClaimHubs {
    callback: String,
    now: Time,
    limit: usize,
}

impl WriteCommand for ClaimHubs {
    type Output = Vec<HubAsk>;

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<Vec<HubAsk>> {
        websub::lapse(context.conn, self.now)?;
        websub::asks(context.conn, &self.callback, self.now, self.limit)
    }
}

struct HubAsked {
    path: String,
    error: Option<String>,
}

impl WriteCommand for HubAsked {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        websub::asked(context.conn, &self.path, self.error.as_deref())
    }
}

struct HubVerified {
    path: String,
    topic: String,
    lease: Duration,
    now: Time,
}

impl WriteCommand for HubVerified {
    type Output = bool;

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<bool> {
        websub::verify(context.conn, &self.path, &self.topic, self.lease, self.now)
    }
}

struct HubLeft {
    path: String,
    topic: String,
}

impl WriteCommand for HubLeft {
    type Output = bool;

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<bool> {
        websub::part(context.conn, &self.path, &self.topic)
    }
}

struct HubDenied {
    path: String,
    topic: String,
    reason: String,
    now: Time,
}

impl WriteCommand for HubDenied {
    type Output = bool;

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<bool> {
        websub::deny(
            context.conn,
            &self.path,
            &self.topic,
            &self.reason,
            self.now,
        )
    }
}

struct ReachBy {
    callback: Option<String>,
    now: Time,
}

impl WriteCommand for ReachBy {
    type Output = usize;

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<usize> {
        websub::reach(context.conn, self.callback.as_deref(), self.now)
    }
}

struct PollSoon {
    feed: FeedRow,
    at: Time,
    why: &'static str,
}

impl WriteCommand for PollSoon {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        websub::soon(context.conn, self.feed, self.at, self.why)
    }
}
