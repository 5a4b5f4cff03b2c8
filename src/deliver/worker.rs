//! The task of one target: waits until something is due and may be sent, sends it, and notes what became of it. It holds one
//! message at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::attempt::Attempt;
use super::blocking::blocking;
use super::sender::Sender;
use super::target::{Destination, Target};
use crate::clock::Clock;
use crate::model::Time;
use crate::notify::digest::{Digest, digest};
use crate::notify::rate::Rate;
use crate::notify::{Notice, retry};
use crate::store::{EventOutcome, NewDigest, OutboxEvent, SettledEvent, Store, StoreError};
use crate::text::hash::hash;

/// Longest wait without a look at the clock, which may have been set, and at the store.
const LOOK_INTERVAL: Duration = Duration::from_secs(30);

/// Pause after an error of the store.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// An hour, for the number of messages per hour.
const HOUR: Duration = Duration::from_secs(3600);

/// The task of one target.
pub(super) struct Worker {
    pub(super) target: Arc<Target>,
    pub(super) sender: Sender,
    pub(super) store: Arc<Store>,
    pub(super) clock: Clock,
    /// Woken when events were made.
    pub(super) wake: Arc<Notify>,
}

/// What a worker remembers between messages.
struct Memory {
    rate: Rate,
    /// Attempts in a row that failed.
    failures: u32,
}

impl Worker {
    /// Runs until it is dropped.
    pub(super) async fn run(self) {
        let mut memory = Memory {
            rate: Rate::default(),
            failures: 0,
        };
        if self.target.per_hour.is_some() {
            let (name, since) = (self.target.name.clone(), self.clock.now().minus(HOUR));
            let sent = blocking(&self.store, move |s| s.reads().outbox_sent(&name, since)).await;
            memory.rate = Rate::of(sent.unwrap_or_default());
        }
        loop {
            match self.step(&mut memory).await {
                Ok(None) => {}
                Ok(Some(wait)) => {
                    // A wake-up that comes early is harmless: the conditions are checked again.
                    let _ = timeout(wait.min(LOOK_INTERVAL), self.wake.notified()).await;
                }
                Err(e) => {
                    tracing::warn!(
                        target = self.target.name,
                        "cannot read or write the notifications: {e}"
                    );
                    sleep(STORE_PAUSE).await;
                }
            }
        }
    }

    /// Sends one message, if one is due. Returns how long to wait before the next one.
    async fn step(&self, memory: &mut Memory) -> Result<Option<Duration>, StoreError> {
        let now = self.clock.now();
        if let Some(end) = self.target.quiet.as_ref().and_then(|quiet| quiet.ends(now)) {
            return Ok(Some(end.since(now)));
        }
        if let Some(wait) = self
            .target
            .per_hour
            .and_then(|most| memory.rate.wait(most, now))
        {
            return Ok(Some(wait));
        }
        let (name, most) = (
            self.target.name.clone(),
            self.target.destination.batch_max(),
        );
        let (due, next) = blocking(&self.store, move |store| {
            let reads = store.reads();
            let due = reads.outbox_due(&name, now, most)?;
            let next = match due.is_empty() {
                true => reads.outbox_next(&name)?,
                false => None,
            };
            Ok((due, next))
        })
        .await?;
        if due.is_empty() {
            return Ok(Some(next.map_or(LOOK_INTERVAL, |next| {
                next.since(now).max(Duration::from_millis(10))
            })));
        }
        let pause = self.send(due, memory).await?;
        if let Some(pause) = pause {
            sleep(pause).await;
        }
        Ok(None)
    }

