//! The store in numbers, the daemon and what needs attention: the object of `newswire status --json`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{DaemonInfo, Time};
use crate::store::{Overview, Reads, StoreError, size_warning};

/// The numbers of the store, the daemon that uses it, and warnings.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Status")]
pub struct StatusReport {
    /// The numbers.
    #[serde(flatten)]
    pub overview: Overview,
    /// The daemon that uses this store; null if none is running.
    pub daemon: Option<DaemonInfo>,
    /// Conditions that need attention, one line each.
    pub warnings: Vec<String>,
}

impl StatusReport {
    /// Reads the numbers. `bytes_max` is the size of the store above which there is a warning; 0: never.
    ///
    /// # Errors
    /// The store's error.
    pub fn load(
        reads: &Reads,
        now: Time,
        daemon: Option<DaemonInfo>,
        bytes_max: u64,
    ) -> Result<Self, StoreError> {
        let overview = reads.overview(now)?;
        let bytes = overview.status.db_bytes + overview.status.wal_bytes;
        Ok(Self {
            overview,
            daemon,
            warnings: size_warning(bytes, bytes_max).into_iter().collect(),
        })
    }
}
