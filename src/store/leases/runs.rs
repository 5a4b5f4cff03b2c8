//! Which process holds which lease. A process that claims feeds is a run: it has a number that is never used again, and an
//! OS lock on a file beside the store, which ends with the process however that ends (REL-08). The leases of a run without
//! its lock are free: nobody will commit them any more. Numbers of processes play no part, for they are used again, and
//! mean nothing in another container. Never frees what it is not sure of: such a lease runs out by itself.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use crate::model::Time;
use crate::store::file::owner;
use crate::store::sql::Sql;

/// Tries to make a file that nobody else takes for a dead run's while it is not locked yet.
const TRIES: usize = 8;

/// The holder of a lease whose run has ended without an answer: nothing will come of it any more, and its server was
/// asked when it began. No run has this number.
pub(in crate::store) const ENDED: i64 = 0;

/// This process as a holder of leases, from the first claim on.
#[derive(Debug, Default)]
pub(in crate::store) struct Run(State);

#[derive(Debug, Default)]
enum State {
    /// Nothing was claimed yet.
    #[default]
    Unborn,
    /// It holds the lock of a file.
    Locked(i64, PathBuf, File),
    /// There could be no file: leases run out by themselves.
    Unknown,
}

impl Run {
    /// What leases name as their holder; none if no file could be locked.
    pub(in crate::store) fn id(&mut self, conn: &Connection, store: &Path) -> Option<i64> {
        if matches!(self.0, State::Unborn) {
            self.0 = begin(conn, store).unwrap_or_else(|e| {
                tracing::warn!(
                    "leases bear no holder: no file can be locked beside {} ({e}); after a crash, feeds that were being \
                     polled wait a quarter of an hour",
                    store.display()
                );
                State::Unknown
            });
        }
        match &self.0 {
            State::Locked(id, ..) => Some(*id),
            _ => None,
        }
    }

    /// Ends in order: what it asked and has no answer to is not asked again by plan before its lease is over (ET-21).
    pub(in crate::store) fn end(self, conn: &Connection) {
        if let State::Locked(id, path, file) = self.0 {
            if let Err(e) = sign_off(conn, id) {
                tracing::debug!("leases keep their holder: {e}");
            }
            let _ = std::fs::remove_file(path);
            drop(file);
        }
    }
}

fn sign_off(conn: &Connection, id: i64) -> Sql<usize> {
    conn.execute(
        "UPDATE feeds SET holder = ?2 WHERE holder = ?1",
        [id, ENDED],
    )
}

fn begin(conn: &Connection, store: &Path) -> io::Result<State> {
    for _ in 0..TRIES {
        let id: i64 = conn
            .query_row("SELECT max(1, abs(random() / 2))", [], |r| r.get(0))
            .map_err(io::Error::other)?;
        let path = file_of(store, id);
        let file = owner::create_new(&path)?;
        match file.try_lock() {
            // Another process may have taken it for a dead run's file before it was locked, and removed it.
            Ok(()) if file.metadata()?.nlink() > 0 => return Ok(State::Locked(id, path, file)),
            Ok(()) | Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(e)) => {
                let _ = std::fs::remove_file(&path);
                return Err(e);
            }
        }
    }
    Err(io::Error::other("its file was removed again and again"))
}

/// The store by its own name: a link leads to the same one.
fn place(store: &Path) -> PathBuf {
    std::fs::canonicalize(store).unwrap_or_else(|_| store.to_owned())
}

fn file_of(store: &Path, id: i64) -> PathBuf {
    let mut path = place(store).into_os_string();
    path.push(format!(".run-{id:016x}"));
    PathBuf::from(path)
}

/// Whether no process holds the lock of this run's file; the file is removed then. `false` if that cannot be told.
fn is_dead(path: &Path) -> bool {
    let file = OpenOptions::new()
        .write(true)
        .custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
        .open(path);
    match file {
        Ok(file) => {
            let is_dead = file.try_lock().is_ok();
            if is_dead {
                let _ = std::fs::remove_file(path);
            }
            is_dead
        }
        Err(e) => e.kind() == io::ErrorKind::NotFound,
    }
}

