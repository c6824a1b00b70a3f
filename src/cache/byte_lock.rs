//! Exclusive advisory locks on single bytes of one file, which stands for all that can be locked in a cache directory:
//! no file is made or removed for a lock.
//!
//! A lock belongs to the open file that it was taken through. It goes when it is given back, or when the last process
//! that has that open file closes it, however it ends; two of one process exclude each other as those of two processes do. The bytes need not
//! be there.

use std::fs::File;
use std::io;

/// Gives the lock of one byte back, for all that have this open file.
///
/// # Errors
/// What the system says.
pub(super) fn unlock(file: &File, byte: u64) -> io::Result<()> {
    system::unlock(file, byte)
}

/// Takes the lock of one byte. `Ok(false)`: another one has it, and `wait` was not asked for.
///
/// # Errors
/// What the system says; [`io::ErrorKind::Unsupported`] where there are no such locks.
pub(super) fn lock(file: &File, byte: u64, wait: bool) -> io::Result<bool> {
    loop {
        match system::lock(file, byte, wait) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod system {
    use std::fs::File;
    use std::io;
    use std::os::fd::AsRawFd;

    pub(super) fn lock(file: &File, byte: u64, wait: bool) -> io::Result<bool> {
        let how = if wait { libc::F_OFD_SETLKW } else { libc::F_OFD_SETLK };
        match set(file, byte, how, libc::F_WRLCK) {
            Ok(()) => Ok(true),
            Err(error) => match error.raw_os_error() {
                Some(libc::EAGAIN | libc::EACCES) => Ok(false),
                _ => Err(error),
            },
        }
    }

    pub(super) fn unlock(file: &File, byte: u64) -> io::Result<()> {
        set(file, byte, libc::F_OFD_SETLK, libc::F_UNLCK)
    }

    fn set(file: &File, byte: u64, how: i32, kind: i32) -> io::Result<()> {
        // SAFETY: an all-zero flock is valid; its `l_pid` must be 0.
        let mut range: libc::flock = unsafe { std::mem::zeroed() };
        range.l_type = short(kind)?;
        range.l_whence = short(libc::SEEK_SET)?;
        range.l_start = libc::off_t::try_from(byte).map_err(io::Error::other)?;
        range.l_len = 1;
        // SAFETY: the descriptor is open as long as `file` is, and `range` outlives the call.
        let result = unsafe { libc::fcntl(file.as_raw_fd(), how, &raw const range) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// The field's type is narrower than the constant's.
    fn short(constant: i32) -> io::Result<libc::c_short> {
        constant.try_into().map_err(io::Error::other)
    }
}

#[cfg(windows)]
mod system {
    use std::fs::File;
    use std::io;
    use std::os::windows::io::AsRawHandle;

    use windows_sys::Win32::Foundation::ERROR_LOCK_VIOLATION;
    use windows_sys::Win32::Storage::FileSystem::{
        LOCKFILE_EXCLUSIVE_LOCK, LOCKFILE_FAIL_IMMEDIATELY, LockFileEx, UnlockFileEx,
    };
    use windows_sys::Win32::System::IO::OVERLAPPED;

    pub(super) fn lock(file: &File, byte: u64, wait: bool) -> io::Result<bool> {
        let immediately = if wait { 0 } else { LOCKFILE_FAIL_IMMEDIATELY };
        let mut at = place(byte);
        let flags = LOCKFILE_EXCLUSIVE_LOCK | immediately;
        // SAFETY: the handle is open as long as `file` is, and `at` outlives the call, which does not return before
        // the lock is taken: the file was not opened for overlapped work.
        if unsafe { LockFileEx(file.as_raw_handle(), flags, 0, 1, 0, &raw mut at) } != 0 {
            return Ok(true);
        }
        let error = io::Error::last_os_error();
        let taken = i32::try_from(ERROR_LOCK_VIOLATION)
            .is_ok_and(|code| error.raw_os_error() == Some(code));
        if taken { Ok(false) } else { Err(error) }
    }

    pub(super) fn unlock(file: &File, byte: u64) -> io::Result<()> {
        let mut at = place(byte);
        // SAFETY: the handle is open as long as `file` is, and `at` outlives the call.
        let result = unsafe { UnlockFileEx(file.as_raw_handle(), 0, 1, 0, &raw mut at) };
        if result != 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    fn place(byte: u64) -> OVERLAPPED {
        // SAFETY: an all-zero OVERLAPPED is valid.
        let mut at: OVERLAPPED = unsafe { std::mem::zeroed() };
        at.Anonymous.Anonymous.Offset = (byte & u64::from(u32::MAX)) as u32;
        at.Anonymous.Anonymous.OffsetHigh = (byte >> 32) as u32;
        at
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple", windows)))]
mod system {
    use std::fs::File;
    use std::io;

    pub(super) fn lock(_file: &File, _byte: u64, _wait: bool) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn unlock(_file: &File, _byte: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_is_a_lock_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let open = || {
            let path = dir.path().join("locks");
            File::options().create(true).truncate(false).write(true).open(path).unwrap()
        };
        let (one, two) = (open(), open());
        let far = u64::MAX >> 1 >> 1;
        assert!(lock(&one, 7, false).unwrap() && lock(&one, far, true).unwrap());
        assert!(!lock(&two, 7, false).unwrap() && !lock(&two, far, false).unwrap());
        assert!(lock(&two, 8, false).unwrap());
        assert!(!lock(&one, 8, false).unwrap());
        let handed_down = one.try_clone().unwrap();
        unlock(&one, 7).unwrap();
        drop(one);
        assert!(!lock(&two, far, false).unwrap());
        drop(handed_down);
        assert!(lock(&two, 7, true).unwrap() && lock(&two, far, false).unwrap());
        assert_eq!(two.metadata().unwrap().len(), 0);
    }
}
