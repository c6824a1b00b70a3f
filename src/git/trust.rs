//! When the index may stand for a file's bytes: each rule of the design in one small function.
//!
//! An oid is taken from the index only if every rule holds. Whatever is not understood counts as a breach: the file
//! is hashed then, which is slower and never wrong.

use gix::index::entry::{Flags, Mode, Stage};
use gix::index::{Entry, State};

use super::installations;
use crate::stamp::Stamp;

const NS: i64 = 1_000_000_000;

/// The rules that the entry alone decides.
pub(super) fn entry_may_be_trusted(entry: &Entry) -> bool {
    is_resolved(entry) && is_regular_file(entry) && is_watched_by_git(entry) && has_oid(entry)
}

/// The rules that the entry, its index and the file on disk decide.
pub(super) fn file_is_as_recorded(entry: &Entry, index: &State, stamp: &Stamp) -> bool {
    lstat_agrees(entry, stamp) && is_not_racy(entry, index) && size_zero_is_meant(entry)
}

/// Stage 0: not one side of a merge conflict.
fn is_resolved(entry: &Entry) -> bool {
    entry.stage() == Stage::Unconflicted
}

/// A regular file in the index: no link, no submodule, no folded directory.
fn is_regular_file(entry: &Entry) -> bool {
    entry.mode == Mode::FILE || entry.mode == Mode::FILE_EXECUTABLE
}

/// Neither skip-worktree nor assume-unchanged, which tell git to look away, nor intent-to-add, which has no content.
fn is_watched_by_git(entry: &Entry) -> bool {
    !entry.flags.intersects(Flags::SKIP_WORKTREE | Flags::ASSUME_VALID | Flags::INTENT_TO_ADD)
}

fn has_oid(entry: &Entry) -> bool {
    !entry.id.is_null()
}

/// `lstat` agrees in kind, executable bit, size, mtime, ctime and inode.
///
/// The index keeps the low 32 bits of size, seconds and inode. Nanoseconds must agree too: an index written without
/// them (zero) only stands for a file whose times have none.
fn lstat_agrees(entry: &Entry, stamp: &Stamp) -> bool {
    let stat = &entry.stat;
    let executable = entry.mode == Mode::FILE_EXECUTABLE;
    let size = u32::try_from(stamp.size).is_ok_and(|size| size == stat.size);
    let kind = stamp.is_file() && (!cfg!(unix) || stamp.is_executable() == executable);
    size && kind && time_agrees(stat.mtime, stamp.mtime_ns) && inode_agrees(entry, stamp)
}

/// Where the system has neither (`0`, as git records them there), they say nothing.
fn inode_agrees(entry: &Entry, stamp: &Stamp) -> bool {
    let inode = low_bits(i128::from(stamp.inode)) == entry.stat.ino;
    !cfg!(unix) || (inode && time_agrees(entry.stat.ctime, stamp.ctime_ns))
}

fn time_agrees(recorded: gix::index::entry::stat::Time, ns: i64) -> bool {
    low_bits(i128::from(ns.div_euclid(NS))) == recorded.secs
        && i64::from(recorded.nsecs) == ns.rem_euclid(NS)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the index keeps the low 32 bits"
)]
const fn low_bits(value: i128) -> u32 {
    value as u32
}

/// The file was last changed, by mtime and by ctime, in an earlier second than the one in which the index was written.
///
/// Seconds, as git itself compares them: a change within one tick of the clock after git looked leaves the times as
/// they were, and how long before the index was written git looked is not known. The ctime too, because an mtime can
/// be put back.
fn is_not_racy(entry: &Entry, index: &State) -> bool {
    let last_change = entry.stat.mtime.secs.max(entry.stat.ctime.secs);
    i64::from(last_change) < index.timestamp().unix_seconds()
}

/// Git records the size 0 for an entry that it could not rely on; only an empty blob really has it.
fn size_zero_is_meant(entry: &Entry) -> bool {
    entry.stat.size != 0 || entry.id.is_empty_blob()
}

/// The rules that hold, or not, for the whole repository; attributes aside.
pub(super) fn repository_may_be_trusted(repo: &gix::Repository) -> bool {
    let config = repo.config_snapshot();
    is_ours(repo)
        && autocrlf_is_off(&config)
        && stat_is_not_weakened(&config)
        && attributes_come_from_the_worktree(&config)
        && environment_is_understood()
}

/// A repository of another user is opened without its own configuration, so its filters are not known.
fn is_ours(repo: &gix::Repository) -> bool {
    repo.git_dir_trust() == gix::sec::Trust::Full
}

fn autocrlf_is_off(config: &gix::config::Snapshot<'_>) -> bool {
    matches!(config.try_boolean("core.autocrlf"), Ok(None | Some(false)))
}

/// `core.trustctime` and `core.checkStat` are at their strict defaults.
fn stat_is_not_weakened(config: &gix::config::Snapshot<'_>) -> bool {
    let ctime = matches!(config.try_boolean("core.trustctime"), Ok(None | Some(true)));
    let stat = config.string("core.checkStat");
    ctime && stat.is_none_or(|value| value.eq_ignore_ascii_case(b"default"))
}

/// Neither `attr.tree` nor `GIT_ATTR_SOURCE` takes attributes from a commit.
fn attributes_come_from_the_worktree(config: &gix::config::Snapshot<'_>) -> bool {
    config.string("attr.tree").is_none() && std::env::var_os("GIT_ATTR_SOURCE").is_none()
}

/// The settings that the rules above read.
const MATTER: [&str; 6] =
    ["autocrlf", "attributesfile", "trustctime", "checkstat", "attr.tree", "include"];

