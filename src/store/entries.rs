//! Entries: what is known of each artifact without opening it.

use std::collections::BTreeSet;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::connection::{Store, fault, signed, unsigned};
use super::error::StoreError;
use super::rows::{EntryRow, EntrySummary, ProbeRows, SavedRows};
use super::{components, output_sets};
use crate::key::Key;

/// Tables with rows of one entry, by its hash.
const PARTS: [&str; 5] = [
    "DELETE FROM entries WHERE hash IN (SELECT value FROM json_each(?1))",
    "DELETE FROM entry_logs WHERE hash IN (SELECT value FROM json_each(?1))",
    "DELETE FROM entry_outputs WHERE hash IN (SELECT value FROM json_each(?1))",
    "DELETE FROM entry_inputs WHERE hash IN (SELECT value FROM json_each(?1))",
    "DELETE FROM output_sets WHERE hash IN (SELECT value FROM json_each(?1))",
];

impl Store {
    /// The entry of one key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn entry(&self, key: &Key) -> Result<Option<EntryRow>, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT e.hash, e.task_id, e.command, e.exit_code, e.duration_ms, e.size_bytes,
                            e.created_at, e.accessed_at, l.stdout, l.stderr
                     FROM entries AS e LEFT JOIN entry_logs AS l ON l.hash = e.hash
                     WHERE e.hash = ?1",
                )?
                .query_row([key.as_str()], entry_row)
                .optional()
        })
    }

    /// The entries of many keys, and what was last put into `worktree` for them, at one moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn probe(&mut self, keys: &[Key], worktree: Option<&str>) -> Result<ProbeRows, StoreError> {
        // Each once, in the order of the tables.
        let unique: BTreeSet<&str> = keys.iter().map(Key::as_str).collect();
        let list = text_list(unique);
        self.snapshot(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT e.hash, e.task_id, e.command, e.exit_code, e.duration_ms, e.size_bytes,
                        e.created_at, e.accessed_at, l.stdout, l.stderr
                 FROM json_each(?1) AS k CROSS JOIN entries AS e ON e.hash = k.value
                 LEFT JOIN entry_logs AS l ON l.hash = e.hash",
            )?;
            let mut rows = statement.query([&list])?;
            let mut found = ProbeRows::default();
            while let Some(row) = rows.next()? {
                let entry = entry_row(row)?;
                found.entries.insert(entry.key.clone(), entry);
            }
            if let Some(worktree) = worktree {
                found.recorded = output_sets::recorded(connection, &list, worktree)?;
            }
            Ok(found)
        })
    }

    /// Writes a saved entry: its row, the names of its outputs, its key's components and what now lies in the worktree.
    /// What was there under the same key is replaced.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub fn save(&mut self, saved: &SavedRows<'_>) -> Result<(), StoreError> {
        let names = text_list(saved.output_names);
        self.read(|_| fault("save.published"))?;
        self.write(|transaction| {
            let entry = saved.entry;
            insert(transaction, entry, true)?;
            fault("save.rows")?;
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO entry_outputs (hash, names) VALUES (?1, ?2)",
                )?
                .execute([entry.key.as_str(), &names])?;
            components::replace(transaction, entry, saved.components)?;
            saved.recorded.map_or(Ok(()), |recorded| output_sets::replace(transaction, &recorded))
        })
    }

    /// Adds entries that were read from artifacts, where there is no row for them.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub fn adopt(&mut self, entries: &[EntryRow]) -> Result<(), StoreError> {
        if entries.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            entries.iter().try_for_each(|entry| insert(transaction, entry, false))?;
            fault("adopt.rows")
        })
    }

    /// Forgets entries and everything that is known of them but their history.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub fn drop_entries(&mut self, keys: &[Key]) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let list = key_list(keys);
        self.write(|transaction| {
            for part in PARTS {
                transaction.prepare_cached(part)?.execute([&list])?;
                fault("forget.rows")?;
            }
            Ok(())
        })
    }

    /// All entries, in no particular order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn summaries(&self) -> Result<Vec<EntrySummary>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT hash, task_id, duration_ms, size_bytes, created_at, accessed_at FROM entries",
            )?;
            statement.query_map([], summary)?.collect()
        })
    }

    /// The newest entries of one task, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newest(&self, task_id: &str, limit: u32) -> Result<Vec<EntrySummary>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT hash, task_id, duration_ms, size_bytes, created_at, accessed_at
                 FROM entries WHERE task_id = ?1 ORDER BY created_at DESC, hash LIMIT ?2",
            )?;
            statement.query_map(params![task_id, limit], summary)?.collect()
        })
    }

    /// The names of an entry's outputs as its artifact has them; `None` when they were never noted.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn output_names(&self, key: &Key) -> Result<Option<Vec<String>>, StoreError> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT names FROM entry_outputs WHERE hash = ?1")?
                .query_row([key.as_str()], |row| parse_list(row, 0))
                .optional()
        })
    }
}

