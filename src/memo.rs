//! Content hashes remembered by stamp, so that a file that has not moved is not read again.
//!
//! A memo holds what earlier runs learnt and collects what this one learns; who keeps it between runs is not
//! its business. Of files whose oid git's index names it only holds that their bytes were read once and gave
//! that very oid: the index cannot tell whether a filter that is gone by now stood between the two. What changed so shortly before it was looked at that its stamp is no proof
//! ([`Stamp::is_proof`]) is never remembered.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::file_id::{ObjectFormat, Oid};
use crate::key::Framing;
use crate::stamp::Stamp;

/// How many confirmations are kept for one workspace: what a repository of a million files needs.
pub const MOST_CONFIRMED: usize = 1_000_000;

/// One remembered hash of a regular file's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Absolute path.
    pub path: PathBuf,
    /// The file as it was when its bytes were read.
    pub stamp: Stamp,
    /// Its blob oid.
    pub oid: Oid,
}

/// That the bytes of one path at one stamp gave one oid: 128 bits of hash over the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Confirmed(pub u128);

impl Confirmed {
    fn new(path: &Path, stamp: &Stamp, oid: &Oid) -> Self {
        let mut stream = Framing::hashing();
        stream.bytes(path.as_os_str().as_encoded_bytes()).text(oid.as_str());
        let Stamp { size, mtime_ns, ctime_ns, inode, mode } = stamp;
        for number in [size.to_le_bytes(), mtime_ns.to_le_bytes(), ctime_ns.to_le_bytes()] {
            stream.bytes(&number);
        }
        stream.bytes(&inode.to_le_bytes()).bytes(&mode.to_le_bytes());
        Self(stream.digest())
    }
}

/// What is known of files' contents, shared by the threads of one run.
#[derive(Debug, Default)]
pub struct Memo {
    known: HashMap<PathBuf, (Stamp, Oid)>,
    confirmed: HashSet<Confirmed>,
    learnt: Mutex<HashMap<PathBuf, (Stamp, Oid)>>,
    newly_confirmed: Mutex<HashSet<Confirmed>>,
}

impl Memo {
    /// Starts from what earlier runs remembered.
    pub fn new(rows: impl IntoIterator<Item = Remembered>) -> Self {
        let known = rows.into_iter().map(|row| (row.path, (row.stamp, row.oid))).collect();
        Self { known, ..Self::default() }
    }

    /// Adds what earlier runs confirmed.
    #[must_use]
    pub fn with_confirmed(self, confirmed: HashSet<Confirmed>) -> Self {
        Self { confirmed, ..self }
    }

    /// Whether the bytes of `path` were once read at this stamp and gave `oid`.
    #[must_use]
    pub fn is_confirmed(&self, path: &Path, stamp: &Stamp, oid: &Oid) -> bool {
        let it = Confirmed::new(path, stamp, oid);
        self.confirmed.contains(&it)
            || self.newly_confirmed.lock().unwrap_or_else(PoisonError::into_inner).contains(&it)
    }

    /// Notes that the bytes of `path` gave `oid`, under the same condition as [`Self::learn`].
    pub fn confirm(&self, path: &Path, stamp: &Stamp, oid: &Oid, looked_at: SystemTime) {
        if stamp.is_proof(looked_at) {
            let it = Confirmed::new(path, stamp, oid);
            self.newly_confirmed.lock().unwrap_or_else(PoisonError::into_inner).insert(it);
        }
    }

    /// All that is confirmed now, if this run added to it; at most [`MOST_CONFIRMED`], this run's first.
    #[must_use]
    pub fn take_confirmed(&self) -> Option<Vec<Confirmed>> {
        let newly = std::mem::take(
            &mut *self.newly_confirmed.lock().unwrap_or_else(PoisonError::into_inner),
        );
        if newly.is_empty() {
            return None;
        }
        let mut all: Vec<Confirmed> = newly.into_iter().collect();
        if all.len() + self.confirmed.len() <= MOST_CONFIRMED {
            all.extend(&self.confirmed);
        }
        Some(all)
    }