/// `git -c …` hands its settings on in `GIT_CONFIG_PARAMETERS`, which is not read here: none of them may matter. Nor
/// may those of a git installation whose configuration is not found without asking it.
fn environment_is_understood() -> bool {
    let silent = |text: &str| {
        let text = text.to_ascii_lowercase();
        !MATTER.iter().any(|name| text.contains(name))
    };
    let parameters = std::env::var_os("GIT_CONFIG_PARAMETERS").unwrap_or_default();
    silent(&parameters.to_string_lossy())
        && installations::config_files().all(|path| match std::fs::read(path) {
            Ok(text) => silent(&String::from_utf8_lossy(&text)),
            Err(error) => error.kind() != std::io::ErrorKind::PermissionDenied,
        })
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use gix::index::entry::Stat;
    use gix::index::entry::stat::Time;

    use super::*;

    const OID: gix::ObjectId = gix::ObjectId::Sha1([7; 20]);

    /// A file whose last change lies `age` seconds before the index was written, as lstat has it.
    fn stamp(index: &State, age: i64) -> Stamp {
        let ns = (index.timestamp().unix_seconds() - age) * NS;
        let inode = (9 << 32) | 0x2a;
        Stamp { size: 5, mtime_ns: ns + 123, ctime_ns: ns + 456, inode, mode: 0o100_644 }
    }

    /// The entry that git records of it.
    fn recorded(stamp: &Stamp) -> Stat {
        let time = |ns: i64| Time {
            secs: u32::try_from(ns / NS).unwrap(),
            nsecs: u32::try_from(ns % NS).unwrap(),
        };
        Stat {
            mtime: time(stamp.mtime_ns),
            ctime: time(stamp.ctime_ns),
            ino: 0x2a,
            size: u32::try_from(stamp.size).unwrap(),
            ..Stat::default()
        }
    }

    /// Whether a file is trusted, with the entry that git would make of it, changed by `change`.
    fn trusts(age: i64, change: impl FnOnce(&mut Entry, &mut Stamp)) -> bool {
        let mut index = State::new(gix::hash::Kind::Sha1);
        let mut stamp = stamp(&index, age);
        let stat = recorded(&stamp);
        index.dangerously_push_entry(stat, OID, Flags::empty(), Mode::FILE, "f".into());
        change(&mut index.entries_mut()[0], &mut stamp);
        let entry = &index.entries()[0];
        entry_may_be_trusted(entry) && file_is_as_recorded(entry, &index, &stamp)
    }

    #[test]
    fn a_file_that_is_as_recorded_is_trusted() {
        assert!(trusts(1, |_, _| ()) && trusts(1_000_000, |_, _| ()));
        assert!(trusts(1, |entry, stamp| {
            entry.mode = Mode::FILE_EXECUTABLE;
            stamp.mode = 0o100_755;
        }));
        assert!(trusts(1, |entry, stamp| {
            (entry.stat.size, stamp.size) = (0, 0);
            entry.id = gix::ObjectId::empty_blob(gix::hash::Kind::Sha1);
        }));
    }

    #[test]
    fn each_field_of_lstat_must_agree() {
        let changes: [fn(&mut Entry, &mut Stamp); 12] = [
            |_, stamp| stamp.size += 1,
            |_, stamp| stamp.size += 1 << 32,
            |_, stamp| stamp.mtime_ns += 1,
            |_, stamp| stamp.mtime_ns -= NS,
            |_, stamp| stamp.ctime_ns += 1,
            |_, stamp| stamp.ctime_ns -= NS,
            |_, stamp| stamp.inode += 1,
            |_, stamp| stamp.mode = 0o100_755,
            |_, stamp| stamp.mode = 0o120_777,
            |entry, _| entry.mode = Mode::FILE_EXECUTABLE,
            |entry, _| entry.stat.mtime.nsecs = 0,
            |entry, _| entry.stat.ctime.nsecs = 0,
        ];
        for (at, change) in changes.into_iter().enumerate() {
            assert!(!trusts(1, change), "change {at}");
        }
    }

    #[test]
    fn an_entry_that_says_little_is_not_trusted() {
        for mode in [Mode::SYMLINK, Mode::COMMIT, Mode::DIR] {
            assert!(!trusts(1, |entry, _| entry.mode = mode));
        }
        for stage in [Stage::Base, Stage::Ours, Stage::Theirs] {
            assert!(!trusts(1, |entry, _| entry.flags = Flags::from_stage(stage)));
        }
        for flag in [Flags::SKIP_WORKTREE, Flags::ASSUME_VALID, Flags::INTENT_TO_ADD] {
            assert!(!trusts(1, |entry, _| entry.flags = flag));
        }
        assert!(!trusts(1, |entry, _| entry.id = gix::hash::Kind::Sha1.null()));
        // Git's own mark of an entry that it could not rely on.
        assert!(!trusts(1, |entry, stamp| (entry.stat.size, stamp.size) = (0, 0)));
    }

    #[test]
    fn a_change_in_the_second_of_the_index_or_later_is_racy() {
        assert!(!trusts(0, |_, _| ()) && !trusts(-1, |_, _| ()));
        // An mtime that was put back does not hide a late change.
        assert!(!trusts(0, |entry, stamp| {
            stamp.mtime_ns -= 1000 * NS;
            entry.stat = recorded(stamp);
        }));
        assert!(!trusts(1, |entry, stamp| {
            stamp.mtime_ns += 1000 * NS;
            entry.stat = recorded(stamp);
        }));
    }
}