/// Marks entries as used at `at`.
pub(super) fn touch(connection: &Connection, keys: &[Key], at: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE entries SET accessed_at = ?2
             WHERE accessed_at < ?2 AND hash IN (SELECT value FROM json_each(?1))",
        )?
        .execute(params![key_list(keys), at])?;
    Ok(())
}

fn insert(transaction: &Transaction<'_>, entry: &EntryRow, replace: bool) -> rusqlite::Result<()> {
    let (project, task) = entry.task_id.split_once('#').unwrap_or(("", &entry.task_id));
    let statement = if replace {
        "INSERT OR REPLACE INTO entries (hash, task_id, project, task, command, exit_code, duration_ms,
           size_bytes, created_at, accessed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
    } else {
        "INSERT OR IGNORE INTO entries (hash, task_id, project, task, command, exit_code, duration_ms,
           size_bytes, created_at, accessed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
    };
    let added = transaction.prepare_cached(statement)?.execute(params![
        entry.key.as_str(),
        entry.task_id,
        project,
        task,
        entry.command,
        entry.exit_code,
        signed(entry.duration_ms),
        signed(entry.size_bytes),
        entry.created_at,
        entry.accessed_at,
    ])?;
    if added > 0 {
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO entry_logs (hash, stdout, stderr) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![entry.key.as_str(), entry.stdout, entry.stderr])?;
    }
    Ok(())
}

fn entry_row(row: &Row<'_>) -> rusqlite::Result<EntryRow> {
    Ok(EntryRow {
        key: key(row, 0)?,
        task_id: row.get(1)?,
        command: row.get(2)?,
        exit_code: row.get(3)?,
        duration_ms: unsigned(row.get(4)?),
        size_bytes: unsigned(row.get(5)?),
        created_at: row.get(6)?,
        accessed_at: row.get(7)?,
        stdout: row.get(8)?,
        stderr: row.get(9)?,
    })
}

fn summary(row: &Row<'_>) -> rusqlite::Result<EntrySummary> {
    Ok(EntrySummary {
        key: key(row, 0)?,
        task_id: row.get(1)?,
        duration_ms: unsigned(row.get(2)?),
        size_bytes: unsigned(row.get(3)?),
        created_at: row.get(4)?,
        accessed_at: row.get(5)?,
    })
}

/// A column that holds a key.
pub(super) fn key(row: &Row<'_>, column: usize) -> rusqlite::Result<Key> {
    let text = row.get_ref(column)?.as_str()?;
    Key::parse(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}

/// Keys as the JSON array that `json_each` takes.
fn key_list(keys: &[Key]) -> String {
    text_list(keys.iter().map(Key::as_str))
}

/// Texts as a JSON array.
pub(super) fn text_list(texts: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    texts
        .into_iter()
        .map(|text| text.as_ref().to_owned())
        .collect::<serde_json::Value>()
        .to_string()
}

/// A column that holds a JSON array of texts.
pub(super) fn parse_list(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<String>> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error))
    })
}
