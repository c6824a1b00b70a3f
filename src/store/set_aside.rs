//! Moving a broken database out of the way, so that a new one can take its place.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::connection::{beside, opening_lock};
use super::error::StoreError;
use crate::fault;

/// What `SQLite` keeps beside a database.
const COMPANIONS: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Which file a path led to at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileIdentity {
    #[cfg(unix)]
    inode: (u64, u64),
    #[cfg(not(unix))]
    created: Option<SystemTime>,
}

impl FileIdentity {
    /// The file that `path` leads to now; `None` when there is none.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            Some(Self { inode: (metadata.dev(), metadata.ino()) })
        }
        #[cfg(not(unix))]
        {
            Some(Self { created: metadata.created().ok() })
        }
    }
}

/// Renames the database at `path` and its companions to `<path>.broken-<ms>…`.
///
/// `broken` is the file that was found broken; when another process has replaced it since, nothing is done
/// and the result is `None`.
///
/// # Errors
/// [`StoreError::Unusable`] when it cannot be renamed.
pub fn set_aside(
    path: &Path,
    broken: Option<&FileIdentity>,
) -> Result<Option<PathBuf>, StoreError> {
    let _alone = opening_lock(path);
    if broken.is_none() || FileIdentity::of(path).as_ref() != broken {
        return Ok(None);
    }
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let aside = beside(path, &format!(".broken-{}", since_epoch.as_millis()));
    let unusable = |error| {
        let reason = format!("it is broken and cannot be renamed: {error}");
        StoreError::Unusable { path: path.to_owned(), reason }
    };
    for companion in COMPANIONS {
        match std::fs::rename(beside(path, companion), beside(&aside, companion)) {
            Err(error) if companion.is_empty() => return Err(unusable(error)),
            // Most are not there; one that stays belongs to no database and SQLite discards it.
            Err(_) | Ok(()) => {}
        }
        fault::point("set_aside.renaming").map_err(unusable)?;
    }
    fault::point("set_aside.done").map_err(unusable)?;
    Ok(Some(aside))
}
