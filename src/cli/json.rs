//! What `--json` prints.

use std::path::Path;

use serde::{Serialize, Serializer};

use super::exit::{Exit, Failure};
use crate::api;

/// The value as one line of JSON that is safe to print on a terminal, without a line end.
///
/// # Errors
/// Exit 70 if the value cannot be serialized.
pub fn line(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    api::json::line(value)
        .map_err(|e| Failure::new(Exit::Internal, format!("cannot print JSON: {e}")))
}

/// For `#[serde(serialize_with)]`: a path as text. JSON must be UTF-8, file names need not be.
pub fn path<S: Serializer>(path: impl AsRef<Path>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.as_ref().display())
}
