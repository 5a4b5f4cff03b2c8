//! Notifies our WebSub hub (`websub.hub`) of changed merged feeds, so that it sends them to their subscribers. Changes within a few
//! seconds are one notification; a failed one is repeated.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::error::DaemonError;
use crate::emit::Format;
use crate::fetch::Fetcher;
use crate::merged::{BaseUrl, List};
use crate::model::{Seq, WebUrl};
use crate::store::Reads;

/// Changes within this time are notified together.
const COLLECT_TIME: Duration = Duration::from_secs(2);

/// Pause after a failed notification.
const RETRY_PAUSE: Duration = Duration::from_secs(60);

/// Maximum number of URLs in one request.
const URLS_MAX: usize = 60;

/// Notifies the hub.
pub(super) struct HubNotifier {
    pub(super) hub: WebUrl,
    pub(super) base: BaseUrl,
    pub(super) fetcher: Fetcher,
    pub(super) reads: Reads,
}

impl HubNotifier {
    /// Notifies the hub of every change from now on.
    pub(super) async fn run(self, sequence: watch::Receiver<Seq>) -> Result<(), DaemonError> {
        let host = self.hub.host().to_owned();
        notify_changes(sequence, host, |since| self.notify(since)).await;
        std::future::pending().await // the daemon ends
    }

    async fn notify(&self, since: Seq) -> Result<(), String> {
        let reads = self.reads.clone();
        let names = tokio::task::spawn_blocking(move || reads.topics_changed(since));
        let names = names
            .await
            .map_err(|e| e.to_string())?
            .map_err(|e| e.to_string())?;
        let Some(names) = names else { return Ok(()) };
        let lists = names.into_iter().map(List::Topic);
        let urls: Vec<String> = std::iter::once(List::All)
            .chain(lists)
            .flat_map(|list| Format::ALL.map(|format| self.base.at(&list.file(format))))
            .collect();
        let cancel = CancellationToken::new();
        for urls in urls.chunks(URLS_MAX) {
            let sent = self.fetcher.notify_hub(&self.hub, urls, &cancel);
            sent.await.map_err(|failure| failure.message)?;
        }
        tracing::debug!(
            host = self.hub.host(),
            feeds = urls.len(),
            "the hub was notified of changes"
        );
        Ok(())
    }
}

/// Decides when the hub is notified. `notify` gets the sequence up to which the hub knows all changes. Ends when the sender is
/// dropped.
async fn notify_changes<F: Future<Output = Result<(), String>>>(
    mut sequence: watch::Receiver<Seq>,
    host: String,
    notify: impl Fn(Seq) -> F,
) {
    let mut known = *sequence.borrow_and_update();
    let mut is_healthy = true;
    while sequence.changed().await.is_ok() {
        tokio::time::sleep(COLLECT_TIME).await;
        let now = *sequence.borrow_and_update();
        // A panic is a failure like any other and is retried (REL-12).
        let result = AssertUnwindSafe(async { notify(known).await }).catch_unwind();
        let result = result.await;
        match result.unwrap_or_else(|_| Err("internal error".to_owned())) {
            Ok(()) => {
                known = now;
                is_healthy = true;
            }
            Err(reason) => {
                if std::mem::take(&mut is_healthy) {
                    tracing::warn!(host, "the hub could not be notified of changes: {reason}");
                }
                tokio::time::sleep(RETRY_PAUSE).await;
                sequence.mark_changed();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::VecDeque;

    use tokio::time::Instant;

    use super::*;

    /// The notifications of a hub that gives these answers, with the seconds after the start; the answer `panic` panics. `script`
    /// changes the sequence.
    async fn notified(
        answers: &[Result<(), &str>],
        script: impl AsyncFnOnce(&watch::Sender<Seq>),
    ) -> Vec<(u64, i64)> {
        let (sequence, changes) = watch::channel(Seq::new(7));
        let (log, start) = (RefCell::new(Vec::new()), Instant::now());
        let answers = RefCell::new(VecDeque::from(answers.to_vec()));
        let hub = |since: Seq| {
            log.borrow_mut()
                .push((start.elapsed().as_secs(), since.get()));
            let answer = answers.borrow_mut().pop_front().unwrap();
            assert_ne!(answer, Err("panic"));
            std::future::ready(answer.map_err(str::to_owned))
        };
        let changing = async {
            script(&sequence).await;
            drop(sequence);
        };
        tokio::join!(
            notify_changes(changes, "hub.example".to_owned(), hub),
            changing
        );
        log.into_inner()
    }

    async fn wait(seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn changes_within_two_seconds_are_one_notification() {
        let notified = notified(&[Ok(()), Ok(())], async |sequence| {
            wait(10).await;
            sequence.send_replace(Seq::new(8));
            wait(1).await;
            sequence.send_replace(Seq::new(9));
            wait(100).await;
            sequence.send_replace(Seq::new(10));
            wait(100).await;
        });
        assert_eq!(notified.await, [(12, 7), (113, 9)]);
    }

    #[tokio::test(start_paused = true)]
    async fn rel_12_a_failing_hub_is_notified_again_after_a_minute_of_every_change() {
        let answers = [Err("503"), Err("panic"), Ok(()), Ok(())];
        let notified = notified(&answers, async |sequence| {
            sequence.send_replace(Seq::new(8));
            wait(20).await;
            sequence.send_replace(Seq::new(9)); // during the pause, which stays the same
            wait(300).await;
            sequence.send_replace(Seq::new(10));
            wait(100).await;
        });
        // Each includes all changes since the last successful one, and a successful one is not repeated.
        assert_eq!(notified.await, [(2, 7), (64, 7), (126, 7), (322, 9)]);
    }
}
