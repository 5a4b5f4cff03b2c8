//! Values of the store as a whole, by name: when it was made, which installation it is, and what processes keep for each other.

use rusqlite::{Connection, OptionalExtension};

use crate::model::{Network, Time};
use crate::store::connections::Reads;
use crate::store::error::StoreError;
use crate::store::handle::Store;
use crate::store::sql::Sql;
use crate::store::writer::command::{WriteCommand, WriteContext};

/// The name of the value in `meta`, in milliseconds.
const CREATED: &str = "created";

/// The name of the value in `meta` for what was last seen of the network.
const NETWORK: &str = "network";

impl Reads {
    /// When the store was made; the web's beginning for a store that no version since has opened for writing.
    ///
    /// # Errors
    /// What the store says.
    pub fn created(&self) -> Result<Time, StoreError> {
        self.read(|conn| {
            let created = conn
                .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
                .query_row([CREATED], |r| r.get(0))
                .optional()?;
            Ok(created.map_or(Time::EPOCH, Time::from_millis))
        })
    }

    /// The text kept under a name.
    pub fn remembered(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached("SELECT value FROM meta WHERE key = ?1")?
                .query_row([name], |r| r.get(0))
                .optional()
        })
    }

    /// What the newswire processes of this store last saw of the network.
    pub fn network(&self) -> Result<Network, StoreError> {
        self.read(network)
    }

    /// A number that tells this installation from another with the same feeds.
    pub fn install(&self) -> Result<u64, StoreError> {
        self.read(|conn| {
            conn.query_row("SELECT value FROM meta WHERE key = 'install'", [], |r| {
                r.get::<_, i64>(0).map(i64::cast_unsigned)
            })
        })
    }
}

impl Store {
    /// Keeps a text under a name, for [`Reads::remembered`].
    pub fn remember(&self, name: &'static str, text: String) -> Result<(), StoreError> {
        self.ask(Remember { name, text })
    }

    /// Keeps what was seen of the network, for [`Reads::network`].
    pub fn note_network(&self, seen: Network) -> Result<(), StoreError> {
        self.remember(NETWORK, seen.to_text())
    }
}

struct Remember {
    name: &'static str,
    text: String,
}

impl WriteCommand for Remember {
    type Output = ();

    fn apply(self, context: &mut WriteContext<'_>) -> Sql<()> {
        context
            .conn
            .prepare_cached("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)")?
            .execute([self.name, &self.text])?;
        Ok(())
    }
}

/// Notes the time at which the store is made. A store of a version that did not note it was made no later than its first
/// article was seen, or its first poll was made.
pub(super) fn note_creation(conn: &Connection, now: Time) -> rusqlite::Result<()> {
    conn.execute(
        "INSERT OR IGNORE INTO meta (key, value) SELECT ?1, min(
           ?2,
           coalesce((SELECT min(first_seen) FROM articles), ?2),
           coalesce((SELECT at FROM polls ORDER BY poll LIMIT 1), ?2)
         ) WHERE NOT EXISTS (SELECT 1 FROM meta WHERE key = ?1)",
        rusqlite::params![CREATED, now.millis()],
    )?;
    Ok(())
}

/// What was last seen of the network.
pub(in crate::store) fn network(conn: &Connection) -> Sql<Network> {
    let text = conn
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([NETWORK], |r| r.get::<_, String>(0))
        .optional()?;
    Ok(text.map_or(Network::Unknown, |text| Network::from_text(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::store::{Store, StoreOptions};
    use std::time::Duration;

    fn created(dir: &std::path::Path, at: &str) -> Time {
        let options = StoreOptions {
            path: dir.join("newswire.db"),
            synchronous_full: false,
            dedup_window: Duration::ZERO,
            dedup_near: false,
        };
        let now = Time::parse_rfc3339(at).unwrap();
        let store = Store::open(&options, Clock::manual(now)).unwrap();
        store.reads().created().unwrap()
    }

    #[test]
    fn the_time_of_creation_is_that_of_the_first_opening() {
        let dir = tempfile::tempdir().unwrap();
        for later in ["2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z"] {
            let noted = created(dir.path(), later);
            assert_eq!(noted.to_string(), "2030-01-01T00:00:00Z");
        }
    }

    #[test]
    fn a_store_that_did_not_note_it_was_made_before_its_first_poll() {
        let dir = tempfile::tempdir().unwrap();
        created(dir.path(), "2030-01-01T00:00:00Z");
        let conn = Connection::open(dir.path().join("newswire.db")).unwrap();
        conn.execute_batch(
            "DELETE FROM meta WHERE key = 'created';
             INSERT INTO polls VALUES (1, 1, 1800000000000, 'failed', NULL, 0, 0, 0, NULL);",
        )
        .unwrap();
        drop(conn);
        let noted = created(dir.path(), "2031-01-01T00:00:00Z");
        assert_eq!(noted, Time::from_seconds(1_800_000_000));
    }
}
