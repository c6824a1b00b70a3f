//! Stamps and times as cap-std speaks of them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cap_std::fs::Metadata;

use crate::stamp::Stamp;

/// The same as [`Stamp::of`] of the same file.
#[cfg(unix)]
pub(super) fn stamp(metadata: &Metadata) -> Stamp {
    use cap_std::fs::MetadataExt;
    let nanoseconds =
        |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
    Stamp {
        size: metadata.size(),
        mtime_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        ctime_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        inode: metadata.ino(),
        mode: metadata.mode(),
    }
}

/// The same as [`Stamp::of`] of the same file.
#[cfg(not(unix))]
pub(super) fn stamp(metadata: &Metadata) -> Stamp {
    use crate::stamp::kind;
    let modified = metadata.modified().ok().map(cap_std::time::SystemTime::into_std);
    let mtime_ns = modified
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .and_then(|age| i64::try_from(age.as_nanos()).ok())
        .unwrap_or(0);
    let mode = if metadata.is_symlink() {
        kind::SYMLINK
    } else if metadata.is_dir() {
        kind::DIRECTORY
    } else {
        kind::FILE
    };
    Stamp { size: metadata.len(), mtime_ns, ctime_ns: 0, inode: 0, mode }
}

/// A time that is given in nanoseconds since the epoch.
pub(super) fn time(ns: i64) -> SystemTime {
    let distance = Duration::from_nanos(ns.unsigned_abs());
    let time =
        if ns < 0 { UNIX_EPOCH.checked_sub(distance) } else { UNIX_EPOCH.checked_add(distance) };
    time.unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use cap_std::ambient_authority;
    use cap_std::fs::Dir;

    use super::*;

    #[test]
    fn both_ways_to_stat_agree() {
        let temp = tempfile::tempdir().unwrap();
        std::fs::write(temp.path().join("file"), "x").unwrap();
        std::fs::create_dir(temp.path().join("dir")).unwrap();
        let file = std::fs::File::options().write(true).open(temp.path().join("file")).unwrap();
        file.set_times(std::fs::FileTimes::new().set_modified(time(-1))).unwrap();
        let dir = Dir::open_ambient_dir(temp.path(), ambient_authority()).unwrap();
        for name in ["file", "dir"] {
            let std = Stamp::of(&temp.path().join(name).symlink_metadata().unwrap());
            assert_eq!(stamp(&dir.symlink_metadata(name).unwrap()), std);
        }
        assert_eq!(stamp(&dir.symlink_metadata("file").unwrap()).mtime_ns, -1);
    }
}
