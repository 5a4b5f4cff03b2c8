//! The task of one target: waits until something is due and may be sent, sends it, and notes what became of it. It holds one
//! message at a time, and notes up to fifty together.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use super::attempt::Attempt;
use super::blocking::blocking;
use super::sender::Sender;
use super::target::{Destination, Target};
use crate::clock::Clock;
use crate::model::{StoryView, Time};
use crate::notify::digest::{Digest, digest};
use crate::notify::rate::Rate;
use crate::notify::{Notice, retry};
use crate::store::{EventOutcome, NewDigest, OutboxEvent, SettledEvent, Store, StoreError};
use crate::text::hash::hash;

/// Longest wait without a look at the clock, which may have been set, and at the store.
const LOOK_INTERVAL: Duration = Duration::from_secs(30);

/// Events that are read at once. What became of them is written together, at the latest after [`NOTE_INTERVAL`]: a kill before
/// repeats at most so many.
const DUE_MAX: usize = 50;
const NOTE_INTERVAL: Duration = Duration::from_secs(1);

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
    /// What became of events, until the store has it. Nothing more is sent before: on a full disk it would be sent again and again.
    unsettled: Option<(Vec<SettledEvent>, Rest)>,
}

impl Worker {
    /// Runs until it is dropped.
    pub(super) async fn run(self) {
        let mut memory = Memory {
            rate: Rate::default(),
            failures: 0,
            unsettled: None,
        };
        if self.target.per_hour.is_some() {
            let (name, since) = (self.target.name.clone(), self.clock.now().minus(HOUR));
            let is_batch = self.target.destination.batch_max() > 1;
            let sent = blocking(&self.store, move |s| {
                s.reads().outbox_sent((&name, is_batch), since)
            })
            .await;
            memory.rate = Rate::of(sent.unwrap_or_default());
        }
        let mut is_failing = false;
        loop {
            let step = self.step(&mut memory).await;
            let was_failing = std::mem::replace(&mut is_failing, step.is_err());
            match step {
                Ok(None) => {}
                Ok(Some(wait)) => {
                    // A wake-up that comes early is harmless: the conditions are checked again.
                    let _ = timeout(wait.min(LOOK_INTERVAL), self.wake.notified()).await;
                }
                Err(e) => {
                    if !was_failing {
                        let target = self.target.name.as_str();
                        tracing::warn!(target, "notifications wait for the store: {e}");
                    }
                    sleep(STORE_PAUSE).await;
                }
            }
        }
    }

    /// Sends what is due, if it may be sent now, and notes what became of it. Returns how long to wait before the next step.
    async fn step(&self, memory: &mut Memory) -> Result<Option<Duration>, StoreError> {
        if memory.unsettled.is_some() {
            return self.settle(memory).await;
        }
        let now = self.clock.now();
        if let Some(wait) = self.wait(memory, now) {
            return Ok(Some(wait));
        }
        let batch = self.target.destination.batch_max();
        let (name, most) = (self.target.name.clone(), batch.max(DUE_MAX));
        let (due, stories, next) = blocking(&self.store, move |store| {
            let reads = store.reads();
            let due = reads.outbox_due(&name, now, most)?;
            let ids: Vec<_> = due.iter().map(|event| event.story).collect();
            let next = match due.is_empty() {
                true => reads.outbox_next(&name)?,
                false => None,
            };
            Ok((due, reads.outbox_stories(&ids)?, next))
        })
        .await?;
        if due.is_empty() {
            return Ok(Some(next.map_or(LOOK_INTERVAL, |next| {
                next.since(now).max(Duration::from_millis(10))
            })));
        }
        let mut settled = Vec::new();
        let mut present = Vec::new();
        for (event, story) in due.into_iter().zip(stories) {
            match story {
                Some(story) => present.push((event, story)),
                None => settled.push(SettledEvent {
                    row: event.row,
                    outcome: EventOutcome::Removed,
                }),
            }
        }
        if self.target.destination == Destination::Feed && !present.is_empty() {
            self.publish(&present, settled).await?;
            memory.rate.note(now);
            return Ok(None);
        }
        let (begun, mut rest) = (Instant::now(), None);
        for batch in present.chunks(batch.max(1)) {
            let is_first = batch.as_ptr() == present.as_ptr();
            let is_late = begun.elapsed() > NOTE_INTERVAL;
            if !is_first && (is_late || self.wait(memory, self.clock.now()).is_some()) {
                break;
            }
            let notices = batch.iter().map(notice).collect();
            let attempt = self.sender.send(&self.target, notices).await;
            let now = self.clock.now();
            settled.extend(batch.iter().map(|(event, _)| SettledEvent {
                row: event.row,
                outcome: outcome(event, &attempt, now),
            }));
            rest = self.note(&attempt, memory, now);
            if attempt != Attempt::Sent {
                rest.get_or_insert(Rest::default());
                break;
            }
        }
        memory.unsettled = Some((settled, rest.unwrap_or_default()));
        self.settle(memory).await
    }

