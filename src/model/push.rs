//! Requests of a WebSub hub and their answers: the HTTP server receives them, and ingest handles them (W3C WebSub; ET-50).

use crate::memory::Body;

/// A request of a hub to one subscription's callback.
#[derive(Debug, PartialEq, Eq)]
pub enum HubCall {
    /// Verification of intent to subscribe or unsubscribe (section 5.3).
    Verify {
        /// `hub.mode` was `subscribe`, not `unsubscribe`.
        subscribe: bool,
        /// `hub.topic`.
        topic: String,
        /// `hub.challenge`, to be echoed.
        challenge: String,
        /// `hub.lease_seconds`.
        lease_s: Option<u64>,
    },
    /// The hub denies the subscription (section 5.2).
    Denied {
        /// `hub.topic`.
        topic: String,
        /// `hub.reason`.
        reason: Option<String>,
    },
    /// Whether a delivery is accepted. Asked before its body is read, because it may be large and anyone can send one.
    Coming,
    /// A delivery of content (section 7).
    Content {
        /// `X-Hub-Signature` as written.
        signature: Option<String>,
        /// Content-Type as written.
        content_type: Option<String>,
        /// The body, within the server's limit.
        body: Body,
    },
}

/// The answer to the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HubReply {
    /// 200 with the challenge: confirmed.
    Challenge(String),
    /// 202: accepted or ignored; the answer does not reveal whether the signature was right (section 7.1).
    Taken,
    /// 404: there is no such subscription.
    Unknown,
    /// 410: the subscription has ended; the hub may drop it.
    Gone,
    /// 503: try again later.
    Later,
}