/// Frees the leases of dead runs and removes their files; gives how many feeds are free again. A feed is freed so once: if
/// the process that asked it then has died too, its lease runs out by itself, so that a feed which ends the process, or a
/// process that is started again and again, does not ask at every start. A command may ask it once its own interval is over.
pub(in crate::store) fn free_dead(conn: &Connection, store: &Path, now: Time) -> Sql<usize> {
    let mut holders = conn
        .prepare("SELECT DISTINCT holder FROM feeds WHERE holder IS NOT NULL AND holder <> ?1")?;
    let holders: Vec<i64> = holders
        .query_map([ENDED], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    let mut freed = 0;
    for holder in holders {
        if !is_dead(&file_of(store, holder)) {
            continue;
        }
        // One that a hub's push or a command had claimed before it was due goes back to its own time.
        freed += conn.execute(
            "UPDATE feeds SET lease = lease + 1, leased_until = NULL, holder = NULL, freed = 1,
                    next_at = CASE WHEN next_at > leased_until THEN next_at
                                   ELSE max(?2, coalesce(floor_until, 0)) END
             WHERE holder = ?1 AND leased_until IS NOT NULL AND freed = 0",
            params![holder, now.millis() - 1],
        )?;
        sign_off(conn, holder)?;
    }
    remove_files(store);
    Ok(freed)
}

/// Removes the files of dead runs that held nothing.
fn remove_files(store: &Path) {
    let place = place(store);
    let (Some(dir), Some(name)) = (place.parent(), place.file_name().and_then(|n| n.to_str()))
    else {
        return;
    };
    let prefix = format!("{name}.run-");
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry
            .file_name()
            .to_str()
            .is_some_and(|n| n.starts_with(&prefix))
        {
            is_dead(&entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::WebUrl;
    use crate::store::feeds::subscriptions;
    use crate::store::file::opening;
    use crate::store::leases::claims;
    use crate::store::{ClaimScope, FeedSettings, NewFeed, Rest};

    fn noon() -> Time {
        Time::from_seconds(1_900_000_000)
    }

    /// A store with one feed that `run` has claimed.
    fn claimed(dir: &Path, run: &mut Run) -> (Connection, PathBuf) {
        let path = dir.join("store.db");
        let conn = opening::writer(&path, false).unwrap();
        let feed = NewFeed {
            url: WebUrl::parse("https://a.example/feed").unwrap(),
            title: None,
            folder: None,
            tags: Vec::new(),
            settings: FeedSettings::default(),
            declared: false,
        };
        subscriptions::subscribe(&conn, &[feed], noon()).unwrap();
        assert_eq!(claim(&conn, &path, run), 1);
        (conn, path)
    }

    fn claim(conn: &Connection, path: &Path, run: &mut Run) -> usize {
        let holder = || run.id(conn, path);
        let claimed = claims::claim(conn, noon(), &ClaimScope::Due, 9, holder);
        claimed.unwrap().0.len()
    }

    fn files(dir: &Path) -> usize {
        let names = std::fs::read_dir(dir).unwrap().flatten();
        let names = names.map(|entry| entry.file_name().into_string().unwrap());
        names.filter(|name| name.contains(".run-")).count()
    }

    #[test]
    fn leases_of_a_live_run_stay_and_those_of_a_dead_one_are_free_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let (mut alive, mut next) = (Run::default(), Run::default());
        let (conn, path) = claimed(dir.path(), &mut alive);
        assert_eq!(free_dead(&conn, &path, noon()).unwrap(), 0);
        assert_eq!(claim(&conn, &path, &mut next), 0, "it is being polled");
        drop(alive); // as a process dies: nothing is written any more
        assert_eq!(free_dead(&conn, &path, noon()).unwrap(), 1);
        assert_eq!(claim(&conn, &path, &mut next), 1);
        assert_eq!(files(dir.path()), 1, "that of the run that lives");
    }

    #[test]
    fn a_feed_whose_poll_was_killed_twice_waits_for_its_lease() {
        let dir = tempfile::tempdir().unwrap();
        let mut run = Run::default();
        let (conn, path) = claimed(dir.path(), &mut run);
        drop(run);
        assert_eq!(free_dead(&conn, &path, noon()).unwrap(), 1);
        let mut run = Run::default();
        assert_eq!(claim(&conn, &path, &mut run), 1);
        drop(run);
        assert_eq!(free_dead(&conn, &path, noon()).unwrap(), 0);
        assert_eq!(claim(&conn, &path, &mut Run::default()), 0);
    }

    #[test]
    fn et_21_a_run_that_ends_in_order_keeps_what_it_asked_from_being_asked_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut run = Run::default();
        let (conn, path) = claimed(dir.path(), &mut run);
        run.end(&conn);
        assert_eq!(files(dir.path()), 0);
        assert_eq!(free_dead(&conn, &path, noon()).unwrap(), 0);
        assert_eq!(claim(&conn, &path, &mut Run::default()), 0);
    }

    const MANUAL: Duration = Duration::from_secs(300);

    /// What a command that asks for all feeds is told so long after noon: how many it may ask, and why it may not.
    fn by_hand(conn: &Connection, later: Duration) -> (usize, Option<(Rest, String)>) {
        let scope = ClaimScope::All {
            manual_interval: MANUAL,
        };
        let (free, mut left) = claims::claimable(conn, noon().plus(later), &scope).unwrap();
        (free.len(), left.pop().map(|s| (s.rest, s.reason)))
    }

    #[test]
    fn et_18_what_a_stopped_run_asked_may_be_asked_by_hand_after_the_interval() {
        let dir = tempfile::tempdir().unwrap();
        let mut run = Run::default();
        let (conn, path) = claimed(dir.path(), &mut run);
        let (free, left) = by_hand(&conn, MANUAL);
        assert_eq!((free, left.unwrap().0), (0, Rest::Leased), "while it runs");
        run.end(&conn);
        free_dead(&conn, &path, noon()).unwrap();
        let (free, left) = by_hand(&conn, MANUAL / 2);
        let (rest, why) = left.unwrap();
        assert_eq!((free, rest), (0, Rest::Polled));
        assert!(
            why.contains("stopped") && !why.contains("just now"),
            "{why}"
        );
        assert_eq!(by_hand(&conn, MANUAL), (1, None));
        let due = claims::claimable(&conn, noon().plus(MANUAL), &ClaimScope::Due);
        assert_eq!(due.unwrap().0.len(), 0, "not by plan (ET-21)");
    }

    #[test]
    fn et_18_what_was_killed_twice_may_be_asked_by_hand_after_the_interval() {
        let dir = tempfile::tempdir().unwrap();
        let mut run = Run::default();
        let (conn, path) = claimed(dir.path(), &mut run);
        drop(run);
        free_dead(&conn, &path, noon()).unwrap();
        let mut run = Run::default();
        assert_eq!(claim(&conn, &path, &mut run), 1);
        drop(run);
        free_dead(&conn, &path, noon()).unwrap();
        let (free, left) = by_hand(&conn, MANUAL / 2);
        assert_eq!((free, left.unwrap().0), (0, Rest::Polled));
        assert_eq!(by_hand(&conn, MANUAL), (1, None));
    }
}
