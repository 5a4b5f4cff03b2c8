//! Articles: each copy as one feed printed it.

pub(super) mod writing;
