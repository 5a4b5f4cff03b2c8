//! Sends subscription requests to hubs when they are due: subscribe, renew, unsubscribe. A hub's failure is stored with its
//! subscription and is never an error here.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use crate::fetch::hub::HubRequest;
use crate::ingest::context::Ingest;
use crate::ingest::options::WebSub;
use crate::ingest::panics::caught;
use crate::model::WebUrl;
use crate::store::{HubAsk, StoreError};

/// The requested duration of a subscription.
pub(super) const LEASE: Duration = Duration::from_secs(10 * 86_400);
/// Hubs asked at once.
const CONCURRENCY: usize = 8;

/// Subscription requests are being sent. When this is dropped, they may be sent again.
struct Sending(Arc<Ingest>);

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.hubs_busy.store(false, Ordering::SeqCst);
    }
}

impl Ingest {
    /// Sends the requests that are due in a task of its own, unless such a task is running.
    pub(in crate::ingest) async fn start_hub_requests(
        self: &Arc<Self>,
        cancel: &CancellationToken,
    ) -> Result<(), StoreError> {
        if self.options.websub.is_none() || self.is_offline() {
            return Ok(());
        }
        let now = self.clock.now();
        let is_due = self
            .with_store(move |store| store.reads().are_hubs_due(now))
            .await?;
        if !is_due || self.hubs_busy.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        let (sending, cancel) = (Sending(Arc::clone(self)), cancel.clone());
        tokio::spawn(async move {
            if let Err(e) = caught(sending.0.send_hub_requests(&cancel)).await {
                tracing::warn!("subscription requests were not sent to hubs: {e}");
            }
        });
        Ok(())
    }

    /// Sends the requests that are due and waits for the answers. Does nothing without a callback.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be used.
    pub async fn send_hub_requests(&self, cancel: &CancellationToken) -> Result<(), StoreError> {
        let Some(websub) = &self.options.websub else {
            return Ok(());
        };
        #[cfg(test)]
        crate::faults::at("hubs", websub.callback.host())?;
        let (now, callback) = (self.clock.now(), websub.callback.to_string());
        let asks = self.with_store(move |store| store.hub_asks(callback, now, CONCURRENCY));
        // Concurrently, so that one that does not answer does not delay the others (REL-04).
        let asks = asks.await?.into_iter().map(|ask| async move {
            let sent = AssertUnwindSafe(self.send_hub_request(websub, &ask, cancel))
                .catch_unwind()
                .await
                .unwrap_or_else(|_| Err("newswire itself failed".to_owned()));
            if let Err(why) = &sent {
                tracing::debug!(
                    hub.url = ask.hub,
                    topic = ask.topic,
                    "a request to a hub failed: {why}"
                );
            }
            self.with_store(move |store| store.hub_asked(ask.path, sent.err()))
                .await
        });
        join_all(asks).await.into_iter().collect()
    }

    async fn send_hub_request(
        &self,
        websub: &WebSub,
        ask: &HubAsk,
        cancel: &CancellationToken,
    ) -> Result<(), String> {
        let hub = WebUrl::parse(&ask.hub).map_err(|e| e.to_string())?;
        let request = HubRequest {
            subscribe: ask.subscribe,
            topic: &ask.topic,
            callback: &websub.callback(&ask.path),
            secret: ask.secret.reveal(),
            lease_s: LEASE.as_secs(),
        };
        let sent = self.fetcher.request_hub(&hub, &request, cancel).await;
        sent.map_err(|failure| failure.message)
    }
}
