//! Opening the database, and the three ways to use it: one read, one snapshot of many, one write.
//!
//! Promises: a second process waits up to [`BUSY`] for a lock instead of failing; two processes that create
//! or migrate the file at once do it one after the other; a database of a later schema is not written to.

use std::cell::OnceCell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::error::StoreError;
use super::migrations::{self, Schema};
use super::network;

/// How long to wait for another process's lock.
const BUSY: Duration = Duration::from_secs(5);

/// A write-ahead log beyond this many bytes is folded back into the database on closing.
const LARGE_LOG: u64 = 1 << 20;

/// The write-ahead log is folded back while it is written to only from so many pages on: each time costs two syncs of
/// the disk, which a run of a thousand tasks should not have to wait for.
const FOLDED_FROM: u32 = 16 << 10;

/// How many prepared statements are kept; more than there are.
const STATEMENTS: usize = 64;

/// An open database.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    created: bool,
    /// Never changes while the database is open.
    pub(super) salt: OnceCell<String>,
}

impl Store {
    /// Opens the database at `path`, creating or migrating it where needed.
    ///
    /// # Errors
    /// [`StoreError`]; on [`StoreError::Newer`] the file is as it was.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let failed = |error| StoreError::of(path, &error);
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        let mut store =
            Self { connection, path: path.to_owned(), created: false, salt: OnceCell::new() };
        store.configure().map_err(failed)?;
        if store.connection.is_readonly("main").map_err(failed)? {
            let reason = "it is read-only".to_owned();
            return Err(StoreError::Unusable { path: path.to_owned(), reason });
        }
        let journal = match path.parent() {
            Some(dir) if network::is_network(dir) => "delete",
            _ => "wal",
        };
        if !store.is_ready(journal)? {
            let _alone = opening_lock(path);
            store.prepare(journal)?;
        }
        Ok(store)
    }

    /// Opens a database that lives and dies with the process.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when there is no memory for it.
    pub fn in_memory() -> Result<Self, StoreError> {
        let path = Path::new(":memory:");
        let connection =
            Connection::open_in_memory().map_err(|error| StoreError::of(path, &error))?;
        let mut store =
            Self { connection, path: path.to_owned(), created: true, salt: OnceCell::new() };
        store.configure().map_err(|error| StoreError::of(path, &error))?;
        store.prepare("memory")?;
        Ok(store)
    }

    /// Whether opening found no schema: the index starts empty, whatever artifacts there are.
    #[must_use]
    pub const fn is_new(&self) -> bool {
        self.created
    }

    /// Folds a large write-ahead log into the database, if nobody else is using it, and closes it. What is
    /// committed is kept either way.
    pub fn close(self) {
        let log = beside(&self.path, "-wal");
        if std::fs::metadata(log).is_ok_and(|log| log.len() > LARGE_LOG) {
            // A reader elsewhere makes this fail at once; the next one to close will do it.
            let _ = self.connection.busy_timeout(Duration::ZERO);
            let _ = self
                .connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        }
    }

    /// A number that differs from an earlier one of this connection where another one has committed since.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn data_version(&self) -> Result<i64, StoreError> {
        self.read(|connection| {
            connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
        })
    }

    fn configure(&self) -> rusqlite::Result<()> {
        self.connection.busy_timeout(BUSY)?;
        self.connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // Closing must not cost a sync of the disk on every run, nor touch a database of a later schema.
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        self.connection.pragma_update(None, "foreign_keys", true)?;
        self.connection.pragma_update(None, "wal_autocheckpoint", FOLDED_FROM)?;
        self.connection.pragma_update(None, "synchronous", "NORMAL")
    }

    /// Whether schema and journal are as they should be, so that nothing needs to be written.
    fn is_ready(&self, journal: &str) -> Result<bool, StoreError> {
        let schema = self.schema()?;
        let mode = self.read(|connection| {
            connection.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0))
        })?;
        Ok(schema == Schema::Version(migrations::CURRENT) && mode == journal)
    }

    fn prepare(&mut self, journal: &str) -> Result<(), StoreError> {
        self.schema()?;
        self.read(|connection| {
            let mode: String =
                connection
                    .pragma_update_and_check(None, "journal_mode", journal, |row| row.get(0))?;
            if mode != journal {
                connection.pragma_update(None, "journal_mode", "delete")?;
            }
            Ok(())
        })?;
        self.read(|_| fault("migrate.begin"))?;
        let from = self.write(|transaction| {
            let from = migrations::schema(transaction)?;
            if from != Schema::Version(migrations::CURRENT) {
                migrations::migrate(transaction, from)?;
            }
            Ok(from)
        })?;
        self.created = from == Schema::None;
        Ok(())
    }

    fn schema(&self) -> Result<Schema, StoreError> {
        match self.read(migrations::schema)? {
            Schema::Version(found) if found > migrations::CURRENT => Err(StoreError::Newer {
                path: self.path.clone(),
                found,
                known: migrations::CURRENT,
            }),
            schema => Ok(schema),
        }
    }

    /// One statement, or several that need not agree with each other.
    pub(super) fn read<T>(
        &self,
        look: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        look(&self.connection).map_err(|error| StoreError::of(&self.path, &error))
    }

    /// Several statements that see the database at one moment.
    pub(super) fn snapshot<T>(
        &mut self,
        look: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.transact(TransactionBehavior::Deferred, |transaction| look(transaction))
    }

    /// Several statements that are all done or none.
    pub(super) fn write<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.transact(TransactionBehavior::Immediate, change)
    }

    fn transact<T>(
        &mut self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let result = self.connection.transaction_with_behavior(behavior).and_then(|transaction| {
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        });
        result.map_err(|error| StoreError::of(&self.path, &error))
    }
}

/// A fault that a test wants in the middle of a transaction.
pub(super) fn fault(point: &str) -> rusqlite::Result<()> {
    crate::fault::point(point)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// Waits to be the only process that creates, migrates or sets aside the database at `path`. `None` where the
/// file system has no locks; `SQLite`'s own then have to do.
pub(super) fn opening_lock(path: &Path) -> Option<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(beside(path, ".lock"))
        .ok()?;
    file.lock().ok()?;
    Some(file)
}

/// `path` with `suffix` added to its last name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// An unsigned number as `SQLite`'s signed one, bit for bit.
pub(super) const fn signed(number: u64) -> i64 {
    number.cast_signed()
}

/// A number that [`signed`] stored.
pub(super) const fn unsigned(number: i64) -> u64 {
    number.cast_unsigned()
}
