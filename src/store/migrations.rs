//! The schema, as the list of steps that lead to it.
//!
//! A step only adds: what an older vx recorded stays. A later schema is never touched.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::connection::fault;

/// What each schema version adds to the one before; the first is version 1. Never edit a released step.
const STEPS: [&str; 5] = [ENTRIES, HISTORY, COMPONENTS, CONFIRMED, CONFIG_VALUES];

/// The schema version of this program.
pub(super) const CURRENT: u32 = 5;

// Logs have a table of their own: a run that touches ten thousand entries must not rewrite their logs.
const ENTRIES: &str = "
CREATE TABLE entries (
  hash TEXT PRIMARY KEY,
  task_id TEXT NOT NULL,
  project TEXT NOT NULL,
  task TEXT NOT NULL,
  command TEXT NOT NULL,
  exit_code INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  accessed_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX entries_task ON entries(task_id, created_at);

CREATE TABLE entry_logs (
  hash TEXT PRIMARY KEY,
  stdout BLOB,
  stderr BLOB
) WITHOUT ROWID;

CREATE TABLE entry_outputs (
  hash TEXT PRIMARY KEY,
  names TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE output_sets (
  id INTEGER PRIMARY KEY,
  worktree TEXT NOT NULL,
  task_id TEXT NOT NULL,
  hash TEXT NOT NULL,
  UNIQUE (worktree, task_id)
);
CREATE INDEX output_sets_hash ON output_sets(hash, worktree);

CREATE TABLE output_files (
  set_id INTEGER NOT NULL REFERENCES output_sets(id) ON DELETE CASCADE,
  workspace INTEGER NOT NULL,
  path TEXT NOT NULL,
  size INTEGER NOT NULL,
  mode INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  ctime_ns INTEGER NOT NULL,
  inode INTEGER NOT NULL,
  PRIMARY KEY (set_id, workspace, path)
) WITHOUT ROWID;

CREATE TABLE file_hashes (
  path TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  ctime_ns INTEGER NOT NULL,
  inode INTEGER NOT NULL,
  mode INTEGER NOT NULL,
  content_hash TEXT NOT NULL,
  learnt_at INTEGER NOT NULL
) WITHOUT ROWID;
";

// One value for a whole workspace: a row for each file would cost more to read than the files save.
const CONFIRMED: &str = "
CREATE TABLE confirmed (
  root TEXT PRIMARY KEY,
  digests BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE walks (
  root TEXT PRIMARY KEY,
  walk BLOB NOT NULL
) WITHOUT ROWID;
";

// What a value depends on is one text of its reader's making: it is only ever looked at as a whole.
const CONFIG_VALUES: &str = "
CREATE TABLE config_values (
  root TEXT NOT NULL,
  path TEXT NOT NULL,
  made_by TEXT NOT NULL,
  depends_on TEXT NOT NULL,
  variables TEXT NOT NULL,
  value TEXT NOT NULL,
  kept_at INTEGER NOT NULL,
  PRIMARY KEY (root, path)
) WITHOUT ROWID;
";

const HISTORY: &str = "
CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL,
  project TEXT NOT NULL,
  task TEXT NOT NULL,
  status TEXT NOT NULL,
  exit_code INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL,
  forward_args TEXT,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  run_id TEXT,
  cpu_ms INTEGER,
  peak_rss_bytes INTEGER,
  wallclock_start_ns INTEGER,
  wallclock_end_ns INTEGER,
  cache_hit INTEGER,
  bytes_uploaded INTEGER,
  bytes_downloaded INTEGER,
  saved_ms INTEGER
);
CREATE INDEX runs_started_at ON runs(started_at);
CREATE INDEX runs_run_id ON runs(run_id);

CREATE TABLE invocations (
  run_id TEXT PRIMARY KEY,
  started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL,
  exit_code INTEGER NOT NULL,
  argv TEXT NOT NULL,
  vx_version TEXT NOT NULL,
  task_count INTEGER NOT NULL,
  hit_count INTEGER NOT NULL
);
CREATE INDEX invocations_started_at ON invocations(started_at);
";

// One value for a whole key: nobody asks for a single component, and there are as many as a task has inputs.
const COMPONENTS: &str = "
CREATE TABLE entry_inputs (
  hash TEXT PRIMARY KEY,
  components TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO schema_meta (key, value) VALUES ('salt', lower(hex(randomblob(32))));
";

/// What the database says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schema {
    /// No schema yet: an empty file.
    None,
    /// One of ours, by version.
    Version(u32),
}

/// Reads the schema version; changes nothing.
pub(super) fn schema(connection: &Connection) -> rusqlite::Result<Schema> {
    let exists = connection
        .query_row(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'schema_meta'",
            [],
            |_| Ok(()),
        )
        .optional()?;
    if exists.is_none() {
        return Ok(Schema::None);
    }
    let version: String =
        connection.query_row("SELECT value FROM schema_meta WHERE key = 'version'", [], |row| {
            row.get(0)
        })?;
    version.parse().map(Schema::Version).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })
}

/// Takes the steps from `from` to the current version. The caller commits.
pub(super) fn migrate(transaction: &Transaction<'_>, from: Schema) -> rusqlite::Result<()> {
    migrate_to(transaction, from, CURRENT)
}

fn migrate_to(transaction: &Transaction<'_>, from: Schema, to: u32) -> rusqlite::Result<()> {
    let done = match from {
        Schema::None => {
            transaction.execute_batch(
                "CREATE TABLE schema_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;",
            )?;
            0
        }
        Schema::Version(version) => version,
    };
    for (version, step) in (1..=to).zip(STEPS) {
        if version > done {
            transaction.execute_batch(step)?;
            fault("migrate.step")?;
        }
    }
    transaction.execute(
        "INSERT INTO schema_meta (key, value) VALUES ('version', ?1)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [to.to_string()],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(connection: &Connection) -> Vec<(String, Option<String>)> {
        let mut statement =
            connection.prepare("SELECT name, sql FROM sqlite_master ORDER BY type, name").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    #[test]
    fn the_current_version_counts_the_steps() {
        assert_eq!(CURRENT as usize, STEPS.len());
    }

    #[test]
    fn every_older_schema_leads_to_the_same_one_and_keeps_its_rows() {
        let mut fresh = Connection::open_in_memory().unwrap();
        let transaction = fresh.transaction().unwrap();
        migrate(&transaction, Schema::None).unwrap();
        transaction.commit().unwrap();

        for version in 1..CURRENT {
            let mut old = Connection::open_in_memory().unwrap();
            let transaction = old.transaction().unwrap();
            migrate_to(&transaction, Schema::None, version).unwrap();
            transaction
                .execute("INSERT INTO entry_outputs (hash, names) VALUES ('h', '[\"dist/a\"]')", [])
                .unwrap();
            transaction.commit().unwrap();
            assert_eq!(schema(&old).unwrap(), Schema::Version(version));

            let transaction = old.transaction().unwrap();
            migrate(&transaction, Schema::Version(version)).unwrap();
            transaction.commit().unwrap();
            assert_eq!(schema(&old).unwrap(), Schema::Version(CURRENT));
            assert_eq!(objects(&old), objects(&fresh), "from version {version}");
            let names: String =
                old.query_row("SELECT names FROM entry_outputs", [], |row| row.get(0)).unwrap();
            assert_eq!(names, r#"["dist/a"]"#);
        }
    }
}
