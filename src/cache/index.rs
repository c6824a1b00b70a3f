//! The database with its way back: whatever happens to the file, the index goes on.
//!
//! Malformed: it is set aside and rebuilt from the artifacts. Replaced by another process: opened again. Not
//! to be opened, locked or written: an index in memory takes over, and rows come back from the artifacts as
//! they are asked for. Only a database of a later schema is an error, and only on opening.

use std::path::{Path, PathBuf};

use super::adopt;
use super::directory::{self, DATABASE};
use super::error::CacheError;
use crate::store::{FileIdentity, Store, StoreError, set_aside};

/// How often one process opens a database anew before it does without.
const REOPENINGS: u8 = 2;

/// The index of one cache directory.
#[derive(Debug)]
pub(super) struct Index {
    dir: PathBuf,
    store: Store,
    medium: Medium,
    reopened: u8,
    /// Lines for the user that nobody has taken yet.
    pub(super) warnings: Vec<String>,
}

/// What other processes have committed so far: two are the same if none has committed in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    reopened: u8,
    data: i64,
}

/// Where the index lives.
#[derive(Debug)]
enum Medium {
    /// In this file.
    File(Option<FileIdentity>),
    /// In the memory of this process.
    Memory,
}

/// Whether the database at `path` could be one without a schema: one page is the least that it takes.
fn may_be_empty(path: &Path) -> bool {
    std::fs::metadata(path).map_or(true, |database| database.len() <= 4096)
}

impl Index {
    /// Opens the index of `dir`.
    ///
    /// # Errors
    /// [`StoreError::Newer`].
    pub(super) fn open(dir: &Path) -> Result<Self, CacheError> {
        let path = dir.join(DATABASE);
        // Taken before opening, so that it is the file that was found broken and no later one.
        let identity = FileIdentity::of(&path);
        // Another process may add artifacts as soon as there is a database: those do not count as orphans.
        let orphans = may_be_empty(&path)
            && directory::artifacts(dir).is_ok_and(|artifacts| !artifacts.is_empty());
        let found = if identity.is_none() { "was missing" } else { "was empty" };
        let with = |store, medium| Self {
            dir: dir.to_owned(),
            store,
            medium,
            reopened: 0,
            warnings: Vec::new(),
        };
        match Store::open(&path) {
            Ok(store) => {
                let is_new = store.is_new();
                let mut index = with(store, Medium::File(FileIdentity::of(&path)));
                index.fill(is_new, (orphans && is_new).then(|| found.to_owned()));
                Ok(index)
            }
            Err(error @ StoreError::Newer { .. }) => Err(error.into()),
            Err(error) => {
                let mut index = with(Store::in_memory()?, Medium::File(identity));
                index.recover(&error);
                Ok(index)
            }
        }
    }

    /// Whether the index is lost when the process ends, and knows only what was asked for.
    pub(super) const fn is_in_memory(&self) -> bool {
        matches!(self.medium, Medium::Memory)
    }

    /// Which state of the database others have left it in; `None` where that cannot be told.
    pub(super) fn version(&self) -> Option<Version> {
        let data = self.store.data_version().ok().filter(|_| !self.is_in_memory())?;
        Some(Version { reopened: self.reopened, data })
    }

    /// Uses the database, with another try wherever the index could be repaired. `work` must be repeatable:
    /// what fails has changed nothing.
    pub(super) fn with<T>(
        &mut self,
        mut work: impl FnMut(&mut Store) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        loop {
            match work(&mut self.store) {
                Err(error) if !self.is_in_memory() => self.recover(&error),
                result => return result,
            }
        }
    }

    /// Closes the database.
    pub(super) fn close(self) {
        self.store.close();
    }

    fn path(&self) -> PathBuf {
        self.dir.join(DATABASE)
    }

    /// Goes on with a new database or without one; never ends where it began more than a few times.
    fn recover(&mut self, error: &StoreError) {
        self.reopened += 1;
        let identity = match std::mem::replace(&mut self.medium, Medium::Memory) {
            Medium::File(identity) => identity,
            Medium::Memory => None,
        };
        if self.reopened > REOPENINGS {
            return self.do_without(error);
        }
        // The connection must be gone before its file is moved: some systems do not rename open files.
        if !self.start_in_memory() {
            return;
        }
        match error {
            StoreError::Broken { reason, .. } => match set_aside(&self.path(), identity.as_ref()) {
                Ok(aside) => self.reopen(aside.map(|aside| {
                    format!("was malformed ({reason}); it is kept as {}", aside.display())
                })),
                Err(error) => self.do_without(&error),
            },
            StoreError::Unusable { .. } | StoreError::Newer { .. } => {
                let now = FileIdentity::of(&self.path());
                if now.is_some() && identity.is_some() && now != identity {
                    self.reopen(None);
                } else {
                    self.do_without(error);
                }
            }
        }
    }

    fn reopen(&mut self, found: Option<String>) {
        match Store::open(&self.path()) {
            Ok(store) => {
                let is_new = store.is_new();
                self.store = store;
                self.medium = Medium::File(FileIdentity::of(&self.path()));
                self.fill(is_new, found);
            }
            Err(error) => self.do_without(&error),
        }
    }

    /// Fills a new database from the artifacts. `found`: what was wrong with the one before.
    fn fill(&mut self, is_new: bool, found: Option<String>) {
        let rebuilt = if is_new { self.rebuild() } else { 0 };
        if let Some(found) = found {
            let artifacts = if rebuilt == 1 { "artifact" } else { "artifacts" };
            self.warnings.push(format!(
                "the cache database {} {found}; it has been rebuilt from {rebuilt} {artifacts}, and the history of runs begins anew",
                self.path().display()
            ));
        }
    }

    /// Adopts all artifacts. A failure costs nothing: each is adopted when it is first asked for.
    fn rebuild(&mut self) -> usize {
        let rows = adopt::all(&self.dir);
        match self.store.adopt(&rows) {
            Ok(()) => rows.len(),
            Err(_) => 0,
        }
    }

    fn do_without(&mut self, error: &StoreError) {
        if self.start_in_memory() {
            self.warnings.push(format!("{error}; until then vx goes on with an index in memory"));
        }
    }

    /// `false` when there is no memory for it; then the database in use stays, and fails as it did.
    fn start_in_memory(&mut self) -> bool {
        self.medium = Medium::Memory;
        Store::in_memory().map(|store| self.store = store).is_ok()
    }
}
