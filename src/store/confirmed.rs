//! What is kept of each workspace's files as one value: which oids of git's index were confirmed by reading the files,
//! and the record of the last walk.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use super::connection::Store;
use super::error::StoreError;
use crate::memo::Confirmed;

const WIDTH: usize = size_of::<u128>();

impl Store {
    /// What was confirmed of the workspace at `root`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn confirmed(&self, root: &Path) -> Result<HashSet<Confirmed>, StoreError> {
        // A root that is not UTF-8 is never kept.
        let Some(root) = root.to_str() else { return Ok(HashSet::new()) };
        let digests: Option<Vec<u8>> = self.read(|connection| {
            connection
                .prepare_cached("SELECT digests FROM confirmed WHERE root = ?1")?
                .query_row([root], |row| row.get(0))
                .optional()
        })?;
        let digests = digests.unwrap_or_default();
        let (digests, _) = digests.as_chunks::<WIDTH>();
        Ok(digests.iter().map(|digest| Confirmed(u128::from_le_bytes(*digest))).collect())
    }
}

impl Store {
    /// The record of the last walk of the workspace at `root`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn walk(&self, root: &Path) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(root) = root.to_str() else { return Ok(None) };
        self.read(|connection| {
            connection
                .prepare_cached("SELECT walk FROM walks WHERE root = ?1")?
                .query_row([root], |row| row.get(0))
                .optional()
        })
    }
}

/// Replaces the record of the last walk.
pub(super) fn keep_walk(connection: &Connection, root: &Path, walk: &[u8]) -> rusqlite::Result<()> {
    let Some(root) = root.to_str() else { return Ok(()) };
    connection
        .prepare_cached("INSERT OR REPLACE INTO walks (root, walk) VALUES (?1, ?2)")?
        .execute(params![root, walk])?;
    Ok(())
}

/// Replaces what was confirmed of the workspace at `root`.
pub(super) fn keep(
    connection: &Connection,
    root: &Path,
    confirmed: &[Confirmed],
) -> rusqlite::Result<()> {
    let Some(root) = root.to_str() else { return Ok(()) };
    let digests: Vec<u8> =
        confirmed.iter().flat_map(|Confirmed(digest)| digest.to_le_bytes()).collect();
    connection
        .prepare_cached("INSERT OR REPLACE INTO confirmed (root, digests) VALUES (?1, ?2)")?
        .execute(params![root, digests])?;
    Ok(())
}
