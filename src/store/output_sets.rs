//! What was last saved from, or put into, each worktree for each task.
//!
//! A set has a row of its own, so that "no outputs" and "nothing known" stay apart.

use std::collections::HashMap;

use rusqlite::types::Type;
use rusqlite::{Connection, Row, Transaction, params};

use super::connection::{Store, fault, signed, unsigned};
use super::entries::key;
use super::error::StoreError;
use super::rows::{OutputFile, RecordedRows};
use crate::key::Key;
use crate::path::RelPath;
use crate::stamp::Stamp;

impl Store {
    /// Notes what now lies in a worktree for a task, in place of what was noted before.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub fn record_outputs(&mut self, rows: &RecordedRows<'_>) -> Result<(), StoreError> {
        self.write(|transaction| replace(transaction, rows))
    }

    /// The worktrees that anything is noted for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn worktrees(&self) -> Result<Vec<String>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT DISTINCT worktree FROM output_sets")?;
            statement.query_map([], |row| row.get(0))?.collect()
        })
    }

    /// Forgets what is noted for one worktree.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn drop_worktree(&mut self, worktree: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .prepare_cached("DELETE FROM output_sets WHERE worktree = ?1")?
                .execute([worktree])?;
            Ok(())
        })
    }
}

pub(super) fn replace(
    transaction: &Transaction<'_>,
    rows: &RecordedRows<'_>,
) -> rusqlite::Result<()> {
    let RecordedRows { worktree, task_id, key, files } = *rows;
    let set: i64 = transaction
        .prepare_cached(
            "INSERT INTO output_sets (worktree, task_id, hash) VALUES (?1, ?2, ?3)
             ON CONFLICT (worktree, task_id) DO UPDATE SET hash = excluded.hash RETURNING id",
        )?
        .query_row([worktree, task_id, key.as_str()], |row| row.get(0))?;
    transaction.prepare_cached("DELETE FROM output_files WHERE set_id = ?1")?.execute([set])?;
    fault("record.rows")?;
    let mut statement = transaction.prepare_cached(
        "INSERT OR REPLACE INTO output_files (set_id, workspace, path, size, mode, mtime_ns, ctime_ns, inode)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for OutputFile { workspace, path, stamp } in files {
        statement.execute(params![
            set,
            workspace,
            path.as_str(),
            signed(stamp.size),
            stamp.mode,
            stamp.mtime_ns,
            stamp.ctime_ns,
            signed(stamp.inode),
        ])?;
    }
    Ok(())
}

/// The sets of `worktree` for the keys of a JSON array.
pub(super) fn recorded(
    connection: &Connection,
    keys: &str,
    worktree: &str,
) -> rusqlite::Result<HashMap<Key, Vec<OutputFile>>> {
    let mut statement = connection.prepare_cached(
        "SELECT s.id, s.hash, f.path, f.workspace, f.size, f.mtime_ns, f.ctime_ns, f.inode, f.mode
         FROM json_each(?1) AS k
         CROSS JOIN output_sets AS s ON s.hash = k.value AND s.worktree = ?2
         LEFT JOIN output_files AS f ON f.set_id = s.id",
    )?;
    let mut rows = statement.query([keys, worktree])?;
    let mut sets: HashMap<Key, Vec<OutputFile>> = HashMap::new();
    // The rows of one set follow each other, so that its key is read once.
    let mut current: Option<(i64, Key, Vec<OutputFile>)> = None;
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        if current.as_ref().is_none_or(|(set, ..)| *set != id)
            && let Some((_, key, files)) = current.replace((id, key(row, 1)?, Vec::new()))
        {
            sets.insert(key, files);
        }
        if let (Some((_, _, files)), Some(path)) = (&mut current, row.get(2)?) {
            files.push(output_file(row, path)?);
        }
    }
    if let Some((_, key, files)) = current {
        sets.insert(key, files);
    }
    Ok(sets)
}

fn output_file(row: &Row<'_>, path: String) -> rusqlite::Result<OutputFile> {
    let path = RelPath::new(path).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(2, Type::Text, Box::new(error))
    })?;
    let stamp = Stamp {
        size: unsigned(row.get(4)?),
        mtime_ns: row.get(5)?,
        ctime_ns: row.get(6)?,
        inode: unsigned(row.get(7)?),
        mode: row.get(8)?,
    };
    Ok(OutputFile { workspace: row.get(3)?, path, stamp })
}
