//! What every statement of the store is written with: the result of a query, values in JSON columns, and errors of values.
//! Knows no table.

use std::time::Duration;

use rusqlite::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The result of a query.
pub(super) type Sql<T> = rusqlite::Result<T>;

#[cfg(test)]
impl From<crate::faults::Injected> for rusqlite::Error {
    fn from(_: crate::faults::Injected) -> Self {
        Self::QueryReturnedNoRows
    }
}

/// A value as the JSON of a column.
pub(super) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// The value of a JSON column. The default if it cannot be read: a damaged value must not hide the rest of its row.
pub(super) fn from_json<T: DeserializeOwned + Default>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_default()
}

/// A span of time as stored, in milliseconds.
pub(super) fn millis(d: Duration) -> i64 {
    i64::try_from(d.as_millis()).unwrap_or(i64::MAX)
}

/// The error for a stored text that is not what its column holds.
pub(super) fn wrong_type(column: usize, what: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(
        column,
        rusqlite::types::Type::Text,
        what.to_owned().into(),
    )
}

pub(super) fn count(r: &Row<'_>, i: usize) -> Sql<u64> {
    Ok(r.get::<_, Option<i64>>(i)?
        .unwrap_or(0)
        .max(0)
        .cast_unsigned())
}
