//! Turns panics into errors, so that a fault on one feed ends neither the process nor other visits (REL-12).

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;

use crate::store::StoreError;

/// Runs `work`; a panic becomes [`StoreError::Internal`].
pub(super) async fn caught<T>(
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(done) => done,
        Err(panic) => Err(of_panic(&*panic)),
    }
}

/// The error for a panic. The panic hook has already logged where it happened.
pub(super) fn of_panic(panic: &(dyn Any + Send)) -> StoreError {
    let message = panic.downcast_ref::<&str>().copied();
    let message = message.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    StoreError::Internal(format!("panic: {}", message.unwrap_or("no message")))
}