    /// Sends one batch and notes what became of it. Returns how long the target rests.
    async fn send(
        &self,
        due: Vec<OutboxEvent>,
        memory: &mut Memory,
    ) -> Result<Option<Duration>, StoreError> {
        let ids: Vec<_> = due.iter().map(|event| event.story).collect();
        let stories = blocking(&self.store, move |s| s.reads().outbox_stories(&ids)).await?;
        let (mut notices, mut events, mut settled) = (Vec::new(), Vec::new(), Vec::new());
        for (event, story) in due.into_iter().zip(stories) {
            match story {
                Some(story) => {
                    notices.push(Notice {
                        id: event.id.clone(),
                        kind: event.kind,
                        at: event.created,
                        story,
                    });
                    events.push(event);
                }
                None => settled.push(SettledEvent {
                    row: event.row,
                    outcome: EventOutcome::Failed(
                        "the story was removed before it was sent".to_owned(),
                    ),
                }),
            }
        }
        if self.target.destination == Destination::Feed && !notices.is_empty() {
            return self.publish(&notices, &events, settled).await;
        }
        let attempt = match notices.is_empty() {
            true => None,
            false => Some(self.sender.send(&self.target, notices).await),
        };
        let now = self.clock.now();
        let pause = attempt
            .as_ref()
            .and_then(|attempt| self.note(attempt, memory, now));
        let off = match &attempt {
            Some(Attempt::Off { error }) => Some(error.clone()),
            _ => None,
        };
        settled.extend(events.iter().map(|event| SettledEvent {
            row: event.row,
            outcome: outcome(event, attempt.as_ref(), now),
        }));
        let name = self.target.name.clone();
        blocking(&self.store, move |store| {
            store.settle_events(&name, settled)?;
            match off {
                Some(_) => store.switch_target(&name, off),
                None => Ok(()),
            }
        })
        .await?;
        Ok(pause)
    }

    /// Publishes a digest in the feed of this target.
    async fn publish(
        &self,
        notices: &[Notice],
        events: &[OutboxEvent],
        mut settled: Vec<SettledEvent>,
    ) -> Result<Option<Duration>, StoreError> {
        let Digest { title, text, html } = digest(notices);
        let ids: Vec<&str> = notices.iter().map(|n| n.id.as_str()).collect();
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, ids.join("\n").as_bytes());
        settled.extend(events.iter().map(|event| SettledEvent {
            row: event.row,
            outcome: EventOutcome::Sent,
        }));
        let new = NewDigest {
            id,
            title,
            html,
            text,
        };
        let name = self.target.name.clone();
        blocking(&self.store, move |s| s.publish_digest(&name, new, settled)).await?;
        Ok(None)
    }

    /// Counts an attempt and logs a change for the worse or better. Returns how long the target rests.
    fn note(&self, attempt: &Attempt, memory: &mut Memory, now: Time) -> Option<Duration> {
        let target = self.target.name.as_str();
        match attempt {
            Attempt::Sent => {
                memory.rate.note(now);
                if std::mem::take(&mut memory.failures) > 0 {
                    tracing::info!(target, "notifications are sent again");
                }
                None
            }
            Attempt::Failed { error, retry_after } => {
                memory.failures = memory.failures.saturating_add(1);
                if memory.failures == 1 {
                    tracing::warn!(
                        target,
                        "a notification could not be sent and will be repeated: {error}"
                    );
                }
                let seed = hash(format!("{target}\n{}", now.millis()).as_bytes());
                Some(retry::pause(memory.failures, seed).max(retry_after.unwrap_or_default()))
            }
            Attempt::Off { error } => {
                tracing::warn!(
                    target,
                    "the target is switched off: {error}; `newswire notify test {target}` switches it on if it succeeds"
                );
                None
            }
        }
    }
}

/// What becomes of an event after an attempt.
fn outcome(event: &OutboxEvent, attempt: Option<&Attempt>, now: Time) -> EventOutcome {
    let (error, retry_after) = match attempt {
        None | Some(Attempt::Sent) => return EventOutcome::Sent,
        Some(Attempt::Failed { error, retry_after }) => (error, retry_after.unwrap_or_default()),
        Some(Attempt::Off { error }) => (error, Duration::ZERO),
    };
    let attempts = event.attempts.saturating_add(1);
    match retry::delay(
        attempts,
        hash(format!("{}\n{attempts}", event.id).as_bytes()),
    ) {
        Some(delay) => EventOutcome::Later(now.plus(delay.max(retry_after)), error.clone()),
        None => EventOutcome::Failed(error.clone()),
    }
}
