//! Columns that hold JSON, and other values that only Rust can read. A value that cannot be read is never lost in silence:
//! where it decides what is sent to a publisher it is an error, and where it is shown it is reported in the log, so that
//! one damaged value does not hide a whole page. `newswire verify` counts all of them.

use std::fmt::Display;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::{Connection, Row, types};
use serde::de::DeserializeOwned;

use crate::store::sql::Sql;

/// A column whose unreadable values are reported: in the log once for each column and process, because every page of a list
/// may read the same row again.
pub(super) struct StoredValue {
    table: &'static str,
    column: &'static str,
    is_reported: AtomicBool,
}

impl StoredValue {
    pub(super) const fn new(table: &'static str, column: &'static str) -> Self {
        Self {
            table,
            column,
            is_reported: AtomicBool::new(false),
        }
    }

    /// The value, or its default if it could not be read.
    pub(super) fn or_default<T: Default>(&self, read: Result<T, impl Display>) -> T {
        read.unwrap_or_else(|e| {
            if !self.is_reported.swap(true, Ordering::Relaxed) {
                tracing::error!(
                    "a value of {}.{} in the store cannot be read and counts as empty ({e}); \
                     `newswire verify` finds all such values",
                    self.table,
                    self.column
                );
            }
            T::default()
        })
    }

    /// What `newswire verify` says of the values that `is_readable` rejects; `None` if there are none.
    pub(super) fn verify(
        &self,
        conn: &Connection,
        mut is_readable: impl FnMut(types::ValueRef<'_>) -> bool,
    ) -> Sql<Option<String>> {
        let (table, column) = (self.table, self.column);
        let mut values = conn.prepare(&format!(
            "SELECT {column} FROM {table} WHERE {column} IS NOT NULL"
        ))?;
        let mut values = values.query([])?;
        let mut unreadable = 0_u64;
        while let Some(r) = values.next()? {
            unreadable += u64::from(!is_readable(r.get_ref(0)?));
        }
        Ok(
            (unreadable > 0)
                .then(|| format!("unreadable values in {table}.{column}: {unreadable}")),
        )
    }
}

/// A column of JSON that is read as `T`. Each struct in it has `#[serde(default)]`: a field that an older version did not
/// store must not make the others unreadable.
pub(super) struct JsonColumn<T> {
    stored: StoredValue,
    value: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned + Default> JsonColumn<T> {
    pub(super) const fn new(table: &'static str, column: &'static str) -> Self {
        Self {
            stored: StoredValue::new(table, column),
            value: PhantomData,
        }
    }

    /// A value that is shown. An unreadable one is reported, and empty.
    pub(super) fn shown(&self, text: &str) -> T {
        self.stored.or_default(serde_json::from_str(text))
    }

    /// A value that must be known, from a row that has the column under its own name.
    ///
    /// # Errors
    /// An unreadable value, by the name of its column.
    pub(super) fn required(&self, r: &Row<'_>) -> Sql<T> {
        let at = r.as_ref().column_index(self.stored.column)?;
        serde_json::from_str(r.get_ref(at)?.as_str()?).map_err(|e| {
            let column = self.stored.column;
            let error = format!("{column} is not the JSON that was stored: {e}").into();
            rusqlite::Error::FromSqlConversionFailure(at, types::Type::Text, error)
        })
    }

    /// See [`StoredValue::verify`].
    pub(super) fn verify(&self, conn: &Connection) -> Sql<Option<String>> {
        self.stored.verify(conn, |value| {
            let text = value.as_str();
            text.is_ok_and(|text| serde_json::from_str::<T>(text).is_ok())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_unreadable_value_is_logged_once_and_read_as_empty() {
        let column: JsonColumn<Vec<String>> = JsonColumn::new("feeds", "tags");
        let log = Log::default();
        let writer = Log(Arc::clone(&log.0));
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone());
        tracing::subscriber::with_default(subscriber.finish(), || {
            assert_eq!(column.shown(r#"["a"]"#), ["a"]);
            for _ in 0..3 {
                assert!(column.shown("[\"a\"").is_empty());
            }
        });
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.matches("feeds.tags").count(), 1, "{log}");
    }
}
