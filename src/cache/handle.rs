//! The cache as one value: opening, closing, and the lines it has for the user.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::directory;
use super::error::CacheError;
use super::index::{Index, Version};
use crate::key::Key;
use crate::store::{Batch, Store, StoreError};

/// The local cache in one directory.
#[derive(Debug)]
pub struct Cache {
    dir: PathBuf,
    state: Mutex<State>,
    warnings: Mutex<Warnings>,
}

/// Lines for the user, each said once.
#[derive(Debug, Default)]
struct Warnings {
    all: Vec<String>,
    taken: usize,
}

#[derive(Debug)]
struct State {
    /// `None` once closed.
    index: Option<Index>,
    /// Hits whose last use is not written yet.
    touched: HashSet<Key>,
}

impl Cache {
    /// Opens the cache in `dir`, making the directory where needed.
    ///
    /// A broken database is set aside and rebuilt, one that cannot be used is replaced by an index in
    /// memory; [`Self::warnings`] then says so.
    ///
    /// # Errors
    /// [`CacheError::Directory`]; [`StoreError::Newer`] as [`CacheError::Store`].
    pub fn open(dir: &Path) -> Result<Self, CacheError> {
        let dir = std::path::absolute(dir)
            .map_err(|source| CacheError::Directory { path: dir.to_owned(), source })?;
        directory::prepare(&dir)?;
        let mut index = Index::open(&dir)?;
        let all = std::mem::take(&mut index.warnings);
        let state = State { index: Some(index), touched: HashSet::new() };
        let warnings = Mutex::new(Warnings { all, taken: 0 });
        Ok(Self { dir, state: Mutex::new(state), warnings })
    }

    /// Whether there is nothing at `dir` yet, or an empty directory: then [`Self::open`] would make a new cache.
    #[must_use]
    pub fn is_absent(dir: &Path) -> bool {
        directory::is_absent(dir)
    }

    /// The directory, absolute.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Lines for the user that came up since the last call. None comes twice.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        let new = warnings.all[warnings.taken..].to_vec();
        warnings.taken = warnings.all.len();
        new
    }

    /// Writes what is pending and closes the database. Every later call fails with [`CacheError::Closed`].
    ///
    /// # Errors
    /// [`CacheError::Closed`] when it is closed already.
    pub fn close(&self) -> Result<(), CacheError> {
        // The last use of some entries is not worth an error.
        if matches!(self.flush(), Err(CacheError::Closed)) {
            return Err(CacheError::Closed);
        }
        let index = self.state().index.take();
        if let Some(index) = index {
            index.close();
        }
        Ok(())
    }

    /// Fails once the cache is closed.
    pub(super) fn check_open(&self) -> Result<(), CacheError> {
        if self.state().index.is_some() { Ok(()) } else { Err(CacheError::Closed) }
    }

    /// Makes the directory again where somebody cleared the cache by removing it.
    pub(super) fn bring_back_directory(&self) -> Result<(), CacheError> {
        if self.dir().is_dir() { Ok(()) } else { directory::prepare(self.dir()) }
    }

    /// Uses the database.
    pub(super) fn with<T>(
        &self,
        work: impl FnMut(&mut Store) -> Result<T, StoreError>,
    ) -> Result<T, CacheError> {
        let mut state = self.state();
        let index = state.index.as_mut().ok_or(CacheError::Closed)?;
        let result = index.with(work);
        let warnings = std::mem::take(&mut index.warnings);
        drop(state);
        for warning in warnings {
            self.warn(warning);
        }
        Ok(result?)
    }

    /// What other processes have committed so far; `None` where that cannot be told.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.state().index.as_ref()?.version()
    }

    /// Whether the index knows only what was asked for.
    pub(super) fn is_in_memory(&self) -> bool {
        self.state().index.as_ref().is_some_and(Index::is_in_memory)
    }

    /// Adds a line for the user.
    pub(super) fn warn(&self, line: String) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        if !warnings.all.contains(&line) {
            warnings.all.push(line);
        }
    }

    /// Remembers that entries were hits, until the next [`Self::flush`].
    pub(super) fn note_hits(&self, keys: &[Key]) {
        self.state().touched.extend(keys.iter().cloned());
    }

    /// The hits that are not written yet; the caller writes them.
    pub(super) fn take_hits(&self) -> Vec<Key> {
        self.state().touched.drain().collect()
    }

    /// Writes the hits that are not written yet.
    pub(super) fn flush(&self) -> Result<(), CacheError> {
        let touched = self.take_hits();
        if touched.is_empty() {
            return self.check_open();
        }
        let batch = Batch { now: directory::now(), touched: &touched, ..Batch::default() };
        self.with(|store| store.keep(&batch))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        // Closed before, or the last use of some entries is lost: neither matters any more.
        let _ = self.close();
    }
}
