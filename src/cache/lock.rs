//! The lock of one key: of two processes that reach the same task at once, one runs it and the other waits.
//! And the lock of one place: in one worktree a task is worked on by one process at a time, whatever its key,
//! so that nobody cleans or saves what another one writes.
//!
//! Advisory locks on bytes of the file `tasks.lock`, which go away with their holders, however those end. Where
//! there can be no lock (a read-only directory, a file system without locks) everybody gets one: the work is
//! then done twice.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3Default;

use super::byte_lock;
use super::directory::LOCKS;
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
    /// The lock of what is started here.
    file: PathBuf,
    byte: u64,
    /// Why nobody knows whether another one has the lock too.
    doubt: Option<io::Error>,
}

/// A lock, held until this is dropped: what still has its file open, too, does not keep it. No other lock is taken
/// through the same open file.
#[derive(Debug)]
struct Held {
    file: File,
    byte: u64,
}

impl Drop for Held {
    fn drop(&mut self) {
        // Closed it goes as well, unless others have it open.
        let _ = byte_lock::unlock(&self.file, self.byte);
    }
}

/// What became of asking for a lock.
enum Asked {
    Taken(Held),
    /// By another one.
    Busy,
    /// There is no telling.
    Failed(io::Error),
}

impl Cache {
    /// Takes the lock of `key`; `None` while another process, or another part of this one, holds it.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn try_lock(&self, key: &Key) -> Result<Option<KeyLock>, CacheError> {
        self.check_open()?;
        Ok(match take(&self.lock_file(), byte_of(&[key.as_str().as_bytes()]), false) {
            Asked::Taken(held) => Some(KeyLock(Some(held))),
            Asked::Busy => None,
            Asked::Failed(_) => Some(KeyLock(None)),
        })
    }

    /// Waits for the lock of `key`.
    ///
    /// # Errors
    /// [`CacheError::Closed`].
    pub fn lock(&self, key: &Key) -> Result<KeyLock, CacheError> {
        self.check_open()?;
        Ok(match take(&self.lock_file(), byte_of(&[key.as_str().as_bytes()]), true) {
            Asked::Taken(held) => KeyLock(Some(held)),
            Asked::Busy | Asked::Failed(_) => KeyLock(None),
        })
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
        let worktree = worktree.as_os_str().as_encoded_bytes();
        let byte = |what: &str| byte_of(&[what.as_bytes(), worktree, task_id.as_bytes()]);
        let file = self.lock_file();
        let (work, doubt) = match take(&file, byte("work"), false) {
            Asked::Taken(held) => (Some(held), None),
            Asked::Busy => return Ok(None),
            Asked::Failed(error) => (None, Some(error).filter(is_shortage)),
        };
        Ok(Some(PlaceLock { work, processes: None, file, byte: byte("processes"), doubt }))
    }

    fn lock_file(&self) -> PathBuf {
        self.dir().join(LOCKS)
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
        match take(&self.file, self.byte, false) {
            Asked::Taken(held) => {
                self.processes = Some(held);
                true
            }
            Asked::Busy => false,
            Asked::Failed(error) => {
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

/// The byte that stands for what has these names: 62 bits of a hash, as an offset is signed.
fn byte_of(names: &[&[u8]]) -> u64 {
    let mut hash = Xxh3Default::new();
    for name in names {
        hash.update(&(name.len() as u64).to_le_bytes());
        hash.update(name);
    }
    hash.digest() >> 2
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

fn take(path: &Path, byte: u64, wait: bool) -> Asked {
    loop {
        let file = match open(path) {
            Ok(file) => file,
            Err(error) => return Asked::Failed(error),
        };
        match byte_lock::lock(&file, byte, wait) {
            // Somebody who cleared the cache may have removed the file before it was locked. What is held then is
            // a file that nobody else will find.
            Ok(true) if is_at(&file, path) => return Asked::Taken(Held { file, byte }),
            Ok(true) => {}
            Ok(false) => return Asked::Busy,
            Err(error) => return Asked::Failed(error),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
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
const fn is_at(_file: &File, _path: &Path) -> bool {
    true
}
