//! How the server hands requests of WebSub hubs to the rest of the daemon. Knows no HTTP.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::memory::MemoryBudget;
use crate::model::{HubCall, HubReply};

/// The one path on this server below which hubs are answered.
pub const CALLBACK_PATH: &str = "/websub";

/// Answers a hub's request. The text is the last part of the callback URL, which names the subscription.
pub type HubHandler =
    Arc<dyn Fn(String, HubCall) -> Pin<Box<dyn Future<Output = HubReply> + Send>> + Send + Sync>;

/// What the callback route needs.
#[derive(Clone)]
pub struct HubCallback {
    /// Maximum size of a pushed document, in bytes.
    pub body_bytes_max: usize,
    /// The memory that pushes share with everything else that is read from the network (SEC-24).
    pub memory: MemoryBudget,
    /// Answers the requests.
    pub handler: HubHandler,
}
