//! Background work besides polling and serving: retention, topics with relative times, changes by other processes, the size of the
//! store, and the clock. Each function runs until it is cancelled.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::error::DaemonError;
use crate::clock::Clock;
use crate::model::Seq;
use crate::store::{Reads, Store, StoreError, size_warning};

/// Interval at which changes of the store and of the clock are noticed: a change by another process within two seconds.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);
/// Time from the start to the first run of retention, and interval afterwards. A clock that is wrong at boot is usually corrected
/// before the first run.
const PRUNE_DELAY: Duration = Duration::from_secs(900);
const PRUNE_INTERVAL: Duration = Duration::from_secs(3600);
/// Interval at which the size of the store is checked.
const SIZE_INTERVAL: Duration = Duration::from_secs(600);
/// For this long after the clock was set, retention does not run: a clock set forward by mistake would remove everything.
const CLOCK_TRUST_DELAY: Duration = Duration::from_secs(86_400);
/// Interval at which topics with relative times (`since:7d`) are re-evaluated.
const TOPICS_INTERVAL: Duration = Duration::from_secs(300);

/// Publishes the sequence of the store when any process has changed it.
pub(super) async fn watch_sequence(
    reads: Reads,
    sequence: watch::Sender<Seq>,
) -> Result<(), DaemonError> {
    let mut ticks = interval(WATCH_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let reads = reads.clone();
        let seen = tokio::task::spawn_blocking(move || reads.sequence()).await;
        // If the store cannot be read, the requests that need it report the error.
        if let Ok(Ok(seen)) = seen {
            sequence.send_if_modified(|known| std::mem::replace(known, seen) != seen);
        }
    }
}

/// Removes the articles that retention does not keep.
pub(super) async fn prune(
    store: Arc<Store>,
    clock: Clock,
    keep: Option<Duration>,
    keep_max_per_feed: u64,
) -> Result<(), DaemonError> {
    tokio::time::sleep(PRUNE_DELAY).await;
    let mut ticks = interval(PRUNE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if !is_trusted(&clock) {
            continue;
        }
        let pruned = blocking(&store, move |s| s.prune(keep, keep_max_per_feed, false)).await;
        match pruned {
            Ok(done) if done.articles > 0 => {
                tracing::info!(
                    articles = done.articles,
                    stories = done.stories,
                    "{} old articles removed",
                    done.articles
                );
            }
            Ok(_) => {}
            Err(e) => tracing::warn!("cannot remove old articles: {e}"),
        }
    }
}

/// SEC-12: warns once when the store grows above `limit` bytes, and again after it was smaller.
pub(super) async fn watch_size(reads: Reads, limit: u64) -> Result<(), DaemonError> {
    let mut ticks = interval(SIZE_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_reported = false;
    loop {
        ticks.tick().await;
        let (db, wal) = reads.file_bytes();
        let warning = size_warning(db + wal, limit);
        if let Some(warning) = warning.as_ref().filter(|_| !is_reported) {
            tracing::warn!("{warning}");
        }
        is_reported = warning.is_some();
    }
}

/// Whether the clock was not set recently (REL-07).
fn is_trusted(clock: &Clock) -> bool {
    clock.set_ago().is_none_or(|ago| ago >= CLOCK_TRUST_DELAY)
}

/// Re-evaluates topics with relative times.
pub(super) async fn refresh_topics(store: Arc<Store>) -> Result<(), DaemonError> {
    let mut ticks = interval(TOPICS_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(e) = blocking(&store, Store::refresh_topics).await {
            tracing::warn!("cannot re-evaluate topics with relative times: {e}");
        }
    }
}

/// Follows the clock of the machine, if no scheduler does.
pub(super) async fn follow_clock(clock: Clock) -> Result<(), DaemonError> {
    let mut ticks = interval(WATCH_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        clock.follow();
    }
}

/// Runs `work` on a thread that may block.
pub(super) async fn blocking<T: Send + 'static>(
    store: &Arc<Store>,
    work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let store = Arc::clone(store);
    tokio::task::spawn_blocking(move || work(&store))
        .await
        .map_err(|e| StoreError::Internal(e.to_string()))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    #[test]
    fn rel_07_no_article_is_removed_within_a_day_after_the_clock_was_set() {
        let noon = Time::from_seconds(1_900_000_000);
        let clock = Clock::manual(noon);
        assert!(is_trusted(&clock));
        clock.set(noon.plus(Duration::from_secs(365 * 86_400)));
        clock.follow();
        assert!(!is_trusted(&clock));
        clock.advance(Duration::from_secs(86_399));
        assert!(!is_trusted(&clock));
        clock.advance(Duration::from_secs(1));
        assert!(is_trusted(&clock));
    }
}
