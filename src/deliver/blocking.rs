//! Calls of the store, which block, from tasks.

use std::sync::Arc;

use crate::store::{Store, StoreError};

/// Runs `work` on a thread that may block.
pub(super) async fn blocking<T: Send + 'static>(
    store: &Arc<Store>,
    work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let store = Arc::clone(store);
    tokio::task::spawn_blocking(move || work(&store))
        .await
        .map_err(|e| StoreError::Internal(e.to_string()))?
}
