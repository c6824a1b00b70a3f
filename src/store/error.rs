//! Why the database cannot be used, by what its reader can do about it.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::error::Coded;

/// What is wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A later vx wrote it. The file is left as it is.
    #[error(
        "the cache database {path:?} has schema version {found}, and this vx knows {known} and older; use the newer vx that wrote it, or another cache directory"
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema version.
        found: u32,
        /// The latest that this program knows.
        known: u32,
    },
    /// It is malformed, no database at all, or has tables that are not ours. Setting it aside helps.
    #[error(
        "the cache database {path:?} is malformed: {reason}; remove it, and it is rebuilt from the artifacts"
    )]
    Broken {
        /// The database.
        path: PathBuf,
        /// What `SQLite` said.
        reason: String,
    },
    /// It cannot be opened, locked or written: permissions, a full disk, another process. Another try may help.
    #[error(
        "the cache database {path:?} cannot be used: {reason}; check the permissions and the free space of its directory"
    )]
    Unusable {
        /// The database.
        path: PathBuf,
        /// What `SQLite` said.
        reason: String,
    },
}

impl Coded for StoreError {
    fn code(&self) -> &'static str {
        match self {
            Self::Newer { .. } => "VX_STORE_NEWER",
            Self::Broken { .. } => "VX_STORE_BROKEN",
            Self::Unusable { .. } => "VX_STORE_UNUSABLE",
        }
    }
}

impl StoreError {
    /// Sorts what `SQLite` said of the database at `path` into broken and unusable.
    pub(super) fn of(path: &Path, error: &rusqlite::Error) -> Self {
        let (path, reason) = (path.to_owned(), error.to_string());
        if is_broken(error) {
            Self::Broken { path, reason }
        } else {
            Self::Unusable { path, reason }
        }
    }
}

/// Whether the bytes of the file are at fault, not its surroundings.
fn is_broken(error: &rusqlite::Error) -> bool {
    use rusqlite::Error as E;
    match error {
        E::SqliteFailure(failure, _) | E::SqlInputError { error: failure, .. } => {
            // A file shorter than its header says reads short before SQLite calls it malformed. `Unknown` is
            // what a statement of ours gets when a table or column is missing.
            let short = failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHORT_READ;
            short
                || matches!(
                    failure.code,
                    ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown
                )
        }
        E::FromSqlConversionFailure(..)
        | E::IntegralValueOutOfRange(..)
        | E::InvalidColumnType(..)
        | E::Utf8Error(..)
        | E::QueryReturnedNoRows => true,
        _ => false,
    }
}
