//! Whether a directory lies on a network file system, where `SQLite`'s shared memory does not work.

use std::path::Path;

/// `statfs` magic numbers of file systems whose memory maps are not shared between hosts, or may not be.
/// Sources: `linux/magic.h` and the headers of the file systems themselves.
#[cfg(target_os = "linux")]
const NETWORK: [i128; 13] = [
    0x6969,      // NFS
    0x517B,      // SMB
    0xFF53_4D42, // CIFS
    0xFE53_4D42, // SMB2
    0x6573_5546, // FUSE: sshfs and its kin; it does not say which
    0x0102_1997, // 9p: also the Windows drives of WSL 2
    0x5346_414F, // AFS
    0x6B41_4653, // kAFS
    0x7375_7245, // Coda
    0x00C3_6400, // Ceph
    0x0BD0_0BD0, // Lustre
    0x0116_1970, // GFS2
    0x7461_636F, // OCFS2
];

/// Whether `dir` is, or may be, on another machine. `false` where the system does not tell.
#[cfg(target_os = "linux")]
pub(super) fn is_network(dir: &Path) -> bool {
    statfs(dir).is_some_and(|stat| NETWORK.contains(&(i128::from(stat.f_type) & 0xFFFF_FFFF)))
}

/// Whether `dir` is, or may be, on another machine. `false` where the system does not tell.
#[cfg(target_os = "macos")]
pub(super) fn is_network(dir: &Path) -> bool {
    statfs(dir).is_some_and(|stat| stat.f_flags & libc::MNT_LOCAL.cast_unsigned() == 0)
}

/// Whether `dir` is, or may be, on another machine. `false` where the system does not tell.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(super) fn is_network(_dir: &Path) -> bool {
    false
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn statfs(dir: &Path) -> Option<libc::statfs> {
    use std::os::unix::ffi::OsStrExt;

    let path = std::ffi::CString::new(dir.as_os_str().as_bytes()).ok()?;
    let mut stat = std::mem::MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: `path` is NUL-terminated and `stat` is room for one `statfs`, which a result of 0 has filled.
    unsafe { (libc::statfs(path.as_ptr(), stat.as_mut_ptr()) == 0).then(|| stat.assume_init()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_does_not_exist_is_not_on_a_network() {
        assert!(!is_network(Path::new("/no/such/directory")));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_s_own_file_system_is_local() {
        assert!(!is_network(Path::new("/proc")));
    }
}
