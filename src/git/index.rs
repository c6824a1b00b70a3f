//! The index as it was last written: decoded once for as long as its file does not move.
//!
//! Never written, and never trusted for longer than its file stands still.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use gix::bstr::{BStr, ByteSlice};
use gix::index::entry::Flags;
use gix::index::{Entry, File, State};

use super::attributes::{is_attributes, is_named};
use super::error::GitError;
use super::repo::Repo;
use super::scope::Scope;
use super::trust;
use crate::stamp::{Stamp, stat};

/// One state of a repository's index.
#[derive(Debug)]
pub(super) struct Index {
    file: File,
    /// Of the file that it was decoded from, where that is proof of what is in it.
    pub(super) stamp: Option<Stamp>,
    /// Positions whose files git was told to assume unchanged.
    assumed: Vec<usize>,
    /// Positions of `.gitattributes` files.
    attributes: Vec<usize>,
    /// Positions of `.gitignore` files.
    ignores: Vec<usize>,
}

/// The last state that was decoded.
#[derive(Clone, Debug, Default)]
pub(super) struct Decoded(Arc<Mutex<Option<Arc<Index>>>>);

impl Index {
    /// The index as it is on disk now; a repository without one has an empty index.
    pub(super) fn now(repo: &Repo) -> Result<Arc<Self>, GitError> {
        let path = repo.index_path();
        let looked_at = SystemTime::now();
        let stamp = stat(&path).map_err(|source| GitError::Look { path: path.clone(), source })?;
        let mut last = repo.decoded.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.as_ref().filter(|last| stamp.is_some() && last.stamp == stamp) {
            return Ok(Arc::clone(known));
        }
        // Decoded after the stamp was taken: an index that is replaced meanwhile has another one.
        let stamp = stamp.filter(|stamp| stamp.is_proof(looked_at));
        let index = Arc::new(Self::decode(&path, repo, stamp)?);
        *last = Some(Arc::clone(&index));
        drop(last);
        Ok(index)
    }

    fn decode(path: &Path, repo: &Repo, stamp: Option<Stamp>) -> Result<Self, GitError> {
        let kind = super::oid::kind(repo.object_format());
        // Git does not verify the checksum when it reads its index either.
        let skip_hash = true;
        let options = gix::index::decode::Options::default();
        let mut file = File::at_or_default(path, kind, skip_hash, options)
            .map_err(|error| GitError::index(path, &error))?;
        let (mut assumed, mut attributes, mut ignores) = (Vec::new(), Vec::new(), Vec::new());
        for (at, entry) in file.entries().iter().enumerate() {
            if entry.flags.contains(Flags::ASSUME_VALID) {
                assumed.push(at);
            }
            let path = entry.path(&file);
            if is_attributes(path) {
                attributes.push(at);
            } else if is_named(path, b".gitignore") {
                ignores.push(at);
            }
        }
        // The flag makes a walk believe the index about a file's kind instead of looking.
        for at in &assumed {
            file.entries_mut()[*at].flags.remove(Flags::ASSUME_VALID);
        }
        Ok(Self { file, stamp, assumed, attributes, ignores })
    }

    /// The part of it that decides how a walk of `scope` goes, so that the walk costs what is in the scope: what lies
    /// there, one entry of each directory on the way, as what holds tracked files is entered although it is ignored, and
    /// the rules of exclusion.
    pub(super) fn part(&self, scope: &Scope) -> State {
        let entries = self.file.entries();
        let mut positions: BTreeSet<usize> = self.ignores.iter().copied().collect();
        for dir in scope.on_the_way() {
            let below = self.below(dir);
            positions.extend(self.equal_to(dir).chain(below.start..below.end.min(below.start + 1)));
        }
        for root in scope.roots() {
            positions.extend(self.equal_to(root).chain(self.below(root)));
        }
        let mut part = State::new(self.file.object_hash());
        for at in positions {
            let entry = &entries[at];
            let path = entry.path(&self.file);
            part.dangerously_push_entry(entry.stat, entry.id, entry.flags, entry.mode, path);
        }
        part
    }

    /// The positions of a path, one for each stage.
    pub(super) fn equal_to(&self, path: &[u8]) -> Range<usize> {
        let entries = self.file.entries();
        let from = entries.partition_point(|entry| entry.path(&self.file).as_bytes() < path);
        let len = entries[from..].iter().take_while(|entry| entry.path(&self.file) == path).count();
        from..from + len
    }

    /// The positions of what lies below a directory.
    pub(super) fn below(&self, dir: &[u8]) -> Range<usize> {
        let entries = self.file.entries();
        let (first, after) = ([dir, b"/"].concat(), [dir, b"0"].concat());
        let start = |bound: &[u8]| {
            entries.partition_point(|entry| entry.path(&self.file).as_bytes() < bound)
        };
        start(&first)..start(&after)
    }

    /// All rules of trust hold that the entry at a position alone decides.
    pub(super) fn may_be_trusted(&self, at: usize) -> bool {
        self.assumed.binary_search(&at).is_err()
            && trust::entry_may_be_trusted(&self.file.entries()[at])
    }

    /// The `.gitignore` files that it names.
    pub(super) fn ignores(&self) -> impl Iterator<Item = &BStr> {
        self.ignores.iter().map(|at| self.file.entries()[*at].path(&self.file))
    }

    /// The `.gitattributes` files that it names.
    pub(super) fn attributes(&self) -> impl Iterator<Item = &Entry> {
        self.attributes.iter().map(|at| &self.file.entries()[*at])
    }
}

impl std::ops::Deref for Index {
    type Target = State;

    fn deref(&self) -> &State {
        &self.file
    }
}
