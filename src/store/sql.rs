//! What every statement of the store is written with: the result of a query, values as columns hold them, and errors of
//! values.
//! Knows no table.

use std::time::Duration;

use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Row, ToSql};
use serde::Serialize;

use crate::model::{ArticleRow, FeedRow, Seq, StoryRow};

/// The result of a query.
pub(super) type Sql<T> = rusqlite::Result<T>;

#[cfg(test)]
impl From<crate::faults::Injected> for rusqlite::Error {
    fn from(_: crate::faults::Injected) -> Self {
        Self::QueryReturnedNoRows
    }
}

/// A list of columns: what SQL selects, and under which name each is read. A column is added in one place.
///
/// `columns!(LIST, Column { Id = "a.id", Title = "a.title" })` makes the text `LIST` and the enum `Column`, whose
/// `get(row)` reads a value by position.
macro_rules! columns {
    ($list:ident, $column:ident { $first:ident = $first_sql:literal $(, $name:ident = $sql:literal)* $(,)? }) => {
        pub(in crate::store) const $list: &str = concat!($first_sql $(, ", ", $sql)*);

        #[derive(Debug, Clone, Copy)]
        pub(in crate::store) enum $column {
            $first,
            $($name,)*
        }

        impl $column {
            pub(in crate::store) fn get<T: rusqlite::types::FromSql>(
                self,
                row: &rusqlite::Row<'_>,
            ) -> $crate::store::sql::Sql<T> {
                row.get(self as usize)
            }

            /// A moment that may be missing.
            pub(in crate::store) fn time(
                self,
                row: &rusqlite::Row<'_>,
            ) -> $crate::store::sql::Sql<Option<$crate::model::Time>> {
                Ok(self.get::<Option<i64>>(row)?.map($crate::model::Time::from_millis))
            }
        }
    };
}
pub(super) use columns;

/// Numbers of the store as values of columns and parameters.
macro_rules! stored_number {
    ($($name:ident),*) => {$(
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                i64::column_result(value).map(Self::new)
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> Sql<ToSqlOutput<'_>> {
                Ok(self.get().into())
            }
        }
    )*};
}
stored_number!(FeedRow, StoryRow, ArticleRow, Seq);

/// A value as the JSON of a column.
pub(super) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
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
