//! The commands that set up targets, write plans, and note what became of events.

use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::outbox::digests::{self, NewDigest};
use crate::store::outbox::events::{self, SettledEvent};
use crate::store::outbox::planning::{self, OutboxPlan};
use crate::store::outbox::targets::{self, BaselineStory, OutboxTarget};
use crate::store::outbox::upkeep::{self, UpkeepPlace};
use crate::store::sql::Sql;
use crate::store::writer::command::{WriteCommand, WriteContext};

impl Store {
    /// Makes these the targets. A new one begins with what changes from now on, unless it wants the backlog; one that is missing keeps
    /// its events for a week.
    pub fn set_targets(&self, targets: Vec<OutboxTarget>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let with_baseline = targets
            .into_iter()
            .map(|target| Ok((self.reads.baseline(&target, now)?, target)))
            .collect::<Result<_, StoreError>>()?;
        self.ask(SetTargets(with_baseline))
    }

    /// Writes what changes fire. Returns the number of new events.
    pub fn write_outbox(&self, plan: OutboxPlan) -> Result<usize, StoreError> {
        self.ask(WriteOutbox(plan))
    }

    /// Notes what became of attempts to send events of a target.
    pub fn settle_events(
        &self,
        target: &str,
        settled: Vec<SettledEvent>,
    ) -> Result<(), StoreError> {
        let target = target.to_owned();
        self.ask(SettleEvents { target, settled })
    }

    /// Publishes a digest as an entry of the feed of a target; its events are noted as sent in the same transaction.
    pub fn publish_digest(
        &self,
        target: &str,
        digest: NewDigest,
        settled: Vec<SettledEvent>,
    ) -> Result<(), StoreError> {
        let events = SettleEvents {
            target: target.to_owned(),
            settled,
        };
        self.ask(PublishDigest { digest, events })
    }

    /// Switches a target off, with the reason, or on.
    pub fn switch_target(&self, target: &str, off: Option<String>) -> Result<(), StoreError> {
        let target = target.to_owned();
        self.ask(SwitchTarget { target, off })
    }

    /// Removes old events, and what is known of stories that are gone, in short transactions.
    pub fn tidy_outbox(&self) -> Result<(), StoreError> {
        let mut place = Some(UpkeepPlace::default());
        while let Some(from) = place {
            place = self.ask(TidyOutbox(from))?;
        }
        Ok(())
    }
}

struct SetTargets(Vec<(Vec<BaselineStory>, OutboxTarget)>);

impl WriteCommand for SetTargets {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        for (baseline, target) in &self.0 {
            targets::configure(context.conn, target, baseline)?;
        }
        let names: Vec<&str> = self.0.iter().map(|(_, t)| t.name.as_str()).collect();
        targets::mark_removed(context.conn, &names, context.now)
    }
}

struct WriteOutbox(OutboxPlan);

impl WriteCommand for WriteOutbox {
    type Output = usize;

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<usize> {
        planning::write(context.conn, &self.0, context.now)
    }
}

struct SettleEvents {
    target: String,
    settled: Vec<SettledEvent>,
}

impl WriteCommand for SettleEvents {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        events::settle(context.conn, &self.target, &self.settled, context.now)
    }
}

struct PublishDigest {
    digest: NewDigest,
    events: SettleEvents,
}

impl WriteCommand for PublishDigest {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        digests::insert(context.conn, &self.events.target, &self.digest, context.now)?;
        self.events.apply(context)
    }
}

struct SwitchTarget {
    target: String,
    off: Option<String>,
}

impl WriteCommand for SwitchTarget {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        targets::switch(context.conn, &self.target, self.off.as_deref())
    }
}

struct TidyOutbox(UpkeepPlace);

impl WriteCommand for TidyOutbox {
    type Output = Option<UpkeepPlace>;

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<Option<UpkeepPlace>> {
        upkeep::remove(context.conn, &self.0, context.now)
    }
}
