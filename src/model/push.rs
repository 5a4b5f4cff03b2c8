//! What a WebSub hub says to us and what we answer: between the HTTP server, which hears it, and ingest, which knows what
//! it means (W3C WebSub; ET-50).

use crate::memory::Body;

/// A request of a hub to one subscription's callback.
#[derive(Debug, PartialEq, Eq)]
pub enum HubCall {
    /// Did you mean to subscribe, or to unsubscribe? (section 5.3)
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
    /// The hub will not (section 5.2).
    Denied {
        /// `hub.topic`.
        topic: String,
        /// `hub.reason`.
        reason: Option<String>,
    },
    /// News is coming; may it? Asked before its body is read, for that is large and anybody can send one.
    Coming,
    /// News (section 7).
    Content {
        /// `X-Hub-Signature` as written.
        signature: Option<String>,
        /// Content-Type as written.
        content_type: Option<String>,
        /// The body, within the server's limit.
        body: Body,
    },
}

/// What the hub is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HubReply {
    /// 200 with the challenge: yes, that was us.
    Challenge(String),
    /// 202: taken, or ignored. A wrong signature is not told from a right one (section 7.1).
    Taken,
    /// 404: there is no such subscription.
    Unknown,
    /// 410: there is none any more; the hub may forget it.
    Gone,
    /// 503: not now.
    Later,
}
