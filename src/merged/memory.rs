//! The memory that the stories of a page may take. The server gives a reservation of its budget (SEC-24); a command that
//! answers one user and ends needs no limit.

use super::error::MergedError;

/// A reservation of memory that grows as stories are read.
pub trait PageMemory {
    /// Reserves `bytes` more.
    ///
    /// # Errors
    /// [`MergedError::NoMemory`] if they are not available now.
    fn grow(&mut self, bytes: usize) -> Result<(), MergedError>;
}

/// No limit.
#[derive(Debug, Clone, Copy)]
pub struct Unlimited;

impl PageMemory for Unlimited {
    fn grow(&mut self, _bytes: usize) -> Result<(), MergedError> {
        Ok(())
    }
}
