//! Tells our own WebSub hub (`websub.hub`) which merged feeds have changed, so that it fetches them and tells their
//! subscribers. Once for what changes within a few seconds, and again for what a hub could not be told.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::error::DaemonError;
use crate::emit::Format;
use crate::fetch::Fetcher;
use crate::merged::BaseUrl;
use crate::merged::List;
use crate::model::{Seq, WebUrl};
use crate::store::Reads;

/// What changes within this time is told at once.
const QUIET: Duration = Duration::from_secs(2);

/// How long a hub that could not be told is left alone.
const PAUSE: Duration = Duration::from_secs(60);

/// Addresses in one request.
const URLS_MAX: usize = 60;

/// The hub, and who it hears from.
pub(super) struct Publisher {
    pub(super) hub: WebUrl,
    pub(super) base: BaseUrl,
    pub(super) fetcher: Fetcher,
    pub(super) reads: Reads,
}

impl Publisher {
    /// Tells the hub of every change from now on.
    pub(super) async fn run(self, sequence: watch::Receiver<Seq>) -> Result<(), DaemonError> {
        let host = self.hub.host().to_owned();
        tell_each(sequence, host, |told| self.tell(told)).await;
        std::future::pending().await // the daemon ends
    }

    async fn tell(&self, told: Seq) -> Result<(), String> {
        let reads = self.reads.clone();
        let names = tokio::task::spawn_blocking(move || reads.topics_changed(told));
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
        for some in urls.chunks(URLS_MAX) {
            let told = self.fetcher.tell_hub(&self.hub, some, &cancel);
            told.await.map_err(|failure| failure.message)?;
        }
        tracing::debug!(
            host = self.hub.host(),
            feeds = urls.len(),
            "the hub was told of changes"
        );
        Ok(())
    }
}

/// When the hub is told: `tell` gets the sequence up to which it knows of everything. Ends with the sender.
async fn tell_each<F: Future<Output = Result<(), String>>>(
    mut sequence: watch::Receiver<Seq>,
    host: String,
    tell: impl Fn(Seq) -> F,
) {
    let mut told = *sequence.borrow_and_update();
    let mut is_well = true;
    while sequence.changed().await.is_ok() {
        tokio::time::sleep(QUIET).await;
        let now = *sequence.borrow_and_update();
        // A panic is a failure like any other: it is tried again (REL-12).
        let tried = AssertUnwindSafe(async { tell(told).await }).catch_unwind();
        let tried = tried.await;
        match tried.unwrap_or_else(|_| Err("newswire itself failed".to_owned())) {
            Ok(()) => {
                told = now;
                is_well = true;
            }
            Err(why) => {
                if std::mem::take(&mut is_well) {
                    tracing::warn!(host, "the hub could not be told of changes: {why}");
                }
                tokio::time::sleep(PAUSE).await;
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

    /// What a hub that gives these answers is told, with the seconds after the start; at `panic` the code panics. `script`
    /// moves the sequence.
    async fn told(
        answers: &[Result<(), &str>],
        script: impl AsyncFnOnce(&watch::Sender<Seq>),
    ) -> Vec<(u64, Seq)> {
        let (sequence, changes) = watch::channel(7);
        let (log, start) = (RefCell::new(Vec::new()), Instant::now());
        let answers = RefCell::new(VecDeque::from(answers.to_vec()));
        let hub = |told| {
            log.borrow_mut().push((start.elapsed().as_secs(), told));
            let answer = answers.borrow_mut().pop_front().unwrap();
            assert_ne!(answer, Err("panic"));
            std::future::ready(answer.map_err(str::to_owned))
        };
        let moves = async {
            script(&sequence).await;
            drop(sequence);
        };
        tokio::join!(tell_each(changes, "hub.example".to_owned(), hub), moves);
        log.into_inner()
    }

    async fn wait(seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_changes_within_two_seconds_is_told_at_once() {
        let told = told(&[Ok(()), Ok(())], async |sequence| {
            wait(10).await;
            sequence.send_replace(8);
            wait(1).await;
            sequence.send_replace(9);
            wait(100).await;
            sequence.send_replace(10);
            wait(100).await;
        });
        assert_eq!(told.await, [(12, 7), (113, 9)]);
    }

    #[tokio::test(start_paused = true)]
    async fn rel_12_a_failing_hub_is_notified_again_after_a_minute_of_every_change() {
        let answers = [Err("503"), Err("panic"), Ok(()), Ok(())];
        let told = told(&answers, async |sequence| {
            sequence.send_replace(8);
            wait(20).await;
            sequence.send_replace(9); // meanwhile: no reason to come earlier
            wait(300).await;
            sequence.send_replace(10);
            wait(100).await;
        });
        // Each time of all since the last that it heard, and only once more when it did.
        assert_eq!(told.await, [(2, 7), (64, 7), (126, 7), (322, 9)]);
    }
}
