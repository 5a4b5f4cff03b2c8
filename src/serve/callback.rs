//! How the server hands requests of WebSub hubs to the rest of the daemon. Knows no HTTP.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::memory::MemoryBudget;
use crate::model::{HubCall, HubReply};

/// The one path on this server below which hubs are answered.
pub const CALLBACK_PATH: &str = "/websub";

/// Who answers hubs: the end of the callback's URL, and what was said there.
pub type HubHandler =
    Arc<dyn Fn(String, HubCall) -> Pin<Box<dyn Future<Output = HubReply> + Send>> + Send + Sync>;

/// The callback.
#[derive(Clone)]
pub struct HubCallback {
    /// Most bytes of what a hub pushes.
    pub body_bytes_max: usize,
    /// What pushes share with everything else that is read off the network (SEC-24).
    pub memory: MemoryBudget,
    /// Who answers.
    pub handler: HubHandler,
}
