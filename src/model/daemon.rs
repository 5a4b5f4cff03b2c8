//! The running daemon as it describes itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Time;

/// The running daemon as it describes itself in its lock file: the process id on the first line, JSON on the second.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "Daemon", description = "A running daemon.")]
pub struct DaemonInfo {
    /// The process id, in the namespace of its container.
    pub pid: u32,
    /// The time of its start.
    pub since: Option<Time>,
    /// Its version.
    pub version: Option<String>,
    /// The addresses of its HTTP server, in the notation of `server.listen`.
    pub addresses: Vec<String>,
}
