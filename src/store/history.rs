//! What every run did, and the one transaction that a run ends with.

use std::path::Path;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::config_values;
use super::confirmed;
use super::connection::{Store, fault, signed, unsigned};
use super::entries::{self, parse_list, text_list};
use super::error::StoreError;
use super::file_hashes;
use super::rows::{ConfigRow, Invocation, RunRecord, RunStatus};
use crate::key::Key;
use crate::memo::{Confirmed, Remembered};

/// How many tasks of runs are kept, and how many invocations.
const LIMIT: i64 = 1_000_000;

/// What one run leaves behind. Every part may be empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Batch<'a> {
    /// The time of writing, milliseconds since the epoch.
    pub now: i64,
    /// Entries that were hits.
    pub touched: &'a [Key],
    /// Hashes that were learnt.
    pub learnt: &'a [Remembered],
    /// The workspace whose files' index oids were confirmed, and all of the confirmations.
    pub confirmed: Option<(&'a Path, &'a [Confirmed])>,
    /// The workspace and the record of its last walk.
    pub walk: Option<(&'a Path, &'a [u8])>,
    /// A workspace, and the values of its configs that were learnt.
    pub configs: Option<(&'a Path, &'a [ConfigRow])>,
    /// Tasks that ended.
    pub runs: &'a [RunRecord],
    /// The invocation that they belong to.
    pub invocation: Option<&'a Invocation>,
}

impl Store {
    /// Writes all that a run leaves behind.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub fn keep(&mut self, batch: &Batch<'_>) -> Result<(), StoreError> {
        self.write(|transaction| {
            if !batch.touched.is_empty() {
                entries::touch(transaction, batch.touched, batch.now)?;
            }
            if !batch.learnt.is_empty() {
                file_hashes::keep(transaction, batch.learnt, batch.now)?;
            }
            if let Some((root, confirmed)) = batch.confirmed {
                confirmed::keep(transaction, root, confirmed)?;
            }
            if let Some((root, walk)) = batch.walk {
                confirmed::keep_walk(transaction, root, walk)?;
            }
            if let Some((root, configs)) = batch.configs {
                config_values::keep(transaction, root, configs, batch.now)?;
            }
            for run in batch.runs {
                insert_run(transaction, run)?;
            }
            fault("history.rows")?;
            batch.invocation.map_or(Ok(()), |invocation| insert_invocation(transaction, invocation))
        })
    }

    /// The newest invocations, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn invocations(&self, limit: u32) -> Result<Vec<Invocation>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT run_id, started_at, ended_at, exit_code, argv, vx_version, task_count, hit_count
                 FROM invocations ORDER BY started_at DESC, run_id DESC LIMIT ?1",
            )?;
            statement.query_map([limit], invocation)?.collect()
        })
    }

    /// The tasks of one invocation, in the order in which they were recorded.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn runs_of(&self, run_id: &str) -> Result<Vec<RunRecord>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT hash, project, task, status, exit_code, duration_ms, forward_args, started_at,
                        ended_at, run_id, cpu_ms, peak_rss_bytes, wallclock_start_ns, wallclock_end_ns,
                        bytes_uploaded, bytes_downloaded, cache_hit
                 FROM runs WHERE run_id = ?1 ORDER BY id",
            )?;
            statement.query_map([run_id], run_record)?.collect()
        })
    }

    /// Whether pruning is due: `true` at most once in `interval` milliseconds, whoever asks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claim_prune(&mut self, now: i64, interval: i64) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let last: Option<String> = transaction
                .prepare_cached("SELECT value FROM schema_meta WHERE key = 'pruned_at'")?
                .query_row([], |row| row.get(0))
                .optional()?;
            let last = last.and_then(|last| last.parse::<i64>().ok());
            // A time in the future is a clock that was set back since.
            if last.is_some_and(|last| (0..interval).contains(&now.saturating_sub(last))) {
                return Ok(false);
            }
            transaction
                .prepare_cached(
                    "INSERT OR REPLACE INTO schema_meta (key, value) VALUES ('pruned_at', ?1)",
                )?
                .execute([now.to_string()])?;
            Ok(true)
        })
    }

    /// Forgets the oldest history once there is more than a database should carry.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn bound_history(&mut self) -> Result<(), StoreError> {
        self.write(|transaction| bound(transaction, LIMIT))
    }
}

