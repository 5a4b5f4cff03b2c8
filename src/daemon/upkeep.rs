//! What has to be done beside polling and serving: retention, noticing what other processes write, and the watchdog.
//! Each of these runs until it is cancelled.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::error::DaemonError;
use crate::clock::Clock;
use crate::model::Seq;
use crate::store::{Reads, Store, StoreError, size_warning};

/// How often the store is looked at for changes: what another process wrote is seen within two seconds (contract.md).
const LOOK: Duration = Duration::from_secs(1);
/// How soon after the start retention runs first, and how often then. A machine that comes up with a wrong clock has it
/// put right by then.
const PRUNE_FIRST: Duration = Duration::from_secs(900);
const PRUNE_EVERY: Duration = Duration::from_secs(3600);
/// How often the size of the store is looked at.
const SIZE_EVERY: Duration = Duration::from_secs(600);
/// How long a clock that was set is not believed where articles would go by it: a year forward by mistake would take all.
const CLOCK_DOUBTED: Duration = Duration::from_secs(86_400);
/// How often topics with relative times (`since:7d`) are told anew.
const TOPICS_EVERY: Duration = Duration::from_secs(300);

/// Tells whoever serves that the store has changed, by whichever process.
pub(super) async fn watch_sequence(
    reads: Reads,
    sequence: watch::Sender<Seq>,
) -> Result<(), DaemonError> {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let reads = reads.clone();
        let seen = tokio::task::spawn_blocking(move || reads.sequence()).await;
        // A store that cannot be read just now is told of by whoever reads it for somebody.
        if let Ok(Ok(seen)) = seen {
            sequence.send_if_modified(|known| std::mem::replace(known, seen) != seen);
        }
    }
}

/// Removes what retention no longer keeps, now and then.
pub(super) async fn prune(
    store: Arc<Store>,
    clock: Clock,
    keep: Option<Duration>,
    keep_max_per_feed: u64,
) -> Result<(), DaemonError> {
    tokio::time::sleep(PRUNE_FIRST).await;
    let mut ticks = interval(PRUNE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if !is_believed(&clock) {
            continue;
        }
        let pruned = blocking(&store, move |s| s.prune(keep, keep_max_per_feed, false)).await;
        match pruned {
            Ok(done) if done.articles > 0 => {
                tracing::info!(
                    articles = done.articles,
                    stories = done.stories,
                    "{} old articles were removed",
                    done.articles
                );
            }
            Ok(_) => {}
            Err(e) => tracing::warn!("old articles were not removed: {e}"),
        }
    }
}

/// SEC-12: warns when the store has grown above `limit` bytes, once until it has been below.
pub(super) async fn watch_size(reads: Reads, limit: u64) -> Result<(), DaemonError> {
    let mut ticks = interval(SIZE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_told = false;
    loop {
        ticks.tick().await;
        let (db, log) = reads.file_bytes();
        let warning = size_warning(db + log, limit);
        if let Some(warning) = warning.as_ref().filter(|_| !is_told) {
            tracing::warn!("{warning}");
        }
        is_told = warning.is_some();
    }
}

/// Whether the clock is right as far as anybody can tell (REL-07).
fn is_believed(clock: &Clock) -> bool {
    clock.set_ago().is_none_or(|ago| ago >= CLOCK_DOUBTED)
}

/// Keeps topics with relative times true as time goes by.
pub(super) async fn refresh_topics(store: Arc<Store>) -> Result<(), DaemonError> {
    let mut ticks = interval(TOPICS_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(e) = blocking(&store, Store::refresh_topics).await {
            tracing::warn!("topics with relative times were not told anew: {e}");
        }
    }
}

/// Takes over what the machine's clock shows, where no scheduler does.
pub(super) async fn follow(clock: Clock) -> Result<(), DaemonError> {
    let mut ticks = interval(LOOK);
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
    fn rel_07_no_article_goes_by_a_clock_that_was_set_less_than_a_day_ago() {
        let noon = Time::from_seconds(1_900_000_000);
        let clock = Clock::manual(noon);
        assert!(is_believed(&clock));
        clock.set(noon.plus(Duration::from_secs(365 * 86_400)));
        clock.follow();
        assert!(!is_believed(&clock));
        clock.advance(Duration::from_secs(86_399));
        assert!(!is_believed(&clock));
        clock.advance(Duration::from_secs(1));
        assert!(is_believed(&clock));
    }
}
