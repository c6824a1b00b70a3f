//! What the keys of saved entries were made of, so that a later miss can be explained.
//!
//! Kept for the newest entries of each task only: an explanation compares with those.

use rusqlite::{Transaction, params};

use super::connection::Store;
use super::error::StoreError;
use super::rows::{Component, EntryRow};
use crate::key::Key;

/// How many entries of one task keep their components.
const KEPT: u32 = 8;

impl Store {
    /// The components of an entry's key, in order; empty when they were never noted or are too old.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn components(&self, key: &Key) -> Result<Vec<Component>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT component, name, value FROM entry_inputs WHERE hash = ?1
                 ORDER BY component, name",
            )?;
            let rows = statement.query_map([key.as_str()], |row| {
                Ok(Component { component: row.get(0)?, name: row.get(1)?, value: row.get(2)? })
            })?;
            rows.collect()
        })
    }

    /// The random text that this store's digests are salted with.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn salt(&self) -> Result<String, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT value FROM schema_meta WHERE key = 'salt'")?
                .query_row([], |row| row.get(0))
        })
    }
}

pub(super) fn replace(
    transaction: &Transaction<'_>,
    entry: &EntryRow,
    components: &[Component],
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("DELETE FROM entry_inputs WHERE hash = ?1")?
        .execute([entry.key.as_str()])?;
    let mut statement = transaction.prepare_cached(
        "INSERT OR REPLACE INTO entry_inputs (hash, component, name, value) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for Component { component, name, value } in components {
        statement.execute(params![entry.key.as_str(), component, name, value])?;
    }
    // Each save pushes one entry over the limit; a few more in case some went uncounted.
    transaction
        .prepare_cached(
            "DELETE FROM entry_inputs WHERE hash IN
               (SELECT hash FROM entries WHERE task_id = ?1 ORDER BY created_at DESC LIMIT 4 OFFSET ?2)",
        )?
        .execute(params![entry.task_id, KEPT])?;
    Ok(())
}
