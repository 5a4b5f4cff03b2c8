//! Tells our own WebSub hub (`websub.hub`) which merged feeds have changed, so that it fetches them and tells their
//! subscribers. Once for what changes within a few seconds, and again for what a hub could not be told.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::DaemonError;
use crate::emit::Format;
use crate::fetch::Fetcher;
use crate::model::{Seq, WebUrl};
use crate::serve::links::Base;
use crate::serve::list::List;
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
    pub(super) base: Base,
    pub(super) fetcher: Fetcher,
    pub(super) reads: Reads,
}

impl Publisher {
    /// Tells the hub of every change from now on.
    pub(super) async fn run(self, mut sequence: watch::Receiver<Seq>) -> Result<(), DaemonError> {
        let mut told = *sequence.borrow_and_update();
        let mut is_well = true;
        loop {
            if sequence.changed().await.is_err() {
                return std::future::pending().await; // the daemon ends
            }
            tokio::time::sleep(QUIET).await;
            let now = *sequence.borrow_and_update();
            match self.tell(told).await {
                Ok(()) => {
                    told = now;
                    is_well = true;
                }
                Err(why) => {
                    if std::mem::take(&mut is_well) {
                        tracing::warn!(
                            host = self.hub.host(),
                            "the hub could not be told of changes: {why}"
                        );
                    }
                    tokio::time::sleep(PAUSE).await;
                    sequence.mark_changed();
                }
            }
        }
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
