//! Slots for reading documents. A large document needs some hundred megabytes while it is read, so one is read at a time, and
//! apart from the others: hostile ones delay only each other (SEC-05, REL-04).

use std::sync::Arc;

use tokio::sync::{AcquireError, OwnedSemaphorePermit};

use super::context::Ingest;
use crate::store::OnItsWay;

/// A document of more bytes is large.
const LARGE: usize = 1 << 20;

/// Whether a document of this size is large.
pub(super) fn is_large(bytes: usize) -> bool {
    bytes > LARGE
}

/// The right to read a document. Meanwhile the store keeps its transaction open for it.
pub(super) struct ReadingSlot {
    /// An error if the process is stopping; then documents are read without a slot.
    permit: Result<OwnedSemaphorePermit, AcquireError>,
    _coming: OnItsWay,
}

impl ReadingSlot {
    /// Keeps the slot, but the store need not wait any longer.
    pub(super) fn into_permit(self) -> Result<OwnedSemaphorePermit, AcquireError> {
        self.permit
    }
}

impl Ingest {
    /// Waits for a slot.
    pub(super) async fn reading_slot(&self, is_large: bool) -> ReadingSlot {
        let slots = match is_large {
            true => &self.reading_large,
            false => &self.reading,
        };
        ReadingSlot {
            permit: Arc::clone(slots).acquire_owned().await,
            _coming: self.store.is_coming(),
        }
    }
}
