//! The lock of one key: of two processes that reach the same task at once, one runs it and the other waits.
//! And the lock of one place: in one worktree a task is worked on by one process at a time, whatever its key,
//! so that nobody cleans or saves what another one writes.
//!
//! Advisory locks on `locks/<32 hex digits>.lock`, which go away with their holders, however those end; the empty
//! files stay for an hour. Where there can be no lock (a read-only directory, a file system without locks) everybody
//! gets one: the work is then done twice.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3Default;

use super::directory::{LOCK, LOCKS};
use super::error::CacheError;
use super::handle::Cache;
use crate::key::Key;

/// Holds the lock of one key until it is dropped.
#[derive(Debug)]
pub struct KeyLock(#[expect(dead_code, reason = "held for its `Drop`")] Option<Held>);

/// Holds the lock of one task in one worktree until it is dropped.
#[derive(Debug)]
pub struct PlaceLock {
    #[expect(dead_code, reason = "held for its `Drop`")]
    work: Option<Held>,
    processes: Option<Held>,
    path: PathBuf,
    /// Why nobody knows whether another one has the lock too.
    doubt: Option<io::Error>,
}

#[derive(Debug)]
pub(super) struct Held {
    file: File,
    path: PathBuf,
}

impl Cache {
    /// Takes the lock of `key`; `None` while another process, or another part of this one, holds it.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn try_lock(&self, key: &Key) -> Result<Option<KeyLock>, CacheError> {
        self.check_open()?;
        Ok(match hold(&self.lock_path(key), File::try_lock) {
            Ok(held) => Some(KeyLock(Some(held))),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(_)) => Some(KeyLock(None)),
        })
    }

    /// Waits for the lock of `key`.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn lock(&self, key: &Key) -> Result<KeyLock, CacheError> {
        self.check_open()?;
        let wait = |file: &File| loop {
            match file.lock() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result.map_err(TryLockError::Error),
            }
        };
        Ok(KeyLock(hold(&self.lock_path(key), wait).ok()))
    }

    /// Takes the lock of the place where `task_id` works in `worktree`; `None` while another process holds it.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn try_lock_place(
        &self,
        worktree: &Path,
        task_id: &str,
    ) -> Result<Option<PlaceLock>, CacheError> {
        self.check_open()?;
        let path = |what| self.dir().join(LOCKS).join(place_name(what, worktree, task_id));
        let of = |work, doubt| PlaceLock { work, processes: None, path: path("processes"), doubt };
        Ok(match hold(&path("work"), File::try_lock) {
            Ok(held) => Some(of(Some(held), None)),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Error(error)) => Some(of(None, Some(error).filter(is_shortage))),
        })
    }

    fn lock_path(&self, key: &Key) -> PathBuf {
        self.dir().join(LOCKS).join(format!("{key}{LOCK}"))
    }
}

impl PlaceLock {
    /// Whether nothing that a killed holder had started is still at work here.
    ///
    /// The holder's processes keep [`Self::file`] open, and with it a lock of its own, until they end or until
    /// this is dropped. So it is free, unless a holder died before what it had started.
    pub fn is_clear(&mut self) -> bool {
        if self.processes.is_some() {
            return true;
        }
        match hold(&self.path, File::try_lock) {
            Ok(held) => {
                self.processes = Some(held);
                true
            }
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(error)) => {
                self.doubt = self.doubt.take().or_else(|| Some(error).filter(is_shortage));
                true
            }
        }
    }

    /// What the processes that are started to work here have to keep open; nothing before [`Self::is_clear`],
    /// and where there can be no lock.
    #[must_use]
    pub fn file(&self) -> Option<&File> {
        self.processes.as_ref().map(|held| &held.file)
    }

    /// Why it cannot be told whether another process has the lock too, if so: there were too many open files
    /// to look.
    #[must_use]
    pub const fn doubt(&self) -> Option<&io::Error> {
        self.doubt.as_ref()
    }
}

/// The name of a place's lock file: like a key's, so that what is left of it is cleared away like those.
fn place_name(what: &str, worktree: &Path, task_id: &str) -> String {
    let mut hash = Xxh3Default::new();
    for part in [what.as_bytes(), worktree.as_os_str().as_encoded_bytes(), task_id.as_bytes()] {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    format!("{:032x}{LOCK}", hash.digest128())
}

/// Whether a lock could not even be asked for, and may be there all the same.
#[cfg(unix)]
fn is_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE))
}

#[cfg(not(unix))]
const fn is_shortage(_error: &io::Error) -> bool {
    false
}

/// Locks the file at `path`, making it where needed.
pub(super) fn hold(
    path: &Path,
    lock: impl Fn(&File) -> Result<(), TryLockError>,
) -> Result<Held, TryLockError> {
    loop {
        let file = open(path).map_err(TryLockError::Error)?;
        lock(&file)?;
        // Who cleared away old locks may have removed the file between our opening and our locking it. What we
        // hold then is a file that nobody else will find.
        if is_at(&file, path) {
            return Ok(Held { file, path: path.to_owned() });
        }
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    let open = || File::options().create(true).truncate(false).write(true).open(path);
    match open() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            open()
        }
        result => result,
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let same = || {
        let (here, there) = (file.metadata().ok()?, std::fs::symlink_metadata(path).ok()?);
        Some((here.dev(), here.ino()) == (there.dev(), there.ino()))
    };
    same().unwrap_or(false)
}

/// Elsewhere nobody can remove a file that another one has open.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

impl Held {
    /// Removes the file, for one that has not been used for long: files are made once and stay, as a file system may
    /// be slow to make files where many were removed just before.
    pub(super) fn remove(self) {
        // While still locked: whoever waits on this file sees that it is gone and looks again.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}
