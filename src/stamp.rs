//! What `lstat` says of one file: enough to tell that it has not been touched since it was last looked at.

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// How old a change must be for a stamp to be proof.
const RACY_NS: i64 = 50_000_000;

/// The fields of an `lstat` that move whenever a file is written, replaced or chmod'ed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Last modification, nanoseconds since the epoch.
    pub mtime_ns: i64,
    /// Last change of the inode, nanoseconds since the epoch; 0 where the system has none.
    pub ctime_ns: i64,
    /// Inode number; 0 where the system has none.
    pub inode: u64,
    /// Kind and permission bits as in `st_mode`; where the system has none, only the kind.
    pub mode: u32,
}

/// `st_mode`'s bits for the kind of a file, the same on every system.
pub mod kind {
    /// The mask.
    pub const MASK: u32 = 0o170_000;
    /// A regular file.
    pub const FILE: u32 = 0o100_000;
    /// A directory.
    pub const DIRECTORY: u32 = 0o040_000;
    /// A symbolic link.
    pub const SYMLINK: u32 = 0o120_000;
}

/// Whether looking at a path failed because nothing can be there: a missing name, a file or a loop of links where a
/// directory would have to be, a name longer than any.
#[must_use]
pub fn is_absence(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{InvalidFilename, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | InvalidFilename) || is_link_loop(error)
}

#[cfg(unix)]
fn is_link_loop(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(libc::ELOOP)
}

#[cfg(not(unix))]
fn is_link_loop(_error: &std::io::Error) -> bool {
    false
}

/// The stamp of what is at `path` itself; `None`: there is nothing.
///
/// # Errors
/// What the system says, but for absence.
pub fn lstat(path: &Path) -> io::Result<Option<Stamp>> {
    present(path.symlink_metadata())
}

/// The stamp of what `path` leads to; `None`: there is nothing.
///
/// # Errors
/// What the system says, but for absence.
pub fn stat(path: &Path) -> io::Result<Option<Stamp>> {
    present(path.metadata())
}

fn present(found: io::Result<Metadata>) -> io::Result<Option<Stamp>> {
    match found {
        Ok(metadata) => Ok(Some(Stamp::of(&metadata))),
        Err(error) if is_absence(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Stamp {
    /// Takes the stamp of what `lstat` (`symlink_metadata`) returned.
    #[cfg(unix)]
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        let nanoseconds =
            |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
        Self {
            size: metadata.size(),
            mtime_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            ctime_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
            mode: metadata.mode(),
        }
    }

    /// Takes the stamp of what `lstat` (`symlink_metadata`) returned.
    #[cfg(not(unix))]
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        let since_epoch = |time: std::io::Result<std::time::SystemTime>| {
            time.ok()
                .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
                .and_then(|age| i64::try_from(age.as_nanos()).ok())
                .unwrap_or(0)
        };
        let kind = if metadata.is_symlink() {
            kind::SYMLINK
        } else if metadata.is_dir() {
            kind::DIRECTORY
        } else {
            kind::FILE
        };
        Self {
            size: metadata.len(),
            mtime_ns: since_epoch(metadata.modified()),
            ctime_ns: 0,
            inode: 0,
            mode: kind,
        }
    }

    /// Whether the last change lies far enough before `looked_at`, the time just before the `lstat`, for the stamp to
    /// be proof of what the file holds: 50 ms. A second write in the same tick of the file system's clock leaves the
    /// stamp as it was.
    #[must_use]
    pub fn is_proof(&self, looked_at: SystemTime) -> bool {
        let looked_at = looked_at
            .duration_since(UNIX_EPOCH)
            .map_or(0, |age| i64::try_from(age.as_nanos()).unwrap_or(i64::MAX));
        self.mtime_ns.max(self.ctime_ns) <= looked_at.saturating_sub(RACY_NS)
    }

    /// Whether this is a regular file.
    #[must_use]
    pub const fn is_file(&self) -> bool {
        self.mode & kind::MASK == kind::FILE
    }

    /// Whether this is a symbolic link.
    #[must_use]
    pub const fn is_symlink(&self) -> bool {
        self.mode & kind::MASK == kind::SYMLINK
    }

    /// Whether this is a directory.
    #[must_use]
    pub const fn is_directory(&self) -> bool {
        self.mode & kind::MASK == kind::DIRECTORY
    }

    /// Whether the owner may execute it, as git sees the bit.
    #[must_use]
    pub const fn is_executable(&self) -> bool {
        self.mode & 0o100 != 0
    }
}
