//! What the keys of saved entries were made of, so that a later miss can be explained.
//!
//! Kept for the newest eight entries of each task only: an explanation compares with those.

use rusqlite::types::Type;
use rusqlite::{OptionalExtension, Transaction};

use super::connection::Store;
use super::error::StoreError;
use super::rows::{Component, EntryRow};
use crate::key::Key;

impl Store {
    /// The components of an entry's key, in order; empty when they were never noted or are too old.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn components(&self, key: &Key) -> Result<Vec<Component>, StoreError> {
        self.read(|connection| {
            let kept = connection
                .prepare_cached("SELECT components FROM entry_inputs WHERE hash = ?1")?
                .query_row([key.as_str()], |row| {
                    serde_json::from_str(row.get_ref(0)?.as_str()?).map_err(|error| {
                        rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
                    })
                })
                .optional()?;
            let mut components: Vec<Component> = kept.unwrap_or_default();
            components.sort_unstable();
            Ok(components)
        })
    }

    /// The random text that this store's digests are salted with.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn salt(&self) -> Result<String, StoreError> {
        if let Some(known) = self.salt.get() {
            return Ok(known.clone());
        }
        let salt: String = self.read(|connection| {
            connection
                .query_row("SELECT value FROM schema_meta WHERE key = 'salt'", [], |row| row.get(0))
        })?;
        Ok(self.salt.get_or_init(|| salt).clone())
    }
}

pub(super) fn replace(
    transaction: &Transaction<'_>,
    entry: &EntryRow,
    components: &[Component],
) -> rusqlite::Result<()> {
    if components.is_empty() {
        transaction
            .prepare_cached("DELETE FROM entry_inputs WHERE hash = ?1")?
            .execute([entry.key.as_str()])?;
        return Ok(());
    }
    let list = serde_json::to_string(components)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    transaction
        .prepare_cached("INSERT OR REPLACE INTO entry_inputs (hash, components) VALUES (?1, ?2)")?
        .execute([entry.key.as_str(), &list])?;
    // Each save pushes one entry over the limit of eight; a few more in case some went uncounted. Limits stand in the
    // text, since SQLite prepares a statement anew whenever one that is bound may have changed.
    transaction
        .prepare_cached(
            "DELETE FROM entry_inputs WHERE hash IN
               (SELECT hash FROM entries WHERE task_id = ?1 ORDER BY created_at DESC LIMIT 4 OFFSET 8)",
        )?
        .execute([&entry.task_id])?;
    Ok(())
}
