//! Content hashes by path and stamp, kept between runs. At most [`LIMIT`] of them: the newest learnt.

use std::path::{MAIN_SEPARATOR, Path};

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::connection::{Store, signed, unsigned};
use super::error::StoreError;
use crate::file_id::Oid;
use crate::memo::Remembered;
use crate::stamp::Stamp;

/// How many hashes are kept.
const LIMIT: i64 = 1_000_000;

impl Store {
    /// The hashes of all files below `dir`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn hashes_below(&self, dir: &Path) -> Result<Vec<Remembered>, StoreError> {
        // Names that are not UTF-8 are never kept.
        let Some(dir) = dir.to_str() else { return Ok(Vec::new()) };
        let dir = dir.trim_end_matches(MAIN_SEPARATOR);
        let first = format!("{dir}{MAIN_SEPARATOR}");
        let beyond = format!("{dir}{}", char::from(MAIN_SEPARATOR as u8 + 1));
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT path, content_hash, size, mtime_ns, ctime_ns, inode, mode
                 FROM file_hashes WHERE path >= ?1 AND path < ?2",
            )?;
            statement.query_map([first, beyond], remembered)?.collect()
        })
    }
}

/// Keeps what a run learnt at `now`.
pub(super) fn keep(
    connection: &Connection,
    hashes: &[Remembered],
    now: i64,
) -> rusqlite::Result<()> {
    keep_within(connection, hashes, now, LIMIT)
}

fn keep_within(
    connection: &Connection,
    hashes: &[Remembered],
    now: i64,
    limit: i64,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO file_hashes
           (path, size, mtime_ns, ctime_ns, inode, mode, content_hash, learnt_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for Remembered { path, stamp, oid } in hashes {
        let Some(path) = path.to_str() else { continue };
        statement.execute(params![
            path,
            signed(stamp.size),
            stamp.mtime_ns,
            stamp.ctime_ns,
            signed(stamp.inode),
            stamp.mode,
            oid.as_str(),
            now,
        ])?;
    }
    bound(connection, i64::try_from(hashes.len()).unwrap_or(i64::MAX), limit)
}

/// Removes the oldest rows once there are more than `limit`. Counting a large table on every run would cost
/// more than it saves, so an upper bound of the count is carried along.
fn bound(connection: &Connection, added: i64, limit: i64) -> rusqlite::Result<()> {
    let noted: Option<String> = connection
        .prepare_cached("SELECT value FROM schema_meta WHERE key = 'file_hashes_at_most'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let mut at_most =
        noted.and_then(|noted| noted.parse::<i64>().ok()).unwrap_or(0).saturating_add(added);
    if at_most > limit {
        at_most = connection.query_row("SELECT count(*) FROM file_hashes", [], |row| row.get(0))?;
    }
    if at_most > limit {
        // Some room, so that this does not happen on every run from now on.
        let kept = limit - limit / 4;
        connection.execute(
            "DELETE FROM file_hashes WHERE path IN
               (SELECT path FROM file_hashes ORDER BY learnt_at, path LIMIT ?1)",
            [at_most - kept],
        )?;
        at_most = kept;
    }
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO schema_meta (key, value) VALUES ('file_hashes_at_most', ?1)",
        )?
        .execute([at_most.to_string()])?;
    Ok(())
}

fn remembered(row: &Row<'_>) -> rusqlite::Result<Remembered> {
    let path: String = row.get(0)?;
    let oid = Oid::from_hex(row.get::<_, String>(1)?).ok_or_else(|| {
        rusqlite::Error::FromSqlConversionFailure(1, Type::Text, "not an object id".into())
    })?;
    let stamp = Stamp {
        size: unsigned(row.get(2)?),
        mtime_ns: row.get(3)?,
        ctime_ns: row.get(4)?,
        inode: unsigned(row.get(5)?),
        mode: row.get(6)?,
    };
    Ok(Remembered { path: path.into(), stamp, oid })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash_of(name: &str) -> Remembered {
        let oid = Oid::from_hex("ab".repeat(20)).unwrap();
        let stamp = Stamp { inode: u64::MAX, size: 3, ..Stamp::default() };
        Remembered { path: name.into(), stamp, oid }
    }

    fn names(store: &Store, dir: &str) -> Vec<String> {
        let hashes = store.hashes_below(Path::new(dir)).unwrap();
        hashes.iter().map(|hash| hash.path.to_str().unwrap().to_owned()).collect()
    }

    #[cfg(unix)]
    #[test]
    fn below_a_directory_is_not_beside_it() {
        let mut store = Store::in_memory().unwrap();
        let rows = ["/w/a", "/w/b/c", "/w-2/a", "/w", "/w.d/a", "/x"].map(hash_of);
        store.write(|transaction| keep(transaction, &rows, 1)).unwrap();
        assert_eq!(names(&store, "/w"), ["/w/a", "/w/b/c"]);
        assert_eq!(names(&store, "/w/"), ["/w/a", "/w/b/c"]);
        assert_eq!(names(&store, "/").len(), rows.len());
        assert_eq!(store.hashes_below(Path::new("/w-2")).unwrap(), [hash_of("/w-2/a")]);
    }

    #[cfg(unix)]
    #[test]
    fn the_oldest_go_once_there_are_too_many() {
        let mut store = Store::in_memory().unwrap();
        for round in 0..4_i64 {
            let rows: Vec<_> = (0..3).map(|n| hash_of(&format!("/w/{round}-{n}"))).collect();
            store.write(|transaction| keep_within(transaction, &rows, round, 8)).unwrap();
        }
        // 9 rows were one too many: the oldest 3 went and left 6; 3 more were learnt, 9 again.
        assert_eq!(
            names(&store, "/w"),
            ["/w/2-0", "/w/2-1", "/w/2-2", "/w/3-0", "/w/3-1", "/w/3-2"]
        );
        // The same files again and again are no growth.
        let rows: Vec<_> = (0..3).map(|n| hash_of(&format!("/w/3-{n}"))).collect();
        for round in 4..9 {
            store.write(|transaction| keep_within(transaction, &rows, round, 8)).unwrap();
        }
        assert_eq!(names(&store, "/w").len(), 6);
    }
}
