//! Settings of ingest. No I/O.

use std::time::Duration;

use crate::model::WebUrl;
use crate::schedule::Policy;

/// Settings of [`Ingest`](super::Ingest).
#[derive(Debug, Clone)]
pub struct IngestOptions {
    /// When feeds are polled. Ingest itself sets the cost of a poll in it.
    pub policy: Policy,
    /// Minimum time between two polls of a feed that a user asked for.
    pub manual_interval: Duration,
    /// `None`: WebSub is not used.
    pub websub: Option<WebSub>,
}

/// Settings of the WebSub subscriber.
#[derive(Debug, Clone)]
pub struct WebSub {
    /// The public URL at which hubs reach us, without the path of the subscription.
    pub callback: WebUrl,
}

impl WebSub {
    /// The callback URL of the subscription with this path.
    pub(super) fn callback(&self, path: &str) -> String {
        format!("{}/{path}", self.callback.as_str().trim_end_matches('/'))
    }
}