fn bound(connection: &Connection, limit: i64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM runs WHERE id <= (SELECT max(id) FROM runs) - ?1", [limit])?;
    connection.execute(
        "DELETE FROM invocations WHERE rowid <= (SELECT max(rowid) FROM invocations) - ?1",
        [limit],
    )?;
    Ok(())
}

fn insert_run(transaction: &Transaction<'_>, run: &RunRecord) -> rusqlite::Result<()> {
    let args = (!run.forward_args.is_empty()).then(|| text_list(&run.forward_args));
    // What a hit saved is worked out now, while its entry is sure to be there.
    transaction
        .prepare_cached(
            "INSERT INTO runs (hash, project, task, status, exit_code, duration_ms, forward_args,
               started_at, ended_at, run_id, cpu_ms, peak_rss_bytes, wallclock_start_ns,
               wallclock_end_ns, cache_hit, bytes_uploaded, bytes_downloaded, saved_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
               CASE WHEN ?15 THEN max(0, (SELECT duration_ms FROM entries WHERE hash = ?1) - ?6) END)",
        )?
        .execute(params![
            run.key.as_ref().map_or("", Key::as_str),
            run.project,
            run.task,
            run.status.as_str(),
            run.exit_code,
            signed(run.duration_ms),
            args,
            run.started_at,
            run.ended_at,
            run.run_id,
            run.cpu_ms.map(signed),
            run.peak_rss_bytes.map(signed),
            run.wallclock_start_ns,
            run.wallclock_end_ns,
            run.cached.then_some(run.status.is_hit()),
            run.bytes_uploaded.map(signed),
            run.bytes_downloaded.map(signed),
        ])?;
    Ok(())
}

fn insert_invocation(
    transaction: &Transaction<'_>,
    invocation: &Invocation,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO invocations
               (run_id, started_at, ended_at, exit_code, argv, vx_version, task_count, hit_count)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            invocation.run_id,
            invocation.started_at,
            invocation.ended_at,
            invocation.exit_code,
            text_list(&invocation.argv),
            invocation.vx_version,
            signed(invocation.task_count),
            signed(invocation.hit_count),
        ])?;
    Ok(())
}

fn invocation(row: &Row<'_>) -> rusqlite::Result<Invocation> {
    Ok(Invocation {
        run_id: row.get(0)?,
        started_at: row.get(1)?,
        ended_at: row.get(2)?,
        exit_code: row.get(3)?,
        argv: parse_list(row, 4)?,
        vx_version: row.get(5)?,
        task_count: unsigned(row.get(6)?),
        hit_count: unsigned(row.get(7)?),
    })
}

fn run_record(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    let key: String = row.get(0)?;
    let status: String = row.get(3)?;
    let has_args = !matches!(row.get_ref(6)?, rusqlite::types::ValueRef::Null);
    Ok(RunRecord {
        key: Key::parse(&key).ok(),
        project: row.get(1)?,
        task: row.get(2)?,
        status: RunStatus::parse(&status).ok_or_else(|| {
            let reason = format!("{status:?} is no status of a run");
            rusqlite::Error::FromSqlConversionFailure(3, Type::Text, reason.into())
        })?,
        cached: row.get::<_, Option<bool>>(16)?.is_some(),
        exit_code: row.get(4)?,
        duration_ms: unsigned(row.get(5)?),
        forward_args: if has_args { parse_list(row, 6)? } else { Vec::new() },
        started_at: row.get(7)?,
        ended_at: row.get(8)?,
        run_id: row.get(9)?,
        cpu_ms: row.get::<_, Option<i64>>(10)?.map(unsigned),
        peak_rss_bytes: row.get::<_, Option<i64>>(11)?.map(unsigned),
        wallclock_start_ns: row.get(12)?,
        wallclock_end_ns: row.get(13)?,
        bytes_uploaded: row.get::<_, Option<i64>>(14)?.map(unsigned),
        bytes_downloaded: row.get::<_, Option<i64>>(15)?.map(unsigned),
    })
}
