//! Sums over entries and history.

use rusqlite::Row;

use super::connection::{Store, unsigned};
use super::error::StoreError;
use super::rows::{ProjectStats, Stats};

impl Store {
    /// What the cache holds now, what happened since `since` (milliseconds since the epoch), and what it
    /// has done for each project.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stats(&mut self, since: i64) -> Result<Stats, StoreError> {
        self.snapshot(|connection| {
            let (entry_count, total_bytes) = connection
                .prepare_cached("SELECT count(*), coalesce(sum(size_bytes), 0) FROM entries")?
                .query_row([], pair)?;
            let (run_count, hit_count) = connection
                .prepare_cached(
                    "SELECT count(*), coalesce(sum(cache_hit), 0) FROM runs WHERE started_at >= ?1",
                )?
                .query_row([since], pair)?;
            let (uploaded, downloaded) = connection
                .prepare_cached(
                    "SELECT coalesce(sum(bytes_uploaded), 0), coalesce(sum(bytes_downloaded), 0)
                     FROM runs WHERE started_at >= ?1",
                )?
                .query_row([since], pair)?;
            let mut statement = connection.prepare_cached(
                "SELECT project, coalesce(sum(cache_hit), 0),
                        coalesce(sum(NOT cache_hit AND status IN ('success', 'failed')), 0),
                        coalesce(sum(saved_ms), 0)
                 FROM runs GROUP BY project ORDER BY project",
            )?;
            let projects: Vec<ProjectStats> =
                statement.query_map([], project)?.collect::<Result<_, _>>()?;
            let saved_ms = projects.iter().map(|project| project.saved_ms).sum();
            Ok(Stats {
                entry_count,
                total_bytes,
                run_count,
                hit_count,
                uploaded,
                downloaded,
                saved_ms,
                projects,
            })
        })
    }
}

fn pair(row: &Row<'_>) -> rusqlite::Result<(u64, u64)> {
    Ok((unsigned(row.get(0)?), unsigned(row.get(1)?)))
}

fn project(row: &Row<'_>) -> rusqlite::Result<ProjectStats> {
    Ok(ProjectStats {
        project: row.get(0)?,
        hits: unsigned(row.get(1)?),
        misses: unsigned(row.get(2)?),
        saved_ms: unsigned(row.get(3)?),
    })
}