    /// How long the quiet hours or the messages per hour delay the next message; `None`: not at all.
    fn wait(&self, memory: &mut Memory, now: Time) -> Option<Duration> {
        let quiet = self.target.quiet.as_ref().and_then(|quiet| quiet.ends(now));
        let rate = || memory.rate.wait(self.target.per_hour?, now);
        quiet.map(|end| end.since(now)).or_else(rate)
    }

    /// Writes what became of events; then the target rests, if it has to.
    async fn settle(&self, memory: &mut Memory) -> Result<Option<Duration>, StoreError> {
        let Some((settled, Rest { pause, off })) = memory.unsettled.clone() else {
            return Ok(None);
        };
        let name = self.target.name.clone();
        blocking(&self.store, move |store| {
            store.settle_events(&name, settled)?;
            match off {
                Some(_) => store.switch_target(&name, off),
                None => Ok(()),
            }
        })
        .await?;
        memory.unsettled = None;
        if let Some(pause) = pause {
            sleep(pause).await;
        }
        Ok(None)
    }

    /// Publishes a digest in the feed of this target.
    async fn publish(
        &self,
        present: &[(OutboxEvent, StoryView)],
        mut settled: Vec<SettledEvent>,
    ) -> Result<(), StoreError> {
        let notices: Vec<Notice> = present.iter().map(notice).collect();
        let Digest { title, text, html } = digest(&notices);
        let ids: Vec<&str> = notices.iter().map(|n| n.id.as_str()).collect();
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, ids.join("\n").as_bytes());
        settled.extend(present.iter().map(|(event, _)| SettledEvent {
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
        blocking(&self.store, move |s| s.publish_digest(&name, new, settled)).await
    }

    /// Counts an attempt and logs a change for the worse or better. Returns how the target rests.
    fn note(&self, attempt: &Attempt, memory: &mut Memory, now: Time) -> Option<Rest> {
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
                let pause =
                    retry::pause(memory.failures, seed).max(retry_after.unwrap_or_default());
                Some(Rest {
                    pause: Some(pause),
                    off: None,
                })
            }
            Attempt::Off { error } => {
                tracing::warn!(
                    target,
                    "the target is switched off: {error}; `newswire notify test {target}` switches it on if it succeeds"
                );
                Some(Rest {
                    pause: None,
                    off: Some(error.clone()),
                })
            }
        }
    }
}

/// What a target does after an attempt that failed.
#[derive(Debug, Clone, Default)]
struct Rest {
    /// How long it rests.
    pause: Option<Duration>,
    /// Why it is switched off.
    off: Option<String>,
}

/// The event with its story.
fn notice((event, story): &(OutboxEvent, StoryView)) -> Notice {
    Notice {
        id: event.id.clone(),
        kind: event.kind,
        at: event.created,
        story: story.clone(),
    }
}

/// What becomes of an event after an attempt.
fn outcome(event: &OutboxEvent, attempt: &Attempt, now: Time) -> EventOutcome {
    let (error, retry_after) = match attempt {
        Attempt::Sent => return EventOutcome::Sent,
        Attempt::Failed { error, retry_after } => (error, retry_after.unwrap_or_default()),
        Attempt::Off { error } => (error, Duration::ZERO),
    };
    let attempts = event.attempts.saturating_add(1);
    let seed = hash(format!("{}\n{attempts}", event.id).as_bytes());
    match retry::delay(attempts, seed) {
        Some(delay) => EventOutcome::Later(now.plus(delay.max(retry_after)), error.clone()),
        None => EventOutcome::Failed(error.clone()),
    }
}