    /// The oid of `path`, if it was read when it had exactly this stamp and in this object format.
    #[must_use]
    pub fn recall(&self, path: &Path, stamp: &Stamp, format: ObjectFormat) -> Option<Oid> {
        let fits = |(then, oid): &(Stamp, Oid)| {
            (then == stamp && oid.format() == format).then(|| oid.clone())
        };
        // Whatever fits the stamp is right, whenever it was learnt; what was known before needs no lock.
        self.known.get(path).and_then(fits).or_else(|| {
            let learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
            learnt.get(path).and_then(fits)
        })
    }

    /// Remembers a hash, unless the file changed too shortly before `looked_at` for its stamp to be proof.
    /// `looked_at` is the time just before the `lstat` that gave `stamp`.
    pub fn learn(&self, path: &Path, stamp: Stamp, oid: &Oid, looked_at: SystemTime) {
        if stamp.is_proof(looked_at) {
            let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
            learnt.insert(path.to_owned(), (stamp, oid.clone()));
        }
    }

    /// What this run learnt, for whoever keeps it.
    #[must_use]
    pub fn take_learnt(&self) -> Vec<Remembered> {
        let learnt =
            std::mem::take(&mut *self.learnt.lock().unwrap_or_else(PoisonError::into_inner));
        learnt.into_iter().map(|(path, (stamp, oid))| Remembered { path, stamp, oid }).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_stamp_that_moved_recalls_nothing_and_a_racy_one_is_not_learnt() {
        let memo = Memo::default();
        let oid = Oid::from_hex("a".repeat(40)).unwrap();
        let stamp = Stamp {
            size: 1,
            mtime_ns: 1_000_000_000,
            ctime_ns: 1_000_000_000,
            inode: 7,
            mode: 0o100_644,
        };
        let path = Path::new("/w/a");
        memo.learn(path, stamp, &oid, UNIX_EPOCH + Duration::from_millis(1049));
        assert_eq!(memo.recall(path, &stamp, ObjectFormat::Sha1), None);
        memo.learn(path, stamp, &oid, UNIX_EPOCH + Duration::from_millis(1050));
        assert_eq!(memo.recall(path, &stamp, ObjectFormat::Sha1), Some(oid));
        assert_eq!(memo.recall(path, &stamp, ObjectFormat::Sha256), None);
        let moved = Stamp { ctime_ns: 1_000_000_001, ..stamp };
        assert_eq!(memo.recall(path, &moved, ObjectFormat::Sha1), None);
    }

    #[test]
    fn a_confirmation_is_for_one_path_one_stamp_and_one_oid() {
        let memo = Memo::default();
        let oid = |digit: &str| Oid::from_hex(digit.repeat(40)).unwrap();
        let stamp = Stamp { size: 1, mtime_ns: 5, ctime_ns: 5, inode: 7, mode: 0o100_644 };
        let path = Path::new("/w/a");
        memo.confirm(path, &stamp, &oid("a"), UNIX_EPOCH);
        assert!(!memo.is_confirmed(path, &stamp, &oid("a")), "racy");
        memo.confirm(path, &stamp, &oid("a"), UNIX_EPOCH + Duration::from_secs(1));
        assert!(memo.is_confirmed(path, &stamp, &oid("a")));
        assert!(!memo.is_confirmed(path, &stamp, &oid("b")));
        assert!(!memo.is_confirmed(Path::new("/w/b"), &stamp, &oid("a")));
        assert!(!memo.is_confirmed(path, &Stamp { inode: 8, ..stamp }, &oid("a")));
        let kept = memo.take_confirmed().unwrap();
        assert!(memo.take_confirmed().is_none());
        let later = Memo::default().with_confirmed(kept.into_iter().collect());
        assert!(later.is_confirmed(path, &stamp, &oid("a")));
    }
}
