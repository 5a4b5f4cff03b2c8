//! The connections that read: a few read-only ones, kept open between reads. No snapshot is held across two calls, and every
//! query has a deadline. The reads themselves stand beside the statements of what they read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use crate::store::error::StoreError;
use crate::store::file::opening;
use crate::store::sql::Sql;
use crate::store::stop::Stop;

/// Connections kept open between reads.
const IDLE_MAX: usize = 4;

/// Virtual machine steps between two looks at the deadline.
const STEPS: i32 = 100_000;

/// Read-only access, cheap to clone; every call blocks for one query.
#[derive(Clone, Debug)]
pub struct Reads {
    path: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
    stop: Stop,
}

impl Reads {
    /// Opens an existing store for reading only; never creates or migrates.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without a file, [`StoreError::Unusable`] if it is not a store of this version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let conn = opening::reader(path)?;
        Ok(Self {
            path: Arc::new(path.to_owned()),
            idle: Arc::new(Mutex::new(vec![conn])),
            stop: Stop::default(),
        })
    }

    /// Closes the connections that nobody reads from just now.
    pub(in crate::store) fn rest(&self) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// The same; what is read through it gives up when `stop` says so.
    #[must_use]
    pub fn stopping(&self, stop: Stop) -> Self {
        Self {
            stop,
            ..self.clone()
        }
    }

    pub(in crate::store) fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> Sql<T>,
    ) -> Result<T, StoreError> {
        self.read_until(|conn, _| query(conn))
    }

    /// For a query with loops of its own, which look at the stop.
    pub(in crate::store) fn read_until<T>(
        &self,
        query: impl FnOnce(&Connection, &Stop) -> Sql<T>,
    ) -> Result<T, StoreError> {
        let stop = self.stop.of_query();
        let handler = stop.clone();
        self.with(|conn| {
            conn.progress_handler(STEPS, Some(move || handler.is_reached()))
                .and_then(|()| query(conn, &stop))
                .map_err(|e| StoreError::from_sqlite(&self.path, &e))
        })
    }

    pub(in crate::store) fn with<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let spare = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut conn = match spare {
            Some(conn) => conn,
            None => opening::reader(&self.path)?,
        };
        let answer = work(&mut conn);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(conn);
        }
        answer
    }

    /// The database file.
    pub(in crate::store) fn path(&self) -> &Path {
        &self.path
    }
}
