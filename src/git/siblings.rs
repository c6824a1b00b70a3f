//! `lstat` of the files of one directory, with the way to it gone once for all of them where the system can do that.

use std::path::{Path, PathBuf};

use gix::bstr::BStr;

use super::error::GitError;
use super::tracked::{on_disk, stamp_of};
use crate::stamp::Stamp;

/// A directory whose files are looked at.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    #[cfg(target_os = "linux")]
    opened: Option<std::os::fd::OwnedFd>,
}

impl Directory {
    /// `path` is relative to the worktree. `None` for bytes that this system cannot have as a name. What cannot be
    /// opened is asked file by file.
    pub(super) fn open(worktree: &Path, path: &BStr) -> Option<Self> {
        let path = on_disk(worktree, path)?;
        Some(Self {
            #[cfg(target_os = "linux")]
            opened: linux::open(&path),
            path,
        })
    }

    /// The stamp of a file or link by its name; `None` where there is none, or none that can be reached.
    pub(super) fn stamp_of(&self, name: &BStr) -> Result<Option<Stamp>, GitError> {
        #[cfg(target_os = "linux")]
        if let Some(Ok(stamp)) = self.opened.as_ref().map(|dir| linux::stamp_of(dir, name)) {
            return Ok(stamp);
        }
        on_disk(&self.path, name).map_or(Ok(None), |path| stamp_of(&path))
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::OwnedFd;
    use std::path::Path;

    use gix::bstr::{BStr, ByteSlice};
    use rustix::fs::{AtFlags, Mode, OFlags, open as open_at_path, statat};
    use rustix::io::Errno;

    use crate::stamp::Stamp;

    pub(super) fn open(path: &Path) -> Option<OwnedFd> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        open_at_path(path, flags, Mode::empty()).ok()
    }

    /// # Errors
    /// Anything but absence; asked by its path it may say more.
    pub(super) fn stamp_of(dir: &OwnedFd, name: &BStr) -> Result<Option<Stamp>, Errno> {
        match statat(dir, name.as_bytes(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => {
                let nanoseconds = |seconds: i64, rest: u64| {
                    let rest = i64::try_from(rest).map_err(|_| Errno::OVERFLOW)?;
                    Ok(seconds.saturating_mul(1_000_000_000).saturating_add(rest))
                };
                let stamp = Stamp {
                    size: found.st_size.try_into().map_err(|_| Errno::OVERFLOW)?,
                    mtime_ns: nanoseconds(found.st_mtime, found.st_mtime_nsec)?,
                    ctime_ns: nanoseconds(found.st_ctime, found.st_ctime_nsec)?,
                    inode: found.st_ino,
                    mode: found.st_mode,
                };
                Ok((stamp.is_file() || stamp.is_symlink()).then_some(stamp))
            }
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn the_stamps_are_those_of_the_paths() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("a/b");
        std::fs::create_dir_all(dir.join("inner")).unwrap();
        std::fs::write(dir.join("file"), "x").unwrap();
        std::os::unix::fs::symlink("nowhere", dir.join("link")).unwrap();
        let opened = Directory::open(root.path(), "a/b".into()).unwrap();
        for name in ["file", "link"] {
            let stamp = Stamp::of(&dir.join(name).symlink_metadata().unwrap());
            assert_eq!(opened.stamp_of(name.into()).unwrap(), Some(stamp), "{name}");
        }
        for name in ["inner", "none", "file/below"] {
            assert_eq!(opened.stamp_of(name.into()).unwrap(), None, "{name}");
        }
        let none = Directory::open(root.path(), "a/none".into()).unwrap();
        assert_eq!(none.stamp_of("file".into()).unwrap(), None);
    }
}
