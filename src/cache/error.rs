//! Why the cache could not do what it was asked. None of these needs to fail a run.

use std::path::PathBuf;

use crate::artifact::ArtifactError;
use crate::error::{Coded, Error};
use crate::key::Key;
use crate::outputs::OutputError;
use crate::store::StoreError;

/// An error of the cache.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The directory cannot be created or read.
    #[error(
        "the cache directory {path:?} cannot be used: {source}; make it a directory that you may read, or choose another with --cache-dir, or with cacheDir in vx.workspace.ts"
    )]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// [`super::Cache::close`] was called.
    #[error("the cache is closed; open another one")]
    Closed,
    /// There is no such entry, or not any more.
    #[error("the cache has no entry {key}; it may just have been evicted, run the task instead")]
    Missing {
        /// Its key.
        key: Key,
    },
    /// The artifact is damaged or not what its key says. The entry is gone; the tree is as it was.
    #[error("the cache entry {key} was dropped: {source}; run the task instead")]
    Corrupt {
        /// Its key.
        key: Key,
        /// What is wrong with it.
        source: Error,
    },
    /// An artifact could not be written or read.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The user's outputs could not be cleaned or put into place.
    #[error(transparent)]
    Outputs(#[from] OutputError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Coded for CacheError {
    fn code(&self) -> &'static str {
        match self {
            Self::Directory { .. } => "VX_CACHE_DIR",
            Self::Closed => "VX_CLOSED",
            Self::Missing { .. } => "VX_CACHE_MISSING",
            Self::Corrupt { .. } => "VX_CACHE_CORRUPT",
            Self::Artifact(error) => error.code(),
            Self::Outputs(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}
