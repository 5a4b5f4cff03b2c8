//! The store in numbers, the daemon and what needs attention: the object of `newswire status --json`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{DaemonInfo, Time};
use crate::store::{Overview, Reads, StoreError, TargetStatus, size_warning};

/// The numbers of the store, the daemon that uses it, and warnings.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "Status")]
pub struct StatusReport {
    /// The numbers.
    #[serde(flatten)]
    pub overview: Overview,
    /// The daemon that uses this store; null if none is running.
    pub daemon: Option<DaemonInfo>,
    /// The targets of notifications.
    pub notify: Vec<TargetStatus>,
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
        let notify = reads.outbox_status()?;
        let bytes = overview.status.db_bytes + overview.status.wal_bytes;
        let mut warnings: Vec<String> = size_warning(bytes, bytes_max).into_iter().collect();
        warnings.extend(notify.iter().filter_map(notify_warning));
        Ok(Self {
            overview,
            daemon,
            notify,
            warnings,
        })
    }
}

/// What is wrong with a target of notifications.
fn notify_warning(target: &TargetStatus) -> Option<String> {
    let name = &target.name;
    match (target.state, &target.reason, &target.last_error) {
        ("off", Some(reason), _) => Some(format!(
            "notifications to {name} are switched off: {reason}; `newswire notify test {name}` switches them on if it succeeds"
        )),
        ("on", _, Some(error)) => Some(format!(
            "notifications to {name} fail: {error}; see `newswire notify log {name}`"
        )),
        _ => None,
    }
}
